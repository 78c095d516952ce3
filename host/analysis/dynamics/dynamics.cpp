// SPDX-License-Identifier: MIT
#include "analysis/dynamics/dynamics.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace shoal {

namespace {

Eigen::MatrixXd effective_weights(const NetworkModel& model) {
    const std::vector<double> values = effective_matrix(model);
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const RowMajor>(values.data(), model.units, model.units);
}

Eigen::VectorXd constant_drive(const NetworkModel& model, std::span<const double> constant_input) {
    check(constant_input.empty() || constant_input.size() == static_cast<std::size_t>(model.inputs),
          "one constant input per input of the network");
    Eigen::VectorXd drive = Eigen::VectorXd::Zero(model.units);
    if (!model.bias.empty()) {
        drive = Eigen::Map<const Eigen::VectorXd>(model.bias.data(), model.units);
    }
    for (std::size_t i = 0; i < constant_input.size(); ++i) {
        for (int unit = 0; unit < model.units; ++unit) {
            const std::size_t at = static_cast<std::size_t>(unit) * constant_input.size() + i;
            drive[unit] += model.input[at] * constant_input[i];
        }
    }
    return drive;
}

}  // namespace

Dynamics::Dynamics(Cell cell, double tau, double dt, Eigen::MatrixXd weights, Eigen::VectorXd drive,
                   std::optional<SystemKind> as)
    : cell_(cell),
      tau_(tau),
      dt_(dt),
      system_(as.value_or(system_of(tau, dt))),
      weights_(std::move(weights)),
      drive_(std::move(drive)) {
    check(weights_.rows() == weights_.cols() && weights_.rows() == drive_.size(),
          "a square matrix and a drive of the same size");
}

Dynamics::Dynamics(const NetworkModel& model, std::span<const double> constant_input,
                   std::optional<SystemKind> as)
    : Dynamics(model.cell, model.tau, model.dt, effective_weights(model),
               constant_drive(model, constant_input), as) {}

Eigen::VectorXd Dynamics::rates(const Eigen::VectorXd& x) const {
    return rates_of(cell_, x);
}

Eigen::VectorXd Dynamics::velocity(const Eigen::VectorXd& x) const {
    const Eigen::VectorXd recurrent = weights_ * rates(x) + drive_;
    return (targets_of(cell_, recurrent) - x) / tau_;
}

Eigen::VectorXd Dynamics::step(const Eigen::VectorXd& x) const {
    return x + dt_ * velocity(x);
}

Eigen::VectorXd Dynamics::squashed(const Eigen::VectorXd& x) const {
    return squashed_at(cell_, x, [&](const Eigen::VectorXd& r) { return weights_ * r + drive_; });
}

FlowJacobian Dynamics::flow_jacobian(const Eigen::VectorXd& x) const {
    FlowJacobian jacobian{jacobian_of(cell_, weights_, slopes_of(squashed(x)))};
    jacobian.matrix /= tau_;
    return jacobian;
}

MapJacobian Dynamics::map_jacobian(const Eigen::VectorXd& x) const {
    MapJacobian jacobian{dt_ * flow_jacobian(x).matrix, dt_};
    jacobian.matrix.diagonal().array() += 1.0;
    return jacobian;
}

double Dynamics::velocity_rounding(const Eigen::VectorXd& x) const {
    return zero_rounding(term_magnitudes(weights_.cwiseAbs(), rates(x), drive_, x)) / tau_;
}

Eigen::MatrixXd rates_of(const Dynamics& dynamics, const Eigen::MatrixXd& states) {
    return rates_of(dynamics.cell(), states);
}

std::vector<double> values_of(const Eigen::VectorXd& vector) {
    return {vector.begin(), vector.end()};
}

double rms(const Eigen::VectorXd& v) {
    return v.norm() / std::sqrt(static_cast<double>(v.size()));
}

}  // namespace shoal
