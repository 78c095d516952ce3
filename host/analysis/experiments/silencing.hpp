// SPDX-License-Identifier: MIT
// What a network loses with some of its units (host/MATHEMATICS.md, A.10; ours): units are held at
// r = 0 from the start of the delay to the end of the trial.
//
// A network with units held at r = 0 is another network: rows and columns of the weights, rows of
// the input, feedback and bias, and columns of the readout are 0, and it starts with these states
// at 0. Others do not see them, and they stay where they are.
#pragma once

#include <span>
#include <vector>

#include "analysis/experiments/condition_trials.hpp"
#include "records/behaviour_records.hpp"

namespace shoal {

inline constexpr double silenced_fractions[] = {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9};
/// Random sets per fraction.
inline constexpr int silencing_draws = 5;
/// Most units silenced one at a time; of larger networks as many are drawn.
inline constexpr int most_single_units = 256;

/// z_o at the end of every trial with each set of units silenced, [set, condition]; NaN: left the
/// range. The task has parts.
std::vector<double> silenced_ends(const AnalysisInput& input, const ConditionTrials& conditions,
                                  std::span<const std::vector<int>> sets, Backend& behaviour);

/// Every unit alone; random units (permutations keyed (key, silenced_units)); the most and the
/// least active ones by mean |r| in the delay. Sets of a fraction hold round(fraction units) units,
/// at least one; the sets of one draw grow by adding units.
SilencingRecord measure_silencing(const AnalysisInput& input, const ConditionTrials& conditions,
                                  Backend& behaviour);

}  // namespace shoal
