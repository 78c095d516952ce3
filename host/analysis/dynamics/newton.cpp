// SPDX-License-Identifier: MIT
#include "analysis/dynamics/newton.hpp"

#include <Eigen/LU>
#include <cmath>

#include "core/stop.hpp"

namespace shoal {

namespace {
constexpr int halvings_limit = 30;
}

NewtonResult refine_fixed_point(const Dynamics& dynamics, const Eigen::VectorXd& start) {
    NewtonResult result;
    result.state = start;
    Eigen::VectorXd velocity = dynamics.velocity(start);
    result.speed = velocity.norm();
    result.tolerance = dynamics.velocity_rounding(start);
    // One step beyond the tolerance: from a quadratic approach it brings the last digits.
    bool polished = false;
    while (result.iterations < newton_limit && std::isfinite(result.speed) && !polished) {
        stop_point();
        polished = result.speed <= result.tolerance;
        const Eigen::PartialPivLU<Eigen::MatrixXd> lu(dynamics.flow_jacobian(result.state).matrix);
        const Eigen::VectorXd full_step = lu.solve(velocity);
        if (!full_step.allFinite()) {
            break;
        }
        double scale = 1.0;
        bool fell = false;
        for (int halving = 0; halving < halvings_limit && !fell; ++halving, scale *= 0.5) {
            const Eigen::VectorXd candidate = result.state - scale * full_step;
            const Eigen::VectorXd candidate_velocity = dynamics.velocity(candidate);
            if (candidate_velocity.norm() < result.speed) {
                result.state = candidate;
                velocity = candidate_velocity;
                fell = true;
            }
        }
        ++result.iterations;
        if (!fell) {
            break;
        }
        result.speed = velocity.norm();
        result.tolerance = dynamics.velocity_rounding(result.state);
    }
    result.converged = std::isfinite(result.speed) && result.speed <= result.tolerance;
    return result;
}

}  // namespace shoal
