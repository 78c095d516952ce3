// SPDX-License-Identifier: MIT
// What the report shows of networks analysed at level full: how long and against what they hold
// out, and single networks in detail.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "records/full_records.hpp"
#include "stats/full_table.hpp"
#include "stats/report_data.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

using nlohmann::json;

/// Estimates and bounds, each as a list.
json curve_of(const std::vector<Interval>& intervals, json low = json::array(),
              json median = json::array(), json high = json::array()) {
    for (const Interval& interval : intervals) {
        low.push_back(rounded(interval.low));
        median.push_back(rounded(interval.estimate));
        high.push_back(rounded(interval.high));
    }
    return {{"low", low}, {"median", median}, {"high", high}};
}

/// A curve with at most `most` steps, each some steps of the whole one apart, the last one kept.
SurvivalCurve thinned(const SurvivalCurve& curve, std::size_t most) {
    const std::size_t steps = curve.times.size();
    const std::size_t stride = (steps + most - 1) / most;
    SurvivalCurve kept;
    kept.subjects = curve.subjects;
    for (std::size_t i = 0; i < steps; ++i) {
        if ((steps - 1 - i) % stride == 0) {
            kept.times.push_back(curve.times[i]);
            kept.surviving.push_back(curve.surviving[i]);
        }
    }
    return kept;
}

json robustness(const std::vector<MechanismRobustness>& curves) {
    json all = json::object();
    for (const MechanismRobustness& curve : curves) {
        json& entry = all[name_of(curve.mechanism)];
        entry = curve_of(curve.surviving);
        entry["networks"] = curve.networks;
    }
    return all;
}

/// [item, sample, component] as, per item, its first two components over the samples; whole items
/// only, whatever a file says of their number.
json planar(const std::vector<double>& values, std::size_t samples, std::size_t components) {
    json all = json::array();
    const std::size_t size = samples * components;
    const std::size_t items = size == 0 ? 0 : values.size() / size;
    for (std::size_t item = 0; item < items; ++item) {
        json x = json::array();
        json y = json::array();
        for (std::size_t s = 0; s < samples; ++s) {
            const std::size_t at = (item * samples + s) * components;
            x.push_back(rounded(values[at], 3));
            y.push_back(components > 1 ? rounded(values[at + 1], 3) : 0.0);
        }
        all.push_back({{"x", x}, {"y", y}});
    }
    return all;
}

/// Fixed and slow points in the portrait: stable ones, then those that most runs reach.
json marks_of(const NetworkAnalysis& analysis, const ReportLimits& limits) {
    const Portrait& portrait = analysis.full->portrait;
    const auto components = static_cast<std::size_t>(std::clamp(portrait.components, 0, 3));
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < analysis.points.size(); ++i) {
        order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return analysis.points[a].unstable < analysis.points[b].unstable;
    });
    json marks = json::array();
    for (const std::size_t i : order) {
        if (marks.size() == limits.detail_marks || (i + 1) * components > portrait.points.size()) {
            break;
        }
        const FixedPoint& point = analysis.points[i];
        marks.push_back(
            {{"x", rounded(portrait.points[i * components], 3)},
             {"y", components > 1 ? rounded(portrait.points[i * components + 1], 3) : 0.0},
             {"label", name_of(point.label)},
             {"unstable", point.unstable},
             {"speed", rounded(point.speed, 2)}});
    }
    return marks;
}

/// Points whose spectra are shown: those that runs end on, then by what the search found first.
json spectra_of(const NetworkAnalysis& analysis, const ReportLimits& limits) {
    std::vector<std::size_t> order;
    const auto add = [&](std::size_t point) {
        if (point < analysis.points.size() && !analysis.points[point].eigenvalues.empty() &&
            std::find(order.begin(), order.end(), point) == order.end()) {
            order.push_back(point);
        }
    };
    for (const AttractorRecord& attractor : analysis.full->attractors) {
        if (attractor.point >= 0) {
            add(static_cast<std::size_t>(attractor.point));
        }
    }
    for (std::size_t point = 0; point < analysis.points.size(); ++point) {
        add(point);
    }
    json spectra = json::array();
    for (std::size_t i = 0; i < std::min(order.size(), limits.detail_points); ++i) {
        spectra.push_back(point_data(analysis.points[order[i]]));
    }
    return spectra;
}

/// Speeds of the memories' paths, at every k-th time.
json speeds_of(const SlowManifold& manifold, const ReportLimits& limits) {
    const std::size_t samples = manifold.times.size();
    const std::size_t stride =
        std::max<std::size_t>(1, (samples + limits.detail_samples - 1) / limits.detail_samples);
    json times = json::array();
    for (std::size_t s = 0; s < samples; s += stride) {
        times.push_back(rounded(manifold.times[s]));
    }
    json speeds = json::array();
    json memories = json::array();
    for (const ManifoldPath& path : manifold.paths) {
        json values = json::array();
        for (std::size_t s = 0; s < std::min(samples, path.speeds.size()); s += stride) {
            values.push_back(rounded(path.speeds[s], 3));
        }
        speeds.push_back(std::move(values));
        memories.push_back(path.memory);
    }
    return {{"times", times}, {"speeds", speeds}, {"memories", memories}};
}

json attractors_of(const std::vector<AttractorRecord>& attractors) {
    json all = json::array();
    for (const AttractorRecord& attractor : attractors) {
        all.push_back(
            {{"kind", name_of(attractor.kind)},
             {"period", attractor.period > 0.0 ? json(rounded(attractor.period)) : json()},
             {"flow_period",
              attractor.flow_period > 0.0 ? json(rounded(attractor.flow_period)) : json()},
             {"runs",
              attractor.memory_starts + attractor.conclusion_starts + attractor.random_starts},
             {"memories", attractor.memory_starts}});
    }
    return all;
}

/// Units by phasic index in bins from 0 to 1; those whose rate does not vary are in none. No bins
/// if none was measured.
json phasic_bins(const std::vector<double>& unit_phasic) {
    constexpr std::size_t bins = 20;
    std::vector<int> counts(bins, 0);
    bool any = false;
    for (const double index : unit_phasic) {
        if (index >= 0.0 && index <= 1.0) {
            ++counts[std::min(bins - 1, static_cast<std::size_t>(index * bins))];
            any = true;
        }
    }
    return any ? json(counts) : json::array();
}

json detail_of(const NetworkSpec& spec, const NetworkAnalysis& analysis,
               const ReportLimits& limits) {
    const FullAnalysis& full = *analysis.full;
    const Portrait& portrait = full.portrait;
    const auto components = static_cast<std::size_t>(std::clamp(portrait.components, 0, 3));
    json detail = {{"uid", analysis.uid},
                   {"mechanism", name_of(analysis.mechanism)},
                   {"evidence", analysis.evidence},
                   {"limits", analysis.limits},
                   {"completeness", full.search.completeness},
                   {"roots", full.search.roots},
                   {"proved", full.search.proved},
                   {"slow_points", full.search.slow_points},
                   {"robust", rounded(full.sensitivity.robust)},
                   {"map", is_map(spec)},
                   {"attractors", attractors_of(full.attractors)},
                   {"spectra", spectra_of(analysis, limits)},
                   {"delay", speeds_of(full.manifold, limits)},
                   {"phasic", phasic_bins(full.activity.unit_phasic)},
                   {"phasic_index", rounded(full.activity.phasic_index)},
                   {"points", analysis.points.size()}};
    detail["swept"] = json::array();
    for (const auto& [key, value] : spec.swept) {
        detail["swept"].push_back({key, to_string(value)});
    }
    detail["variance"] = json::array();
    for (const double share : portrait.variance_explained) {
        detail["variance"].push_back(rounded(share));
    }
    if (components > 0) {
        detail["paths"] = planar(portrait.paths, portrait.times.size(), components);
        detail["orbits"] =
            planar(portrait.orbits, static_cast<std::size_t>(std::max(portrait.orbit_samples, 0)),
                   components);
        detail["marks"] = marks_of(analysis, limits);
    }
    return detail;
}

using ByMechanism = std::map<Mechanism, std::vector<const PopulationRow*>>;

/// Those with a full analysis, by mechanism, in the order of the rows.
ByMechanism fully_analysed(const std::vector<PopulationRow>& rows) {
    ByMechanism networks;
    for (const PopulationRow& row : rows) {
        if (row.analysis && row.analysis->full) {
            networks[row.analysis->mechanism].push_back(&row);
        }
    }
    return networks;
}

std::vector<const PopulationRow*> named(const std::vector<PopulationRow>& rows,
                                        const std::vector<std::string>& wanted) {
    const auto row_of = rows_by_uid(rows);
    std::vector<const PopulationRow*> chosen;
    for (const std::string& uid : wanted) {
        const auto found = row_of.find(uid);
        if (found == row_of.end() || !found->second->analysis || !found->second->analysis->full) {
            throw usage_error(fmt::format(
                "network {}: there is no such network, or it has not been analysed at level full",
                uid));
        }
        chosen.push_back(found->second);
    }
    return chosen;
}

std::vector<const PopulationRow*> some_of_each(const ByMechanism& all, std::size_t most) {
    std::vector<const PopulationRow*> chosen;
    bool more = true;
    for (std::size_t round = 0; more; ++round) {
        more = false;
        for (const auto& [mechanism, networks] : all) {
            if (round < networks.size() && chosen.size() < most) {
                chosen.push_back(networks[round]);
                more = true;
            }
        }
    }
    return chosen;
}

}  // namespace

json behaviour_data(const std::vector<PopulationRow>& rows, const ReportLimits& limits,
                    std::vector<std::string>& notes) {
    const BehaviourCurves curves = behaviour_curves(rows);
    if (curves.survival.empty() && curves.biased_noise.empty()) {
        return nullptr;
    }
    json survival = json::object();
    for (const MechanismSurvival& group : curves.survival) {
        const SurvivalCurve curve = thinned(group.curve, limits.survival_steps);
        if (curve.times.size() < group.curve.times.size()) {
            notes.push_back(fmt::format(
                "The survival curve of {} is drawn with {} of its {} steps.",
                name_of(group.mechanism), curve.times.size(), group.curve.times.size()));
        }
        json times = {0.0};
        for (const double time : curve.times) {
            times.push_back(rounded(time));
        }
        json& entry = survival[name_of(group.mechanism)];
        entry = curve_of(curve.surviving, {1.0}, {1.0}, {1.0});
        // The last step holds until the longest delay that was tried.
        times.push_back(rounded(curves.longest));
        for (const char* bound : {"low", "median", "high"}) {
            const json last = entry[bound].back();
            entry[bound].push_back(last);
        }
        entry["times"] = times;
        entry["networks"] = curve.subjects;
    }
    return {{"survival", survival},
            {"sigmas", curves.sigmas},
            {"biased", robustness(curves.biased_noise)},
            {"centred", robustness(curves.centred_noise)}};
}

std::vector<const PopulationRow*> detailed_networks(const std::vector<PopulationRow>& rows,
                                                    const ReportLimits& limits,
                                                    const std::vector<std::string>& wanted,
                                                    std::vector<std::string>& notes) {
    const ByMechanism all = fully_analysed(rows);
    std::vector<const PopulationRow*> chosen =
        wanted.empty() ? some_of_each(all, limits.detailed) : named(rows, wanted);
    std::size_t count = 0;
    for (const auto& [mechanism, networks] : all) {
        count += networks.size();
    }
    if (chosen.size() < count) {
        notes.push_back(
            fmt::format("{} of {} networks analysed in full are shown in detail; "
                        "shoal report --network UID shows others.",
                        chosen.size(), count));
    }
    return chosen;
}

json network_details(const std::vector<const PopulationRow*>& chosen, const DrawnAnalyses& drawn,
                     const ReportLimits& limits, std::vector<std::string>& notes) {
    json details = json::array();
    for (const PopulationRow* row : chosen) {
        const NetworkAnalysis& analysis = drawn.at(row->spec.uid);
        check(analysis.full != nullptr, "chosen networks have a full analysis");
        details.push_back(detail_of(row->spec, analysis, limits));
        if (analysis.points.size() > limits.detail_marks) {
            notes.push_back(fmt::format("The portrait of network {} shows {} of its {} points.",
                                        row->spec.uid, limits.detail_marks,
                                        analysis.points.size()));
        }
    }
    return details;
}

}  // namespace shoal
