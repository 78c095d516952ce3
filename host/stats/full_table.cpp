// SPDX-License-Identifier: MIT
#include "stats/full_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "records/full_records.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}
std::string number(int value) {
    return fmt::format("{}", value);
}

struct FullColumn {
    const char* name;
    std::string (*field)(const FullAnalysis& full);
};

using F = FullAnalysis;
constexpr FullColumn column_table[] = {
    {"roots", [](const F& f) { return number(f.search.roots); }},
    {"roots_proved", [](const F& f) { return number(f.search.proved); }},
    {"search_status", [](const F& f) { return std::string(name_of(f.search.status)); }},
    {"roots_missed_estimate", [](const F& f) { return number(f.search.missed_estimate); }},
    {"root_coverage", [](const F& f) { return number(f.search.coverage); }},
    {"root_index_sum", [](const F& f) { return number(f.search.index_sum); }},
    {"slow_points", [](const F& f) { return number(f.search.slow_points); }},
    {"continua", [](const F& f) { return number(f.search.continua); }},
    {"attractors_found", [](const F& f) { return number(f.census.attractors); }},
    {"fixed_point_attractors", [](const F& f) { return number(f.census.fixed_points); }},
    {"limit_cycles", [](const F& f) { return number(f.census.limit_cycles); }},
    {"tori", [](const F& f) { return number(f.census.tori); }},
    {"chaotic_attractors", [](const F& f) { return number(f.census.chaotic); }},
    {"undecided_attractors", [](const F& f) { return number(f.census.undecided); }},
    {"slow_transient_runs", [](const F& f) { return number(f.census.slow_transient_runs); }},
    {"first_merge", [](const F& f) { return number(f.manifold.first_merge); }},
    {"all_merged", [](const F& f) { return number(f.manifold.all_merged); }},
    {"median_survival", [](const F& f) { return number(f.forgetting.median_survival); }},
    {"median_survival_censored",
     [](const F& f) {
         const ForgettingRecord& record = f.forgetting;
         return std::string(!record.applicable ? "" : record.median_censored ? "true" : "false");
     }},
    {"noise_uniform_half_right", [](const F& f) { return number(f.noise.uniform_half_right); }},
    {"noise_gaussian_half_right", [](const F& f) { return number(f.noise.gaussian_half_right); }},
    {"participation_ratio", [](const F& f) { return number(f.activity.participation_ratio); }},
    {"phasic_index", [](const F& f) { return number(f.activity.phasic_index); }},
    {"attractors_per_solved", [](const F& f) { return number(f.activity.attractors_per_solved); }},
    {"saturated_per_solved", [](const F& f) { return number(f.activity.saturated_per_solved); }},
    {"verdict_robust", [](const F& f) { return number(f.sensitivity.robust); }},
    {"rule_b_robust", [](const F& f) { return number(f.sensitivity.robust_rule_b); }},
};

const FullAnalysis* full_of(const PopulationRow& row) {
    return row.analysis ? row.analysis->full.get() : nullptr;
}

std::string time_with_interval(const Interval& interval) {
    const auto text = [](double value) {
        return std::isfinite(value) ? fmt::format("{:.3g}", value) : std::string("inf");
    };
    return fmt::format("{} [{}, {}]", text(interval.estimate), text(interval.low),
                       text(interval.high));
}

/// The largest sigma up to which at least half of the networks hold out; "-": none.
std::string largest_survived(const MechanismRobustness& curve, const std::vector<double>& sigmas) {
    std::string largest = "-";
    for (std::size_t i = 0; i < curve.surviving.size() && i < sigmas.size(); ++i) {
        if (curve.surviving[i].estimate < 0.5) {
            break;
        }
        largest = fmt::format("{:g}", sigmas[i]);
    }
    return largest;
}

}  // namespace

bool any_full(const std::vector<PopulationRow>& rows) {
    return std::any_of(rows.begin(), rows.end(),
                       [](const PopulationRow& row) { return full_of(row) != nullptr; });
}

void add_full_columns(std::vector<CsvColumn>& columns) {
    for (const FullColumn& column : column_table) {
        columns.push_back({column.name, [&column](CsvLine& line, const PopulationRow& row) {
                               const FullAnalysis* full = full_of(row);
                               line.text(full != nullptr ? column.field(*full) : "");
                           }});
    }
}

std::string searches_sentence(const std::vector<PopulationRow>& rows) {
    std::map<SearchStatus, int> counts;
    int all = 0;
    for (const PopulationRow& row : rows) {
        if (const FullAnalysis* full = full_of(row)) {
            ++counts[full->search.status];
            ++all;
        }
    }
    if (all == 0) {
        return {};
    }
    const int proved = counts[SearchStatus::proved];
    const int no_sign = counts[SearchStatus::no_sign];
    return fmt::format(
        "Of {} searches for fixed points {} are complete ({} proved, {} without a sign of a "
        "missing "
        "root), {} are incomplete, and of {} it is not known.",
        all, proved + no_sign, proved, no_sign, counts[SearchStatus::incomplete],
        counts[SearchStatus::unknown]);
}

BehaviourCurves behaviour_curves(const std::vector<PopulationRow>& rows) {
    std::vector<Mechanism> mechanisms;
    std::vector<Lifetime> lifetimes;
    std::vector<Mechanism> noisy;
    std::vector<std::vector<double>> uniform;
    std::vector<std::vector<double>> gaussian;
    BehaviourCurves curves;
    for (const PopulationRow& row : rows) {
        const FullAnalysis* full = full_of(row);
        if (full == nullptr) {
            continue;
        }
        if (full->forgetting.applicable) {
            mechanisms.push_back(mechanism_of(row));
            lifetimes.push_back(
                {full->forgetting.median_survival, full->forgetting.median_censored});
            if (std::isfinite(lifetimes.back().time)) {
                curves.longest = std::max(curves.longest, lifetimes.back().time);
            }
        }
        if (full->noise.applicable) {
            noisy.push_back(mechanism_of(row));
            uniform.push_back(full->noise.failed_uniform);
            gaussian.push_back(full->noise.failed_gaussian);
            curves.sigmas = full->noise.sigmas;
        }
    }
    curves.survival = survival_by_mechanism(mechanisms, lifetimes);
    curves.biased_noise = robustness_by_mechanism(noisy, uniform);
    curves.centred_noise = robustness_by_mechanism(noisy, gaussian);
    return curves;
}

std::string format_behaviour(const std::vector<PopulationRow>& rows) {
    const BehaviourCurves curves = behaviour_curves(rows);
    if (curves.survival.empty()) {
        return "";
    }
    std::string text = fmt::format("{:<14} {:>8}  {:<26} {:>14} {:>18}\n", "mechanism", "networks",
                                   "median survival of memory", "biased noise", "zero-mean noise");
    for (const MechanismSurvival& survival : curves.survival) {
        const auto same = [&](const MechanismRobustness& curve) {
            return curve.mechanism == survival.mechanism;
        };
        const auto of = [&](const std::vector<MechanismRobustness>& robustness) {
            const auto found = std::find_if(robustness.begin(), robustness.end(), same);
            return found == robustness.end() ? std::string("-")
                                             : largest_survived(*found, curves.sigmas);
        };
        text += fmt::format("{:<14} {:>8}  {:<26} {:>14} {:>18}\n", name_of(survival.mechanism),
                            survival.curve.subjects, time_with_interval(survival.curve.median),
                            of(curves.biased_noise), of(curves.centred_noise));
    }
    return text +
           "Survival: extra delay (time) after which half of a network's conditions have failed, "
           "median over\nnetworks (Kaplan-Meier, 95 %). Noise: largest sigma up to which half of "
           "the networks hold out.\n";
}

}  // namespace shoal
