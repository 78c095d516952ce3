// SPDX-License-Identifier: MIT
#include "analysis/dynamics/lyapunov.hpp"

#include <algorithm>
#include <cmath>

namespace shoal {

namespace {

constexpr double first_length = 500.0;  // tau
constexpr double last_length = 2000.0;  // tau

bool is_resolved(const LyapunovResult& result, double tau) {
    const double floor = exponent_resolution(0.0, tau);
    // The largest exponent alone proves chaos; otherwise it takes two to tell a cycle from a torus.
    for (std::size_t i = 0; i < std::min<std::size_t>(2, result.exponents.size()); ++i) {
        const double resolution = exponent_resolution(result.errors[i], tau);
        const bool clear = std::abs(result.exponents[i]) > 2.0 * resolution;
        if (clear && result.exponents[i] > 0.0) {
            return true;
        }
        if (!clear && resolution > floor) {
            return false;
        }
    }
    return true;
}

// Whether the run is to be doubled: up to last_length in any case, and then where that may decide.
bool goes_on(const LyapunovResult& result, double length, double tau) {
    return !result.resolved &&
           (length < last_length ||
            (length < longest_run &&
             longer_run_decides(result.exponents, result.errors, tau, longest_run / length)));
}

}  // namespace

LyapunovResult lyapunov_exponents(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                  RandomKey key) {
    const Eigen::Index count = std::min<Eigen::Index>(3, dynamics.units());
    LyapunovResult result;
    TangentGrowth growth(dynamics, start, count, key, tau_steps(dynamics));
    double length = first_length;
    while (true) {
        const auto intervals =
            static_cast<std::size_t>(std::ceil(length * dynamics.tau() / growth.interval()));
        if (!growth.extend_to(intervals)) {
            return {};
        }
        const std::size_t skip = intervals / 5;
        result.exponents.clear();
        result.errors.clear();
        for (const auto& values : growth.rates()) {
            result.exponents.push_back(birkhoff_mean(values.data() + skip, values.size() - skip));
            result.errors.push_back(batch_error(values, skip));
            if (!std::isfinite(result.exponents.back())) {
                return {};
            }
        }
        result.duration = static_cast<double>(intervals - skip) * growth.interval();
        result.resolved = is_resolved(result, dynamics.tau());
        if (!goes_on(result, length, dynamics.tau())) {
            result.end_state = growth.state();
            return result;
        }
        length *= 2.0;
    }
}

}  // namespace shoal
