// SPDX-License-Identifier: MIT
#include "analysis/recurrence.hpp"

#include <algorithm>

namespace shoal {

namespace {
constexpr double flow_tolerance = 0.02;
constexpr double map_tolerance = 1e-6;
}  // namespace

std::optional<double> recurrence_time(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                      int steps) {
    const Eigen::VectorXd start_rates = dynamics.rates(start);
    const Eigen::VectorXd normal = dynamics.velocity(start);
    Eigen::VectorXd state = start;
    double side = 0.0;    // signed distance from the plane, in units of 1 / |normal|
    double extent = 0.0;  // largest distance from the start so far
    for (int step = 1; step <= steps; ++step) {
        const Eigen::VectorXd next = dynamics.step(state);
        const double next_side = (next - start).dot(normal);
        const double next_distance = rms(dynamics.rates(next) - start_rates);
        if (dynamics.is_map()) {
            if (next_distance <= map_tolerance * std::max(extent, next_distance)) {
                return step * dynamics.dt();
            }
        } else if (step > 1 && side < 0.0 && next_side >= 0.0) {
            const double part = -side / (next_side - side);
            const Eigen::VectorXd crossing = state + part * (next - state);
            if (rms(dynamics.rates(crossing) - start_rates) <= flow_tolerance * extent) {
                return (step - 1 + part) * dynamics.dt();
            }
        }
        extent = std::max(extent, next_distance);
        state = next;
        side = next_side;
    }
    return std::nullopt;
}

}  // namespace shoal
