// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "backend/backend.hpp"

namespace shoal::cpu {

/// Runs every request, parallel over requests and pieces of their conditions; see
/// Backend::simulate.
template <typename T>
std::vector<SimulationResult> simulate(std::span<const SimulationRequest> requests, int threads);

}  // namespace shoal::cpu
