// SPDX-License-Identifier: MIT
#pragma once

#include "analysis/experiments/analysis_input.hpp"
#include "backend/backend.hpp"
#include "records/records.hpp"

namespace shoal {

/// Delay trajectories of one network for the report.
ExampleTrajectories example_trajectories(const AnalysisInput& input, Mechanism mechanism,
                                         Backend& exact);

}  // namespace shoal
