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

// matrix vectors, four columns at a time.
Eigen::MatrixXd product(const PackedMatrix& matrix, const Eigen::MatrixXd& vectors) {
    constexpr auto width = static_cast<Eigen::Index>(PackedMatrix::columns);
    const Eigen::Index units = vectors.rows();
    Eigen::MatrixXd sent(width, units);  // [column, unit]
    Eigen::MatrixXd got(static_cast<Eigen::Index>(matrix.rows()), width);
    Eigen::MatrixXd result(units, vectors.cols());
    for (Eigen::Index first = 0; first < vectors.cols(); first += width) {
        const Eigen::Index count = std::min(width, vectors.cols() - first);
        sent.setZero();
        sent.topRows(count) = vectors.middleCols(first, count).transpose();
        matrix.multiply(sent.data(), got.data());
        result.middleCols(first, count) = got.topLeftCorner(units, count);
    }
    return result;
}

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
    : dynamics_(dynamics),
      weights_(dynamics.weights()),
      transposed_(dynamics.weights().transpose()),
      slopes_(dynamics.units(), steps),
      end_state_(start) {
    check(input_drive.cols() == 0 ||
              (input_drive.cols() == steps && input_drive.rows() == dynamics.units()),
          "a drive for every unit and step");
    const double rate = dynamics.dt() / dynamics.tau();
    const bool current = dynamics.cell() == Cell::current;
    Eigen::VectorXd& x = end_state_;
    Eigen::VectorXd squashed = current ? tanh_of(x) : x;
    for (int t = 0; t < steps; ++t) {
        stop_point();
        Eigen::VectorXd target = product(weights_, current ? squashed : x) + dynamics.drive();
        if (input_drive.cols() > 0) {
            target += input_drive.col(t);
        }
        // tanh of x(t) for current cells, of the drive for rate cells: its slope is in J_t.
        if (!current) {
            squashed = tanh_of(target);
        }
        slopes_.col(t) = 1.0 - squashed.array().square();
        x += rate * ((current ? target : squashed) - x);
        if (current) {
            squashed = tanh_of(x);
        }
    }
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
    const double rate = dynamics_.dt() / dynamics_.tau();
    const auto slopes = slopes_.col(t).asDiagonal();
    Eigen::MatrixXd sent;
    if (dynamics_.cell() == Cell::current) {
        sent = product(weights_, slopes * tangents);
    } else {
        sent = slopes * product(weights_, tangents);
    }
    return tangents + rate * (sent - tangents);
}

Eigen::MatrixXd LinearizedRun::backward(int t, const Eigen::MatrixXd& adjoints) const {
    stop_point();
    const double rate = dynamics_.dt() / dynamics_.tau();
    const auto slopes = slopes_.col(t).asDiagonal();
    Eigen::MatrixXd sent;
    if (dynamics_.cell() == Cell::current) {
        sent = slopes * product(transposed_, adjoints);
    } else {
        sent = product(transposed_, slopes * adjoints);
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
        const Eigen::VectorXd slopes = 1.0 - tanh_of(x).array().square();
        directions = slopes.asDiagonal() * readout;
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
