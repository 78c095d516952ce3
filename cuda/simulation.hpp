// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "backend/backend.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// Runs every request on the current device, in batches that fit its free memory. results[i]
/// belongs to requests[i].
template <typename T>
std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests,
                                       const DeviceLimits& limits);

}  // namespace shoal::cuda
