// SPDX-License-Identifier: MIT
// How long and against how much noise networks hold out, with intervals.
//
// Subjects are networks, not their conditions: the 16 conditions of a network share its weights and
// fail together, so that an interval that counted them one by one would be far too narrow. A
// network's time is the median over its conditions (ForgettingRecord::median_survival); it survives
// a size of noise if at most a given share of its runs fails.
#pragma once

#include <vector>

#include "records/records.hpp"
#include "stats/table.hpp"

namespace shoal {

/// When a subject failed, or until when it was seen not to.
struct Lifetime {
    double time = 0.0;
    bool censored = false;  ///< had not failed by then
};

/// Share of subjects that have not failed, from times[i] until times[i + 1].
struct SurvivalCurve {
    std::vector<double> times;        ///< distinct times of failures, rising
    std::vector<Interval> surviving;  ///< just after each
    std::vector<int> at_risk;         ///< subjects that had neither failed nor left before each
    std::vector<int> failures;        ///< at each
    int subjects = 0;
    /// First time at which at most half are left; with the times at which the lower and the upper
    /// bound of the curve get there (Brookmeyer & Crowley 1982). Infinite: not reached.
    Interval median;
};

/// Kaplan & Meier 1958: the product over times of 1 - failures / at risk. A subject censored at a
/// time at which another fails is still at risk there. Intervals: Greenwood's variance on the
/// scale of log(-log S), on which they stay within 0 and 1 (Kalbfleisch & Prentice 2002, section
/// 1.4). Where S is 0 that scale has no value; the upper bound is then the exact one of 0 out of
/// all subjects, 1 - (alpha / 2)^(1 / n). Lifetimes that are not finite do not count.
SurvivalCurve kaplan_meier(std::vector<Lifetime> lifetimes, double confidence = 0.95);

/// Curves over a population, one per mechanism.
struct MechanismSurvival {
    Mechanism mechanism = Mechanism::none;
    SurvivalCurve curve;
};
/// One for every mechanism that occurs, in the order of the enumeration. mechanisms[i] and
/// lifetimes[i] are of the same network.
std::vector<MechanismSurvival> survival_by_mechanism(const std::vector<Mechanism>& mechanisms,
                                                     const std::vector<Lifetime>& lifetimes,
                                                     double confidence = 0.95);

struct MechanismRobustness {
    Mechanism mechanism = Mechanism::none;
    int networks = 0;
    std::vector<Interval> surviving;  ///< [sigma]: share of networks, Wilson interval
};
/// Share of networks whose failed share at each sigma is at most `most_failed`. failed_shares[i],
/// [sigma], is of the same network as mechanisms[i]; networks without any do not count.
std::vector<MechanismRobustness> robustness_by_mechanism(
    const std::vector<Mechanism>& mechanisms, const std::vector<std::vector<double>>& failed_shares,
    double most_failed = 0.5, double confidence = 0.95);

}  // namespace shoal
