// SPDX-License-Identifier: MIT
// What the table and the summary say of networks analysed at level full.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stats/csv.hpp"
#include "stats/survival.hpp"
#include "stats/table.hpp"

namespace shoal {

/// Whether any row has a full analysis: the table has its columns then.
bool any_full(const std::vector<PopulationRow>& rows);

/// Appends those columns, empty where a value does not exist.
void add_full_columns(std::vector<CsvColumn>& columns);

/// How many searches for fixed points are complete, which are not, and of which nothing is known;
/// empty if no network was analysed in full.
std::string searches_sentence(const std::vector<PopulationRow>& rows);

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
