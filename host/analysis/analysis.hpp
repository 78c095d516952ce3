// SPDX-License-Identifier: MIT
// First-level analysis: how one trained network remembers (host/MATHEMATICS.md, A.7).
#pragma once

#include "analysis/experiments/analysis_input.hpp"
#include "backend/backend.hpp"
#include "config/spec.hpp"
#include "records/manifold_records.hpp"
#include "records/records.hpp"

namespace shoal {

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

}  // namespace shoal
