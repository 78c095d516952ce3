// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/error.hpp"
#include "store/analysis_file.hpp"
#include "store/analysis_schema.hpp"
#include "store/described_tables.hpp"
#include "store/full_records.hpp"
#include "store/hdf5.hpp"
#include "store/read_checks.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using hdf5::Extents;
using hdf5::ReadGroup;

constexpr Mechanism mechanisms[] = {
    Mechanism::none,  Mechanism::direct, Mechanism::slow_manifold, Mechanism::limit_cycle,
    Mechanism::torus, Mechanism::mixed,  Mechanism::chaotic,       Mechanism::far};
constexpr RuleLabel rule_labels[] = {RuleLabel::not_run,     RuleLabel::direct, RuleLabel::manifold,
                                     RuleLabel::limit_cycle, RuleLabel::mixed,  RuleLabel::far};
constexpr PointLabel point_labels[] = {PointLabel::proved, PointLabel::converged, PointLabel::slow};

/// The enumerator of this name; a file error if there is none.
template <class Enum>
Enum named(const ReadGroup& file, const std::string& dataset, const std::string& name,
           std::span<const Enum> all) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](Enum value) { return name == name_of(value); });
    if (found == all.end()) {
        throw file_error(fmt::format("{}: unknown value \"{}\"", file.where(dataset), name));
    }
    return *found;
}

int bounded(const ReadGroup& file, const std::string& dataset, std::int64_t value,
            std::int64_t lowest, std::int64_t highest) {
    if (value < lowest || value > highest) {
        throw file_error(fmt::format("{}: {} is outside {} ... {}", file.where(dataset), value,
                                     lowest, highest));
    }
    return static_cast<int>(value);
}

/// Row `i` of a matrix with `width` columns, without the NaN at its end.
std::vector<double> row_without_padding(const std::vector<double>& values, std::size_t i,
                                        std::size_t width) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * width);
    std::vector<double> row(begin, begin + static_cast<std::ptrdiff_t>(width));
    while (!row.empty() && std::isnan(row.back())) {
        row.pop_back();
    }
    return row;
}

class GroupReader {
  public:
    explicit GroupReader(ReadGroup group)
        : file_(std::move(group)),
          networks_(file_.extents("uid", {"network"})[0]),
          conclusions_(file_.extents("end_output", {"network", "conclusion"})[1]) {
        file_.require_schema(analysis_schema);
    }

    void append_to(std::vector<NetworkAnalysis>& all) {
        std::vector<NetworkAnalysis> rows(networks_);
        read_verdicts(rows);
        read_exponents(rows);
        read_learning_signals(rows);
        read_runs(rows);
        read_points(rows);
        if (file_.has("search")) {
            read_full(rows);
        }
        const auto analysed = file_.integers("analysed", {networks_});
        for (std::size_t i = 0; i < networks_; ++i) {
            if (analysed[i] != 0) {
                all.push_back(std::move(rows[i]));
            }
        }
    }

  private:
    void read_verdicts(std::vector<NetworkAnalysis>& rows) {
        const auto uid = file_.strings("uid", {networks_});
        const auto mechanism = file_.strings("mechanism", {networks_});
        const auto rule_a = file_.strings("rule_a", {networks_});
        const auto rule_b = file_.strings("rule_b", {networks_});
        const auto evidence = file_.strings("evidence", {networks_});
        const auto limits = file_.strings("limits", {networks_});
        const auto distinct_a = file_.integers("distinct_outputs_a", {networks_});
        const auto distinct_b = file_.integers("distinct_outputs_b", {networks_});
        const auto attractors = file_.integers("attractors", {networks_});
        const auto delay = file_.numbers("saturated_delay", {networks_});
        const auto response = file_.numbers("saturated_response", {networks_});
        const auto period = file_.numbers("period", {networks_});
        for (std::size_t i = 0; i < networks_; ++i) {
            NetworkAnalysis& row = rows[i];
            row.uid = uid[i];
            row.mechanism = named<Mechanism>(file_, "mechanism", mechanism[i], mechanisms);
            row.rule_a = named<RuleLabel>(file_, "rule_a", rule_a[i], rule_labels);
            row.rule_b = named<RuleLabel>(file_, "rule_b", rule_b[i], rule_labels);
            row.evidence = evidence[i];
            row.limits = limits[i];
            row.distinct_outputs_a = count(distinct_a[i], "distinct_outputs_a");
            row.distinct_outputs_b = count(distinct_b[i], "distinct_outputs_b");
            row.attractors = count(attractors[i], "attractors");
            row.saturated_delay = delay[i];
            row.saturated_response = response[i];
            row.period = period[i];
        }
    }

    int count(std::int64_t value, const std::string& dataset) const {
        return bounded(file_, dataset, value, -1, std::numeric_limits<int>::max());
    }

    void read_exponents(std::vector<NetworkAnalysis>& rows) {
        const std::uint64_t width = file_.extents("exponents", {"network", "exponent"})[1];
        const auto values = file_.numbers("exponents", {networks_, width});
        const auto errors = file_.numbers("exponent_errors", {networks_, width});
        for (std::size_t i = 0; i < networks_; ++i) {
            rows[i].exponents = row_without_padding(values, i, width);
            rows[i].exponent_errors = row_without_padding(errors, i, width);
        }
    }

    void read_learning_signals(std::vector<NetworkAnalysis>& rows) {
        const std::uint64_t width = file_.extents("adjoint_norm", {"network", "lag"})[1];
        const auto values = file_.numbers("adjoint_norm", {networks_, width});
        for (std::size_t i = 0; i < networks_; ++i) {
            rows[i].adjoint_norms = row_without_padding(values, i, width);
        }
    }

    void read_runs(std::vector<NetworkAnalysis>& rows) {
        const Extents shape = {networks_, conclusions_};
        const std::size_t times = speed_times.size();
        const auto counts = file_.integers("runs", {networks_});
        const auto speeds = file_.numbers("speeds", {networks_, conclusions_, times});
        const auto end_output = file_.numbers("end_output", shape);
        const auto output_variance = file_.numbers("output_variance", shape);
        const auto settled = file_.integers("settled", shape);
        const auto attractor = file_.integers("attractor", shape);
        const auto settling_time = file_.numbers("settling_time", shape);
        for (std::size_t i = 0; i < networks_; ++i) {
            const int runs =
                bounded(file_, "runs", counts[i], 0, static_cast<std::int64_t>(conclusions_));
            for (std::size_t k = i * conclusions_; k < i * conclusions_ + std::size_t(runs); ++k) {
                const auto begin = speeds.begin() + static_cast<std::ptrdiff_t>(k * times);
                DelayRun run;
                run.speeds.assign(begin, begin + static_cast<std::ptrdiff_t>(times));
                run.end_output = end_output[k];
                run.output_variance = output_variance[k];
                run.settled = settled[k] != 0;
                run.attractor = count(attractor[k], "attractor");
                run.settling_time = settling_time[k];
                rows[i].runs.push_back(std::move(run));
            }
        }
    }

    void read_points(std::vector<NetworkAnalysis>& rows) {
        const ReadGroup points = file_.group("fixed_points");
        const Extents shape = points.extents("state", {"point", "unit"});
        const std::uint64_t count_of_points = shape[0];
        const std::uint64_t units = shape[1];
        const auto state = points.numbers("state", shape);
        const auto network = points.integers("network", {count_of_points});
        const auto speed = points.numbers("speed", {count_of_points});
        const auto label = points.strings("label", {count_of_points});
        const auto unstable = points.integers("unstable", {count_of_points});
        const auto reached = points.integers("reached_from", {count_of_points, conclusions_});
        std::vector<std::vector<double>> spectra;
        for (const char* name : {"eigenvalues_flow", "eigenvalues_map"}) {
            if (points.has(name)) {
                spectra.push_back(points.numbers(name, {count_of_points, units, 2}));
            }
        }
        for (std::size_t k = 0; k < count_of_points; ++k) {
            const int owner =
                bounded(points, "network", network[k], 0, static_cast<std::int64_t>(networks_) - 1);
            FixedPoint point;
            point.state = row_without_padding(state, k, units);
            point.speed = speed[k];
            point.label = named<PointLabel>(points, "label", label[k], point_labels);
            point.unstable = count(unstable[k], "fixed_points/unstable");
            for (const auto& spectrum : spectra) {
                if (point.eigenvalues.empty()) {
                    point.eigenvalues = row_without_padding(spectrum, k, 2 * units);
                }
            }
            for (std::size_t from = 0; from < conclusions_; ++from) {
                if (reached[k * conclusions_ + from] != 0) {
                    point.reached_from.push_back(static_cast<int>(from));
                }
            }
            rows[static_cast<std::size_t>(owner)].points.push_back(std::move(point));
        }
    }

    /// Rows of a table by network.
    template <class Record>
    std::vector<std::vector<Record>> read_rows(const ReadGroup& table) {
        const std::uint64_t count_of_rows = table.extents("network", {"row"})[0];
        const auto network = table.integers("network", {count_of_rows});
        auto records = TableReader(table, count_of_rows).read<Record>();
        std::vector<std::vector<Record>> by_network(networks_);
        for (std::size_t row = 0; row < count_of_rows; ++row) {
            const int owner = bounded(table, "network", network[row], 0,
                                      static_cast<std::int64_t>(networks_) - 1);
            by_network[static_cast<std::size_t>(owner)].push_back(std::move(records[row]));
        }
        return by_network;
    }

    void read_full(std::vector<NetworkAnalysis>& rows) {
        std::vector<std::shared_ptr<FullAnalysis>> all(networks_);
        for (auto& full : all) {
            full = std::make_shared<FullAnalysis>();
        }
        const auto give = [&](auto&& values, const auto& part) {
            for (std::size_t i = 0; i < networks_; ++i) {
                part(*all[i]) = std::move(values[i]);
            }
        };
        give(
            read_rows<PointProof>(file_.group("fixed_points")),
            [](FullAnalysis & full) -> auto& { return full.proofs; });
        visit_parts(
            [&](const char* name, const auto& part) {
                give(TableReader(file_.group(name), networks_).read<PartOf<decltype(part)>>(),
                     part);
            },
            [&](const char* name, const char*, const auto& part) {
                give(read_rows<typename PartOf<decltype(part)>::value_type>(file_.group(name)),
                     part);
            });
        for (std::size_t i = 0; i < networks_; ++i) {
            rows[i].full = all[i];
        }
    }

    ReadGroup file_;
    std::uint64_t networks_;
    std::uint64_t conclusions_;
};

std::vector<float> to_floats(const std::vector<double>& values) {
    std::vector<float> result;
    result.reserve(values.size());
    for (const double value : values) {
        result.push_back(static_cast<float>(value));
    }
    return result;
}

ExampleTrajectories read_example(const ReadGroup& file) {
    const Extents shape = file.extents("components_of_r", {"conclusion", "sample", "component"});
    ExampleTrajectories example;
    example.uid = file.string_attribute("uid");
    example.mechanism =
        named<Mechanism>(file, "mechanism", file.string_attribute("mechanism"), mechanisms);
    example.sample_interval = file.number_attribute("sample_interval");
    example.conclusions = to_int(file, "components_of_r", shape[0]);
    example.samples = to_int(file, "components_of_r", shape[1]);
    example.components = to_int(file, "components_of_r", shape[2]);
    example.outputs = to_floats(file.numbers("outputs", {shape[0], shape[1]}));
    example.components_of_r = to_floats(file.numbers("components_of_r", shape));
    example.variance_explained = file.numbers("variance_explained", {shape[2]});
    return example;
}

AnalysisContent read_unguarded(const std::filesystem::path& path) {
    const ReadGroup root(path);
    root.require_schema(analysis_schema);
    AnalysisContent content;
    for (const std::string& name : root.groups()) {
        if (name == "examples") {
            const ReadGroup examples = root.group(name);
            for (const std::string& example : examples.groups()) {
                content.examples.push_back(read_example(examples.group(example)));
            }
        } else {
            GroupReader(root.group(name)).append_to(content.networks);
        }
    }
    return content;
}

}  // namespace

AnalysisContent read_analysis(const std::filesystem::path& path) {
    return read_guarded(path, [&] { return read_unguarded(path); });
}

}  // namespace shoal
