// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "core/numbers.hpp"
#include "records/time_axes.hpp"
#include "stats/quantile.hpp"
#include "stats/report_data.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

using nlohmann::json;

/// Median and quartiles, ready for JSON (NaN becomes null).
struct Quartiles {
    json low = json::array(), median = json::array(), high = json::array();

    void add(std::vector<double> values) {
        const std::vector<double> ascending = finite_sorted(std::move(values));
        low.push_back(rounded(sorted_quantile(ascending, 0.25)));
        median.push_back(rounded(sorted_quantile(ascending, 0.5)));
        high.push_back(rounded(sorted_quantile(ascending, 0.75)));
    }
    json to_json() const { return {{"low", low}, {"median", median}, {"high", high}}; }
};

/// Outputs that share a curve, as the task's row says. Gradient training has one curve, of losses.
struct CurveKind {
    const char* name;
    std::size_t begin, end;
    bool loss = false;
};

std::vector<CurveKind> curve_kinds(const NetworkSpec& spec, std::size_t outputs) {
    if (spec.training.method == TrainingMethod::bptt) {
        return {{"loss", 0, 1, true}};
    }
    std::vector<CurveKind> kinds;
    std::size_t begin = 0;
    for (const OutputCurve& curve : row_of(spec.task.kind).curves) {
        if (curve.outputs > 0) {
            const std::size_t end = begin + to_size(curve.outputs);
            kinds.push_back({curve.name, begin, end});
            begin = end;
        }
    }
    // A damaged file may have another number of outputs.
    return begin == outputs ? kinds : std::vector<CurveKind>{{"outputs", 0, outputs}};
}

/// RMS error, or mean loss, over the bin's trials or iterations and the kind's outputs; those
/// without an error count nowhere.
std::vector<double> binned_curve(const TrainedNetwork& network, std::size_t outputs,
                                 const CurveKind& kind, std::size_t rounds_per_bin,
                                 std::size_t bins) {
    const std::vector<float>& values = kind.loss ? network.loss_curve : network.error_curve;
    const std::size_t rounds = values.size() / outputs;
    std::vector<double> curve(bins, nan);
    for (std::size_t bin = 0; bin < bins; ++bin) {
        double sum = 0.0;
        std::size_t count = 0;
        const std::size_t last = std::min(rounds, (bin + 1) * rounds_per_bin);
        for (std::size_t round = bin * rounds_per_bin; round < last; ++round) {
            for (std::size_t output = kind.begin; output < kind.end; ++output) {
                const double value = values[round * outputs + output];
                if (std::isfinite(value)) {
                    sum += kind.loss ? value : value * value;
                    ++count;
                }
            }
        }
        if (count > 0) {
            const double mean = sum / static_cast<double>(count);
            curve[bin] = kind.loss ? mean : std::sqrt(mean);
        }
    }
    return curve;
}

const char* curve_group(const TrainedNetwork& network) {
    if (network.status == Status::diverged) {
        return "diverged";
    }
    return network.acceptance.accepted ? "accepted" : "not accepted";
}

std::size_t trials_of(const TrainedNetwork& network) {
    return static_cast<std::size_t>(std::max(network.trials_done, 0));
}

/// Outputs of an error curve of [trial, output], 1 for losses; 0 if the network has no curve.
std::size_t outputs_of(const TrainedNetwork& network) {
    if (!network.loss_curve.empty()) {
        return 1;
    }
    const std::size_t trials = trials_of(network);
    return trials == 0 ? 0 : network.error_curve.size() / trials;
}

json trajectories(const ExampleTrajectories& example, std::size_t stride) {
    const auto samples = static_cast<std::size_t>(example.samples);
    const auto components = static_cast<std::size_t>(example.components);
    json outputs = json::array();
    json paths = json::array();
    for (std::size_t c = 0; c < static_cast<std::size_t>(example.conclusions); ++c) {
        json output = json::array();
        json path = json::array();
        for (std::size_t k = 0; k < std::min<std::size_t>(components, 3); ++k) {
            path.push_back(json::array());
        }
        for (std::size_t s = 0; s < samples; s += stride) {
            output.push_back(rounded(example.outputs[c * samples + s]));
            for (std::size_t k = 0; k < path.size(); ++k) {
                path[k].push_back(
                    rounded(example.components_of_r[(c * samples + s) * components + k], 3));
            }
        }
        outputs.push_back(std::move(output));
        paths.push_back(std::move(path));
    }
    return {{"outputs", outputs}, {"components", paths}};
}

bool is_complete(const ExampleTrajectories& example) {
    const auto size = [](int a, int b, int c) {
        return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) *
               static_cast<std::size_t>(c);
    };
    return example.samples > 0 && example.conclusions > 0 && example.components >= 0 &&
           example.outputs.size() == size(example.conclusions, example.samples, 1) &&
           example.components_of_r.size() ==
               size(example.conclusions, example.samples, example.components);
}

}  // namespace

double rounded(double value, int digits) {
    if (!std::isfinite(value)) {
        return nan;
    }
    return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

json point_data(const FixedPoint& point) {
    json re = json::array();
    json im = json::array();
    for (std::size_t i = 0; i + 1 < point.eigenvalues.size(); i += 2) {
        re.push_back(rounded(point.eigenvalues[i]));
        im.push_back(rounded(point.eigenvalues[i + 1]));
    }
    return {{"re", re},
            {"im", im},
            {"label", name_of(point.label)},
            {"speed", rounded(point.speed)},
            {"unstable", point.unstable},
            {"reached_from", point.reached_from}};
}

json training_curves(const std::vector<RunContent>& runs, const std::vector<PopulationRow>& rows,
                     const ReportLimits& limits, std::vector<std::string>& notes) {
    std::vector<std::pair<const NetworkSpec*, const TrainedNetwork*>> drawn;
    std::size_t trials = 0;
    std::size_t finished = 0;
    const auto curve_of = [&](const std::string& uid) -> const TrainedNetwork* {
        for (const RunContent& run : runs) {
            if (const auto found = run.trained.find(uid); found != run.trained.end()) {
                return &found->second;
            }
        }
        return nullptr;
    };
    for (const PopulationRow& row : rows) {
        finished += row.status == Status::pending || trials_of(*row.trained) == 0 ? 0 : 1;
        const TrainedNetwork* network = curve_of(row.spec.uid);
        if (network != nullptr && outputs_of(*network) > 0) {
            drawn.emplace_back(&row.spec, network);
            trials = std::max(trials, trials_of(*network));
        }
    }
    if (trials == 0) {
        return nullptr;
    }
    if (drawn.size() < finished) {
        notes.push_back(fmt::format(
            "Training curves are drawn over {} of {} networks, those with the smallest uids.",
            drawn.size(), finished));
    }
    const std::size_t per_bin = (trials + limits.curve_bins - 1) / limits.curve_bins;
    const std::size_t bins = (trials + per_bin - 1) / per_bin;
    std::map<std::string, std::map<std::string, std::vector<std::vector<double>>>> curves;
    for (const auto& [spec, network] : drawn) {
        const std::size_t outputs = outputs_of(*network);
        for (const CurveKind& kind : curve_kinds(*spec, outputs)) {
            curves[kind.name][curve_group(*network)].push_back(
                binned_curve(*network, outputs, kind, per_bin, bins));
        }
    }
    json kinds = json::object();
    for (const auto& [kind, groups] : curves) {
        for (const auto& [group, networks] : groups) {
            Quartiles quartiles;
            for (std::size_t bin = 0; bin < bins; ++bin) {
                std::vector<double> values;
                for (const std::vector<double>& curve : networks) {
                    values.push_back(curve[bin]);
                }
                quartiles.add(std::move(values));
            }
            kinds[kind][group] = quartiles.to_json();
            kinds[kind][group]["networks"] = networks.size();
        }
    }
    json centres = json::array();
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const std::size_t last = std::min(trials, (bin + 1) * per_bin);
        centres.push_back(0.5 * static_cast<double>(bin * per_bin + 1 + last));
    }
    return {{"trial", centres}, {"trials_per_bin", per_bin}, {"kinds", kinds}};
}

json slowness_curves(const std::vector<PopulationRow>& rows) {
    std::map<Mechanism, std::vector<const NetworkAnalysis*>> groups;
    for (const PopulationRow& row : rows) {
        if (mechanism_of(row) != Mechanism::none) {
            groups[mechanism_of(row)].push_back(&*row.analysis);
        }
    }
    json mechanisms = json::object();
    for (const auto& [mechanism, networks] : groups) {
        Quartiles quartiles;
        for (std::size_t delay = 0; delay < speed_delays.size(); ++delay) {
            std::vector<double> values;
            for (const NetworkAnalysis* network : networks) {
                values.push_back(median_speed(*network, delay));
            }
            quartiles.add(std::move(values));
        }
        mechanisms[name_of(mechanism)] = quartiles.to_json();
        mechanisms[name_of(mechanism)]["networks"] = networks.size();
    }
    return {{"delay", speed_delays}, {"mechanisms", mechanisms}};
}

json signal_curves(const std::vector<PopulationRow>& rows) {
    std::map<Mechanism, std::vector<const NetworkAnalysis*>> groups;
    std::vector<double> lags;  // of the first network; others must have as many
    for (const PopulationRow& row : rows) {
        if (mechanism_of(row) == Mechanism::none || row.analysis->adjoint_norms.empty() ||
            row.spec.task.kind != TaskKind::sequential_sum) {
            continue;
        }
        if (lags.empty()) {
            const SequentialSumDurations& d = row.spec.task.durations;
            const double dt = row.spec.network.dt;
            long steps = 0;
            for (const double epoch : {d.stimulus1, d.delay1, d.stimulus2, d.delay2, d.response}) {
                steps += std::lround(epoch / dt);
            }
            for (const int lag : logarithmic_lags(adjoint_lengths * static_cast<int>(steps))) {
                lags.push_back(lag * dt);
            }
        }
        if (row.analysis->adjoint_norms.size() == lags.size()) {
            groups[mechanism_of(row)].push_back(&*row.analysis);
        }
    }
    if (groups.empty()) {
        return nullptr;
    }
    json mechanisms = json::object();
    for (const auto& [mechanism, networks] : groups) {
        Quartiles quartiles;
        for (std::size_t lag = 0; lag < lags.size(); ++lag) {
            std::vector<double> values;
            for (const NetworkAnalysis* network : networks) {
                values.push_back(network->adjoint_norms[lag]);
            }
            quartiles.add(std::move(values));
        }
        mechanisms[name_of(mechanism)] = quartiles.to_json();
        mechanisms[name_of(mechanism)]["networks"] = networks.size();
    }
    return {{"lag", lags}, {"mechanisms", mechanisms}};
}

json example_networks(const std::vector<RunContent>& runs, const std::vector<PopulationRow>& rows,
                      const DrawnAnalyses& drawn, const ReportLimits& limits,
                      std::vector<std::string>& notes) {
    const auto row_of = rows_by_uid(rows);
    json examples = json::array();
    std::set<Mechanism> shown;
    for (const RunContent& run : runs) {
        for (const ExampleTrajectories& example : run.examples) {
            if (!is_complete(example) || !shown.insert(example.mechanism).second) {
                continue;
            }
            const auto samples = static_cast<std::size_t>(example.samples);
            const std::size_t stride =
                (samples + limits.example_samples - 1) / limits.example_samples;
            if (stride > 1) {
                notes.push_back(
                    fmt::format("Of the example trajectories of network {} every {}th "
                                "sample is drawn.",
                                example.uid, stride));
            }
            json entry = trajectories(example, stride);
            entry["uid"] = example.uid;
            entry["mechanism"] = name_of(example.mechanism);
            entry["interval"] = example.sample_interval * static_cast<double>(stride);
            entry["variance"] = json::array();
            for (const double share : example.variance_explained) {
                entry["variance"].push_back(rounded(share));
            }
            entry["points"] = json::array();
            if (const auto found = drawn.find(example.uid); found != drawn.end()) {
                for (const FixedPoint& point : found->second.points) {
                    entry["points"].push_back(point_data(point));
                }
                entry["evidence"] = found->second.evidence;
            }
            if (const auto found = row_of.find(example.uid); found != row_of.end()) {
                const NetworkSpec& spec = found->second->spec;
                entry["map"] = is_map(spec);
                entry["swept"] = json::array();
                for (const auto& [key, value] : spec.swept) {
                    entry["swept"].push_back({key, to_string(value)});
                }
            }
            examples.push_back(std::move(entry));
        }
    }
    std::sort(examples.begin(), examples.end(), [](const json& a, const json& b) {
        const auto place = [](const json& entry) {
            return std::find_if(all_mechanisms.begin(), all_mechanisms.end(),
                                [&](Mechanism m) { return entry["mechanism"] == name_of(m); });
        };
        return place(a) < place(b);
    });
    return examples;
}

}  // namespace shoal
