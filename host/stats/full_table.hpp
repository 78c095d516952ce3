// SPDX-License-Identifier: MIT
// What the table and the summary say of networks analysed at level full.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stats/survival.hpp"
#include "stats/table.hpp"

namespace shoal {

/// Whether any row has a full analysis: the table has its columns then.
bool any_full(const std::vector<PopulationRow>& rows);

/// Names of those columns, and a row's fields: text that may need no quoting, empty where a value
/// does not exist.
std::vector<std::string> full_columns();
std::vector<std::string> full_fields(const PopulationRow& row);

/// What summaries keep of a full analysis: everything but lists per unit, mode, path and run.
FullAnalysis without_lists(const FullAnalysis& full);

/// How long memories last, and how much noise they bear, by mechanism.
struct BehaviourCurves {
    std::vector<MechanismSurvival> survival;         ///< of a network's median over its conditions
    double longest = 0.0;                            ///< extra delay that was seen
    std::vector<double> sigmas;                      ///< of the noise
    std::vector<MechanismRobustness> biased_noise;   ///< sigma U(0, 1) + 0.5
    std::vector<MechanismRobustness> centred_noise;  ///< N(0, sigma^2 / 12)
};
BehaviourCurves behaviour_curves(const std::vector<PopulationRow>& rows);

/// Per mechanism: how long memories survive and how much noise they bear, with intervals; empty if
/// no network was analysed in full.
std::string format_behaviour(const std::vector<PopulationRow>& rows);

}  // namespace shoal
