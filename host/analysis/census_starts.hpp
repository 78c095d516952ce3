// SPDX-License-Identifier: MIT
// States from which a network's attractors are looked for.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/analysis.hpp"
#include "store/attractor_records.hpp"

namespace shoal {

struct CensusStart {
    StartKind kind = StartKind::random;
    Eigen::VectorXd state;
};

/// The states at the start of the first error epoch (delay 1) of one trial of every type after
/// every conclusion, stimuli drawn from (key, example_stimulus, conclusion) as for the saturation:
/// [conclusion][type]. Runs that left the range before are left out.
std::vector<CensusStart> memory_starts(const AnalysisInput& input, Backend& exact);

std::vector<CensusStart> conclusion_starts(const AnalysisInput& input);

/// `count` states of N(0, scale^2) per unit, drawn from (key, census_start, 0, number, unit).
std::vector<CensusStart> random_starts(Eigen::Index units, int count, double scale, RandomKey key);

/// A scale for them: the RMS over units and conclusions of the states; 1 if there are none.
double conclusion_scale(const AnalysisInput& input);

}  // namespace shoal
