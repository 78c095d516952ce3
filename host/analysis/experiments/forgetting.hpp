// SPDX-License-Identifier: MIT
// How long a network remembers: the delay before the second stimulus is lengthened
// (host/MATHEMATICS.md, A.10; Ghazizadeh & Ching 2021, code).
//
// From the end of the nominal delay every condition runs on without input, once, over the longest
// extension. From its state at each extension the rest of the trial follows: with frozen weights a
// state says all, so that this is the run with that longer delay. Failed: z_o at the end is more
// than 0.1 away from the nominal end's. A failed run goes on for one trial length without input:
// "asymptotic" if z_o is then more than 0.3 away from the same nominal number, else "fixed time".
#pragma once

#include <vector>

#include "analysis/experiments/condition_trials.hpp"
#include "records/behaviour_records.hpp"

namespace shoal {

/// Extensions in Euler steps: every half tau up to 199.5 tau, in whole steps (at least one).
std::vector<int> extension_steps(const NetworkModel& model);

/// How far z_o may be from the nominal one after one more trial length.
inline constexpr double asymptotic_distance = 0.3;

ForgettingRecord measure_forgetting(const AnalysisInput& input, const ConditionTrials& conditions,
                                    Backend& behaviour);

}  // namespace shoal
