// SPDX-License-Identifier: MIT
#include "analysis/dynamics/forgetting_prediction.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "analysis/dynamics/adjoint.hpp"
#include "analysis/linear/packed_matrix.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

constexpr Eigen::Index at_once = PackedMatrix::columns;

// Gradients of up to four conditions at once; missing ones repeat the first.
Eigen::MatrixXd four_gradients(const Dynamics& dynamics, const PackedMatrix& weights,
                               const PackedMatrix& transposed, Eigen::MatrixXd states,
                               const std::vector<Eigen::MatrixXd>& drives,
                               const Eigen::VectorXd& readout, int steps) {
    const double rate = dynamics.dt() / dynamics.tau();
    std::vector<Eigen::MatrixXd> slopes;
    for (int t = 0; t < steps; ++t) {
        stop_point();
        Eigen::MatrixXd drive(states.rows(), at_once);
        for (Eigen::Index lane = 0; lane < at_once; ++lane) {
            drive.col(lane) = dynamics.drive() + drives[static_cast<std::size_t>(lane)].col(t);
        }
        slopes.push_back(
            euler_step(dynamics.cell(), rate, states, [&](const Eigen::MatrixXd& rates) {
                return Eigen::MatrixXd(multiply(weights, rates) + drive);
            }));
    }
    Eigen::MatrixXd adjoints = readout.replicate(1, at_once);
    adjoints.array() *= rate_slopes(dynamics.cell(), states).array();
    for (int t = steps - 1; t >= 0; --t) {
        stop_point();
        adjoints =
            adjoint_step(dynamics.cell(), rate, slopes[static_cast<std::size_t>(t)], adjoints,
                         [&](const Eigen::MatrixXd& sent) { return multiply(transposed, sent); });
    }
    return adjoints;
}

}  // namespace

Eigen::MatrixXd answer_gradients(const NetworkModel& model, const Dynamics& dynamics,
                                 const Eigen::MatrixXd& starts,
                                 const std::vector<const double*>& rest, int steps, int output) {
    check(std::ssize(rest) == starts.cols(), "inputs of every condition");
    check(output < model.outputs, "an output of the network");
    const PackedMatrix weights(dynamics.weights());
    const PackedMatrix transposed(dynamics.weights().transpose());
    const Eigen::Map<const Eigen::VectorXd> readout(
        model.readout.data() + static_cast<Eigen::Index>(output) * model.units, model.units);
    const std::size_t series =
        static_cast<std::size_t>(steps) * static_cast<std::size_t>(model.inputs);
    Eigen::MatrixXd gradients(starts.rows(), starts.cols());
    for (Eigen::Index first = 0; first < starts.cols(); first += at_once) {
        const Eigen::Index count = std::min(at_once, starts.cols() - first);
        Eigen::MatrixXd states = starts.col(first).replicate(1, at_once);
        states.leftCols(count) = starts.middleCols(first, count);
        std::vector<Eigen::MatrixXd> drives;
        for (Eigen::Index lane = 0; lane < at_once; ++lane) {
            const Eigen::Index condition = first + (lane < count ? lane : 0);
            drives.push_back(
                input_drive(model, {rest[static_cast<std::size_t>(condition)], series}, steps));
        }
        gradients.middleCols(first, count) =
            four_gradients(dynamics, weights, transposed, std::move(states), drives, readout, steps)
                .leftCols(count);
    }
    return gradients;
}

void FirstCrossing::see(double time, double value) {
    if (crossed_ < 0.0 && value > level_) {
        const double part = seen_ ? (level_ - last_value_) / (value - last_value_) : 1.0;
        crossed_ = seen_ ? last_time_ + part * (time - last_time_) : time;
    }
    last_time_ = time;
    last_value_ = std::isfinite(value) ? value : last_value_;
    seen_ = true;
}

MemoryAxes::MemoryAxes(const Eigen::MatrixXd& rates, const std::vector<int>& memories) {
    check(std::ssize(memories) == rates.cols(), "a memory of every condition");
    memories_ = memories;
    std::sort(memories_.begin(), memories_.end());
    memories_.erase(std::unique(memories_.begin(), memories_.end()), memories_.end());
    for (const int memory : memories_) {
        Eigen::VectorXd mean = Eigen::VectorXd::Zero(rates.rows());
        double count = 0.0;
        for (Eigen::Index condition = 0; condition < rates.cols(); ++condition) {
            if (memories[static_cast<std::size_t>(condition)] == memory) {
                mean += rates.col(condition);
                count += 1.0;
            }
        }
        means_.emplace_back(mean / count);
    }
}

double MemoryAxes::progress(const Eigen::VectorXd& rates, int memory) const {
    const auto own = static_cast<std::size_t>(
        std::distance(memories_.begin(), std::find(memories_.begin(), memories_.end(), memory)));
    double farthest = 0.0;
    for (std::size_t other = 0; other < means_.size(); ++other) {
        const Eigen::VectorXd axis = means_[other] - means_[own];
        if (other != own && axis.squaredNorm() > 0.0) {
            farthest = std::max(farthest, (rates - means_[own]).dot(axis) / axis.squaredNorm());
        }
    }
    return farthest;
}

}  // namespace shoal
