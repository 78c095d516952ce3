// SPDX-License-Identifier: MIT
#include "analysis/dynamics/growth.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/linear/frame.hpp"

namespace shoal {

namespace {

Eigen::MatrixXd first_frame(RandomKey key, Eigen::Index units, Eigen::Index count) {
    Eigen::MatrixXd frame = random_frame(key, units, count);
    orthonormalize(frame);
    return frame;
}

}  // namespace

TangentGrowth::TangentGrowth(const Dynamics& dynamics, const Eigen::VectorXd& start,
                             Eigen::Index count, RandomKey key, int interval_steps)
    : dynamics_(dynamics),
      interval_steps_(interval_steps),
      stepper_(dynamics, start, first_frame(key, dynamics.units(), count)),
      own_weights_(dynamics.weights().diagonal()),
      rates_(static_cast<std::size_t>(count)) {}

bool TangentGrowth::extend_to(std::size_t intervals) {
    Eigen::MatrixXd slopes;
    while (traces_.size() < intervals) {
        stepper_.advance(interval_steps_, slopes);
        Eigen::MatrixXd frame = stepper_.tangents();
        const Eigen::VectorXd logs = orthonormalize(frame);
        if (!frame.allFinite() || !slopes.allFinite() || logs.hasNaN()) {
            return false;
        }
        stepper_.set_tangents(frame);
        for (std::size_t i = 0; i < rates_.size(); ++i) {
            rates_[i].push_back(logs[static_cast<Eigen::Index>(i)] / interval());
        }
        if (logs.size() > 0) {
            largest_spread_ = std::max(largest_spread_, logs.maxCoeff() - logs.minCoeff());
        }
        const double own = own_weights_.dot(slopes.rowwise().mean());
        traces_.push_back((own - static_cast<double>(dynamics_.units())) / dynamics_.tau());
        if (kept_intervals_ > 0) {
            slopes_.push_back(slopes);
            if (slopes_.size() > kept_intervals_) {
                slopes_.pop_front();
            }
        }
    }
    return true;
}

Eigen::MatrixXd TangentGrowth::slopes() const {
    Eigen::MatrixXd all(dynamics_.units(),
                        static_cast<Eigen::Index>(slopes_.size()) * interval_steps_);
    Eigen::Index at = 0;
    for (const Eigen::MatrixXd& part : slopes_) {
        all.middleCols(at, part.cols()) = part;
        at += part.cols();
    }
    return all;
}

int tau_steps(const Dynamics& dynamics) {
    return std::max(1, static_cast<int>(std::lround(dynamics.tau() / dynamics.dt())));
}

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

double batch_error(const std::vector<double>& values, std::size_t skip) {
    const std::size_t length = (values.size() - skip) / growth_batches;
    double mean = 0.0;
    std::vector<double> means;
    for (std::size_t batch = 0; batch < growth_batches; ++batch) {
        means.push_back(birkhoff_mean(values.data() + skip + batch * length, length));
        mean += means.back() / static_cast<double>(growth_batches);
    }
    if (std::isinf(mean)) {
        return 0.0;
    }
    double sum = 0.0;
    for (const double value : means) {
        sum += (value - mean) * (value - mean);
    }
    return std::sqrt(sum / static_cast<double>(growth_batches * (growth_batches - 1)));
}

double exponent_resolution(double standard_error, double tau, const ZeroExponents& zero) {
    return std::max(zero.floor / tau, zero.errors * standard_error);
}

ExponentSigns exponent_signs(const std::vector<double>& exponents,
                             const std::vector<double>& errors, double tau,
                             const ZeroExponents& zero) {
    ExponentSigns signs;
    for (std::size_t i = 0; i < exponents.size(); ++i) {
        const double resolution = exponent_resolution(errors[i], tau, zero);
        const bool near = std::abs(exponents[i]) <= resolution;
        const bool wide = resolution > exponent_resolution(0.0, tau, zero);
        signs.zeros += near && !wide ? 1 : 0;
        signs.open += near && wide ? 1 : 0;
        if (i == 0) {
            signs.top_open = near && wide;
            signs.positive = exponents[i] > resolution;
        }
    }
    return signs;
}

bool longer_run_decides(const std::vector<double>& exponents, const std::vector<double>& errors,
                        double tau, double times_longer) {
    std::vector<double> then = errors;
    for (double& error : then) {
        error /= std::sqrt(times_longer);
    }
    return exponent_signs(exponents, errors, tau).undecided() &&
           !exponent_signs(exponents, then, tau).undecided();
}

}  // namespace shoal
