// SPDX-License-Identifier: MIT
// One equation whose zeros are the fixed points of every cell (the zero form of
// model/cell_columns.hpp).
//
//   G(x) = -x + W tanh(x) + c,    DG(x) = -I + W D(x),    D = diag(1 - tanh(x)^2)
//
// Where states are squashed, G = tau F. Where drives are, h = tanh(W h + c) holds if and only if
// x = W h + c is a zero of G and h = tanh(x). There tau DF(h) = -I + D W, which has the
// characteristic polynomial of -I + W D. So the zeros, their number, their indices sign det(-DF)
// and their spectra can all be had from G, and what is proved for G is proved for the network. Flow
// and map (dt F = Phi(x) - x) have the same zeros; their spectra are lambda / tau and
// 1 + dt lambda / tau for the eigenvalues lambda of DG.
#pragma once

#include <Eigen/Core>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

class ZeroForm {
  public:
    explicit ZeroForm(const Dynamics& dynamics)
        : dynamics_(dynamics), abs_weights_(dynamics.weights().cwiseAbs()) {}

    Eigen::Index units() const { return dynamics_.units(); }
    const Eigen::MatrixXd& weights() const { return dynamics_.weights(); }
    const Eigen::VectorXd& drive() const { return dynamics_.drive(); }
    /// |W|.
    const Eigen::MatrixXd& abs_weights() const { return abs_weights_; }
    /// No drive: G(-x) = -G(x).
    bool odd() const { return drive().isZero(0.0); }

    /// A state of the network as x of G, and back. Roots correspond one to one.
    Eigen::VectorXd from_state(const Eigen::VectorXd& state) const;
    Eigen::VectorXd to_state(const Eigen::VectorXd& x) const;
    /// Whether x is the state itself, and not its drive.
    bool is_state() const { return !squashes_drive(dynamics_.cell()); }

    /// tanh(x): the rates of a fixed point; column by column.
    Eigen::VectorXd rates(const Eigen::VectorXd& x) const;
    Eigen::MatrixXd rates(const Eigen::MatrixXd& x) const;
    Eigen::VectorXd residual(const Eigen::VectorXd& x) const;
    Eigen::MatrixXd jacobian(const Eigen::VectorXd& x) const;
    /// |x| + |W| |tanh(x)| + |c|.
    Eigen::VectorXd magnitudes(const Eigen::VectorXd& x) const;
    /// How large |residual(x)|_2 may come out at an exact zero (zero_rounding() of the model).
    double rounding(const Eigen::VectorXd& x) const;
    /// sup of |D(y) - D(x)| over |y - x| <= radius (infinity norm), rounded up; one entry a unit.
    Eigen::VectorXd slope_variations(const Eigen::VectorXd& x, double radius) const;

  private:
    const Dynamics& dynamics_;
    Eigen::MatrixXd abs_weights_;
};

}  // namespace shoal
