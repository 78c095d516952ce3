// SPDX-License-Identifier: MIT
// First-level analysis: how one trained network remembers (host/MATHEMATICS.md, A.7).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backend/backend.hpp"
#include "config/spec.hpp"
#include "store/manifold_records.hpp"
#include "store/records.hpp"

namespace shoal {

/// One accepted network to analyse.
struct AnalysisInput {
    NetworkModel model;                ///< trained: readout and feedback in place
    std::vector<double> conclusions;   ///< [conclusion, unit]
    std::shared_ptr<const Task> task;  ///< gives trial length and epochs
    RandomKey key;
};

/// Analyses one network. `behaviour` (training precision) runs the rules and saturation, `exact`
/// (fp64) everything that linearises or measures exponents. Pure function of its input.
NetworkAnalysis analyze_network(const AnalysisInput& input, const AnalysisConfig& config,
                                Backend& behaviour, Backend& exact);

/// The same, with what the verdict was decided from.
struct JudgedNetwork {
    NetworkAnalysis analysis;
    VerdictEvidence evidence;
};
JudgedNetwork judge_network(const AnalysisInput& input, const AnalysisConfig& config,
                            Backend& behaviour, Backend& exact);

/// Delay trajectories of one network for the report.
ExampleTrajectories example_trajectories(const AnalysisInput& input, Mechanism mechanism,
                                         Backend& exact);

}  // namespace shoal
