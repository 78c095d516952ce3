// SPDX-License-Identifier: MIT
#include "analysis/adjoint.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "analysis/frame.hpp"
#include "analysis/lyapunov.hpp"
#include "core/error.hpp"

namespace shoal {

namespace {

Eigen::ArrayXd slope_of_tanh(const Eigen::VectorXd& a) {
    return a.array().unaryExpr([](double value) {
        const double r = std::tanh(value);
        return 1.0 - r * r;
    });
}

// Exponents of frames that `advance` carries through steps 0, 1, ... of its own counting.
std::vector<double> exponents_of(
    const LinearizedRun& run, Eigen::MatrixXd frame,
    const std::function<Eigen::MatrixXd(int, const Eigen::MatrixXd&)>& advance) {
    const Dynamics& dynamics = run.dynamics();
    const int interval = std::max(1, static_cast<int>(std::lround(dynamics.tau() / dynamics.dt())));
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
        const double mean = intervals < 10
                                ? std::numeric_limits<double>::quiet_NaN()
                                : birkhoff_mean(values.data() + skip, values.size() - skip);
        exponents.push_back(mean);
    }
    return exponents;
}

}  // namespace

LinearizedRun::LinearizedRun(const Dynamics& dynamics, const Eigen::VectorXd& start, int steps,
                             const Eigen::MatrixXd& input_drive)
    : dynamics_(dynamics), slopes_(dynamics.units(), steps), end_state_(start) {
    check(input_drive.cols() == 0 ||
              (input_drive.cols() == steps && input_drive.rows() == dynamics.units()),
          "a drive for every unit and step");
    const double rate = dynamics.dt() / dynamics.tau();
    const bool current = dynamics.cell() == Cell::current;
    Eigen::VectorXd& x = end_state_;
    for (int t = 0; t < steps; ++t) {
        Eigen::VectorXd target = dynamics.weights() * dynamics.rates(x) + dynamics.drive();
        if (input_drive.cols() > 0) {
            target += input_drive.col(t);
        }
        slopes_.col(t) = slope_of_tanh(current ? x : target).matrix();
        if (!current) {
            target = target.unaryExpr([](double a) { return std::tanh(a); }).eval();
        }
        x += rate * (target - x);
    }
}

Eigen::MatrixXd LinearizedRun::forward(int t, const Eigen::MatrixXd& tangents) const {
    const double rate = dynamics_.dt() / dynamics_.tau();
    const auto slopes = slopes_.col(t).asDiagonal();
    const Eigen::MatrixXd& w = dynamics_.weights();
    Eigen::MatrixXd sent;
    if (dynamics_.cell() == Cell::current) {
        sent.noalias() = w * (slopes * tangents).eval();
    } else {
        sent = slopes * (w * tangents).eval();
    }
    return tangents + rate * (sent - tangents);
}

Eigen::MatrixXd LinearizedRun::backward(int t, const Eigen::MatrixXd& adjoints) const {
    const double rate = dynamics_.dt() / dynamics_.tau();
    const auto slopes = slopes_.col(t).asDiagonal();
    const Eigen::MatrixXd& w = dynamics_.weights();
    Eigen::MatrixXd sent;
    if (dynamics_.cell() == Cell::current) {
        sent = slopes * (w.transpose() * adjoints).eval();
    } else {
        sent.noalias() = w.transpose() * (slopes * adjoints).eval();
    }
    return adjoints + rate * (sent - adjoints);
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
    if (model.cell == Cell::current) {
        directions = slope_of_tanh(x).matrix().asDiagonal() * readout;
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
    const Eigen::MatrixXd frame = random_frame(key, run.dynamics().units(), count);
    const int last = run.steps() - 1;
    RunExponents exponents;
    exponents.tangent =
        exponents_of(run, frame, [&](int step, const Eigen::MatrixXd& tangents) -> Eigen::MatrixXd {
            return run.forward(step, tangents);
        });
    exponents.adjoint =
        exponents_of(run, frame, [&](int step, const Eigen::MatrixXd& adjoints) -> Eigen::MatrixXd {
            return run.backward(last - step, adjoints);
        });
    return exponents;
}

}  // namespace shoal
