// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

struct NewtonResult {
    Eigen::VectorXd state;
    double speed = 0.0;      ///< |F(state)|_2
    double tolerance = 0.0;  ///< speed that rounding alone may leave
    int iterations = 0;
    bool converged = false;  ///< speed <= tolerance
};

/// Most Newton steps of one refinement; a quadratic approach needs fewer than ten.
inline constexpr int newton_limit = 50;

/// Refines a state to a zero of the velocity: Newton with LU of the flow's Jacobian, each step
/// halved until the speed falls. Never throws on bad numbers; `converged` is false then.
NewtonResult refine_fixed_point(const Dynamics& dynamics, const Eigen::VectorXd& start);

}  // namespace shoal
