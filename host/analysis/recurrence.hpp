// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "analysis/dynamics.hpp"

namespace shoal {

/// Time after which the run from `start` comes back to where it was, or nothing if it does not
/// within `steps` Euler steps. Flows: first passage through the plane through `start` normal to its
/// velocity, in that direction, at which the interpolated rates are within 2 % of the run's extent
/// from those at `start`; interpolation between steps costs (omega dt)^2 / 8 of the extent, below
/// that for omega < 4 at dt = 0.1. Maps: first step whose rates are within 1e-6 of the extent.
std::optional<double> recurrence_time(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                      int steps);

}  // namespace shoal
