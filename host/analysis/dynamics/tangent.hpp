// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/linear/packed_matrix.hpp"

namespace shoal {

/// Advances a state and any number of tangent vectors together, in float64: along the Euler map,
/// the tangents by the map's Jacobian at the state, or along the flow. One pass over W serves the
/// state and three tangents, each further pass four tangents. Written with Highway for the best
/// instruction set of the machine; the order of additions is the same on all of them, the rounding
/// of fused multiply-adds is not. A column's bits do not depend on how many others there are.
class TangentStepper {
  public:
    TangentStepper(const Dynamics& dynamics, const Eigen::VectorXd& state,
                   const Eigen::MatrixXd& tangents);

    /// Steps of the Euler map.
    void advance(int steps);
    /// The same; column t of `slopes` ([unit, step], contiguous) receives the slopes that the
    /// Jacobian of step t is made of (model/cell_columns.hpp).
    void advance(int steps, Eigen::MatrixXd& slopes);
    /// Steps of length `step` of the classical Runge-Kutta method of order 4 for dx/dt = F(x) and,
    /// for the tangents, dv/dt = dF/dx v: the exact tangents of the discretised flow.
    void advance_flow(int steps, double step);

    Eigen::VectorXd state() const;
    /// As many columns as were given.
    Eigen::MatrixXd tangents() const;
    void set_state(const Eigen::VectorXd& state);
    void set_tangents(const Eigen::MatrixXd& tangents);

    /// What the kernel works on; rows padded as in PackedMatrix.
    struct Work {
        Cell cell{};
        double rate = 0.0;  ///< dt / tau
        std::size_t units = 0;
        std::size_t rows = 0;    ///< units, padded
        std::size_t groups = 0;  ///< of PackedMatrix::columns columns; unused columns are 0
        PackedMatrix matrix;
        std::vector<double> drive;   ///< [row]
        std::vector<double> values;  ///< [column, row]: state, tangents
        std::vector<double> sent;    ///< [group, from, column of group]: what goes through W
        std::vector<double> got;     ///< [column, row]: W times that, then tau d/dt of the values
        std::vector<double> slopes;  ///< [unit]: of what the cell squashes
        std::vector<double> base;    ///< [column, row]: values at the start of a Runge-Kutta step
        std::vector<double> sum;     ///< [column, row]: weighted sum of its slopes
    };

  private:
    Eigen::Index tangent_count_;
    double tau_;
    Work work_;
};

}  // namespace shoal
