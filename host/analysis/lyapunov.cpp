// SPDX-License-Identifier: MIT
#include "analysis/lyapunov.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/frame.hpp"
#include "analysis/mechanism.hpp"
#include "analysis/tangent.hpp"

namespace shoal {

namespace {

constexpr double first_length = 500.0;  // tau
constexpr double last_length = 2000.0;  // tau
constexpr std::size_t batches = 10;

double standard_error(const std::vector<double>& values, std::size_t skip) {
    const std::size_t length = (values.size() - skip) / batches;
    double mean = 0.0;
    std::vector<double> means;
    for (std::size_t batch = 0; batch < batches; ++batch) {
        means.push_back(birkhoff_mean(values.data() + skip + batch * length, length));
        mean += means.back() / static_cast<double>(batches);
    }
    double sum = 0.0;
    for (const double value : means) {
        sum += (value - mean) * (value - mean);
    }
    return std::sqrt(sum / static_cast<double>(batches * (batches - 1)));
}

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

}  // namespace

double birkhoff_mean(const double* values, std::size_t count) {
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        const double s = static_cast<double>(i + 1) / static_cast<double>(count + 1);
        const double weight = std::exp(-1.0 / (s * (1.0 - s)));
        sum += weight * values[i];
        weights += weight;
    }
    return sum / weights;
}

LyapunovResult lyapunov_exponents(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                  RandomKey key) {
    const Eigen::Index count = std::min<Eigen::Index>(3, dynamics.units());
    const int interval_steps =
        std::max(1, static_cast<int>(std::lround(dynamics.tau() / dynamics.dt())));
    const double interval = interval_steps * dynamics.dt();

    LyapunovResult result;
    Eigen::MatrixXd frame = random_frame(key, dynamics.units(), count);
    orthonormalize(frame);
    TangentStepper stepper(dynamics, start, frame);
    std::vector<std::vector<double>> growth(static_cast<std::size_t>(count));
    for (double length = first_length; length <= last_length && !result.resolved; length *= 2.0) {
        const auto intervals =
            static_cast<std::size_t>(std::ceil(length * dynamics.tau() / interval));
        while (growth.front().size() < intervals) {
            stepper.advance(interval_steps);
            frame = stepper.tangents();
            const Eigen::VectorXd logs = orthonormalize(frame);
            if (!logs.allFinite()) {
                return {};
            }
            stepper.set_tangents(frame);
            for (Eigen::Index i = 0; i < count; ++i) {
                growth[static_cast<std::size_t>(i)].push_back(logs[i] / interval);
            }
        }
        const std::size_t skip = intervals / 5;
        result.exponents.clear();
        result.errors.clear();
        for (const auto& values : growth) {
            result.exponents.push_back(birkhoff_mean(values.data() + skip, values.size() - skip));
            result.errors.push_back(standard_error(values, skip));
        }
        result.duration = static_cast<double>(intervals - skip) * interval;
        result.resolved = is_resolved(result, dynamics.tau());
    }
    result.end_state = stepper.state();
    return result;
}

}  // namespace shoal
