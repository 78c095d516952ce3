// SPDX-License-Identifier: MIT
#include "analysis/dynamics/adjoint.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "analysis/dynamics/growth.hpp"
#include "analysis/linear/frame.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

constexpr int least_intervals = 10;

// Exponents of frames that `advance` carries through steps 0, 1, ... of its own counting.
std::vector<double> exponents_of(
    const LinearizedRun& run, Eigen::MatrixXd frame,
    const std::function<Eigen::MatrixXd(int, const Eigen::MatrixXd&)>& advance) {
    const Dynamics& dynamics = run.dynamics();
    const int interval = tau_steps(dynamics);
    const int intervals = run.steps() / interval;
    std::vector<std::vector<double>> growth(static_cast<std::size_t>(frame.cols()));
    orthonormalize(frame);
    for (int i = 0; i < intervals; ++i) {
        for (int step = i * interval; step < (i + 1) * interval; ++step) {
            frame = advance(step, frame);
        }
        const Eigen::VectorXd logs = orthonormalize(frame);
        for (std::size_t k = 0; k < growth.size(); ++k) {
            growth[k].push_back(logs[static_cast<Eigen::Index>(k)] / (interval * dynamics.dt()));
        }
    }
    const auto skip = static_cast<std::size_t>(intervals / 5);
    std::vector<double> exponents;
    for (const std::vector<double>& values : growth) {
        const double mean = intervals < least_intervals
                                ? std::numeric_limits<double>::quiet_NaN()
                                : birkhoff_mean(values.data() + skip, values.size() - skip);
        exponents.push_back(mean);
    }
    return exponents;
}

}  // namespace

LinearizedRun::LinearizedRun(const Dynamics& dynamics, const Eigen::VectorXd& start, int steps,
                             const Eigen::MatrixXd& input_drive)
    : dynamics_(dynamics),
      weights_(dynamics.weights()),
      transposed_(dynamics.weights().transpose()),
      slopes_(dynamics.units(), steps),
      end_state_(start) {
    check(input_drive.cols() == 0 ||
              (input_drive.cols() == steps && input_drive.rows() == dynamics.units()),
          "a drive for every unit and step");
    const double rate = dynamics.dt() / dynamics.tau();
    Eigen::MatrixXd x = start;
    for (int t = 0; t < steps; ++t) {
        stop_point();
        slopes_.col(t) = euler_step(dynamics.cell(), rate, x, [&](const Eigen::MatrixXd& rates) {
            Eigen::MatrixXd drive = multiply(weights_, rates) + dynamics.drive();
            if (input_drive.cols() > 0) {
                drive += input_drive.col(t);
            }
            return drive;
        });
    }
    end_state_ = x;
}

LinearizedRun::LinearizedRun(const Dynamics& dynamics, Eigen::MatrixXd slopes,
                             Eigen::VectorXd end_state)
    : dynamics_(dynamics),
      weights_(dynamics.weights()),
      transposed_(dynamics.weights().transpose()),
      slopes_(std::move(slopes)),
      end_state_(std::move(end_state)) {
    check(slopes_.rows() == dynamics.units() && end_state_.size() == dynamics.units(),
          "slopes and an end state of the network's size");
}

Eigen::MatrixXd LinearizedRun::forward(int t, const Eigen::MatrixXd& tangents) const {
    stop_point();
    return tangent_step(dynamics_.cell(), dynamics_.dt() / dynamics_.tau(), slopes_.col(t),
                        tangents,
                        [&](const Eigen::MatrixXd& sent) { return multiply(weights_, sent); });
}

Eigen::MatrixXd LinearizedRun::backward(int t, const Eigen::MatrixXd& adjoints) const {
    stop_point();
    return adjoint_step(dynamics_.cell(), dynamics_.dt() / dynamics_.tau(), slopes_.col(t),
                        adjoints,
                        [&](const Eigen::MatrixXd& sent) { return multiply(transposed_, sent); });
}

int least_exponent_steps(const Dynamics& dynamics) {
    return least_intervals * tau_steps(dynamics);
}

Eigen::MatrixXd input_drive(const NetworkModel& model, std::span<const double> series, int steps) {
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    check(series.size() == static_cast<std::size_t>(steps) * static_cast<std::size_t>(model.inputs),
          "an input for every step and channel");
    const Eigen::Map<const RowMajor> weights(model.input.data(), model.units, model.inputs);
    const Eigen::Map<const RowMajor> u(series.data(), steps, model.inputs);
    return weights * u.transpose();
}

Eigen::MatrixXd readout_directions(const NetworkModel& model, const Eigen::VectorXd& x) {
    const Eigen::Map<const Eigen::MatrixXd> readout(model.readout.data(), model.units,
                                                    model.outputs);
    Eigen::MatrixXd directions = readout;
    if (!model.readout_of_states) {
        directions = rate_slopes(model.cell, x).asDiagonal() * directions;
    }
    for (Eigen::Index o = 0; o < directions.cols(); ++o) {
        const double length = directions.col(o).norm();
        if (length > 0.0) {
            directions.col(o) /= length;
        }
    }
    return directions;
}

Eigen::MatrixXd adjoint_norms(const LinearizedRun& run, const Eigen::MatrixXd& directions,
                              std::span<const int> lags) {
    check(std::is_sorted(lags.begin(), lags.end()) &&
              (lags.empty() || (lags.front() >= 0 && lags.back() <= run.steps())),
          "lags from 0 up, within the run");
    Eigen::MatrixXd norms(static_cast<Eigen::Index>(lags.size()), directions.cols());
    Eigen::MatrixXd lambda = directions;
    int lag = 0;
    for (std::size_t i = 0; i < lags.size(); ++i) {
        for (; lag < lags[i]; ++lag) {
            lambda = run.backward(run.steps() - 1 - lag, lambda);
        }
        norms.row(static_cast<Eigen::Index>(i)) = lambda.colwise().norm();
    }
    return norms;
}

Eigen::MatrixXd adjoints(const LinearizedRun& run, const Eigen::MatrixXd& directions, int lag) {
    check(lag >= 0 && lag <= run.steps(), "a lag within the run");
    Eigen::MatrixXd lambda = directions;
    for (int t = run.steps() - 1; t >= run.steps() - lag; --t) {
        lambda = run.backward(t, lambda);
    }
    return lambda;
}

RunExponents run_exponents(const LinearizedRun& run, int count, RandomKey key) {
    RunExponents exponents;
    exponents.tangent = exponents_of(
        run, random_frame(key, run.dynamics().units(), count),
        [&](int step, const Eigen::MatrixXd& tangents) { return run.forward(step, tangents); });
    exponents.adjoint = adjoint_exponents(run, count, key);
    return exponents;
}

std::vector<double> adjoint_exponents(const LinearizedRun& run, int count, RandomKey key) {
    const int last = run.steps() - 1;
    return exponents_of(run, random_frame(key, run.dynamics().units(), count),
                        [&](int step, const Eigen::MatrixXd& adjoints) {
                            return run.backward(last - step, adjoints);
                        });
}

}  // namespace shoal
