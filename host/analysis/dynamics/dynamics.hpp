// SPDX-License-Identifier: MIT
// The autonomous dynamics of one network in float64: its velocity and its two Jacobians
// (model/cell_columns.hpp has the cell's part of both). W is the effective recurrent matrix
// (fed-back readouts folded in), c = W_in u + bias is held constant. Networks run as
// x(t+1) = x(t) + dt F(x(t)) with F = dx/dt. Unless told otherwise, with dt = tau that is a map in
// its own right, and its stability is that of the map; with dt < tau F is looked at as a flow, with
// dt recorded.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "model/cell_columns.hpp"
#include "model/network.hpp"
#include "model/system.hpp"

namespace shoal {

/// dF/dx of the flow, per unit of time. Stable directions have eigenvalues with real part < 0.
struct FlowJacobian {
    Eigen::MatrixXd matrix;
};

/// d x(t+1) / d x(t) = I + dt dF/dx of the map, per step. Stable directions have modulus < 1.
struct MapJacobian {
    Eigen::MatrixXd matrix;
    double dt = 0.0;
};

class Dynamics {
  public:
    /// `weights` is W, [to, from]; `drive` is c, [unit]; `as`: flow or map, nothing: system_of(tau,
    /// dt).
    Dynamics(Cell cell, double tau, double dt, Eigen::MatrixXd weights, Eigen::VectorXd drive,
             std::optional<SystemKind> as = {});
    /// The dynamics of a model with its readout fed back and the input held at `constant_input`
    /// ([input]; empty: 0).
    explicit Dynamics(const NetworkModel& model, std::span<const double> constant_input = {},
                      std::optional<SystemKind> as = {});

    Cell cell() const { return cell_; }
    double tau() const { return tau_; }
    /// Of the Euler step, whether it is the map or approximates the flow.
    double dt() const { return dt_; }
    SystemKind system() const { return system_; }
    bool is_map() const { return system_ == SystemKind::map; }
    Eigen::Index units() const { return weights_.rows(); }
    const Eigen::MatrixXd& weights() const { return weights_; }
    const Eigen::VectorXd& drive() const { return drive_; }

    /// r of a state.
    Eigen::VectorXd rates(const Eigen::VectorXd& x) const;
    /// dx/dt, for maps too (there dt F = Phi(x) - x).
    Eigen::VectorXd velocity(const Eigen::VectorXd& x) const;
    /// One Euler step.
    Eigen::VectorXd step(const Eigen::VectorXd& x) const;
    /// What the cell's squashing makes at a state (model/cell_columns.hpp).
    Eigen::VectorXd squashed(const Eigen::VectorXd& x) const;
    FlowJacobian flow_jacobian(const Eigen::VectorXd& x) const;
    MapJacobian map_jacobian(const Eigen::VectorXd& x) const;

    /// How large |velocity(x)|_2 may come out at an exact fixed point through rounding alone
    /// (zero_rounding() of the model).
    double velocity_rounding(const Eigen::VectorXd& x) const;

  private:
    Cell cell_;
    double tau_;
    double dt_;
    SystemKind system_;
    Eigen::MatrixXd weights_;
    Eigen::VectorXd drive_;
};

/// r of states [unit, state], column by column.
Eigen::MatrixXd rates_of(const Dynamics& dynamics, const Eigen::MatrixXd& states);

/// The entries of a vector, as records keep them.
std::vector<double> values_of(const Eigen::VectorXd& vector);

/// sqrt(mean over units of squares): sizes and distances of states that do not grow with N.
double rms(const Eigen::VectorXd& v);

}  // namespace shoal
