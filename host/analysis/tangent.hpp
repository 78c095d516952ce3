// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "analysis/dynamics.hpp"
#include "analysis/packed_matrix.hpp"

namespace shoal {

/// Advances a state and up to three tangent vectors together along the Euler map, in float64: the
/// tangents by the map's Jacobian at the state. One pass over W serves all of them. Written with
/// Highway for the best instruction set of the machine; the order of additions is the same on all
/// of them, the rounding of fused multiply-adds is not.
class TangentStepper {
  public:
    static constexpr int columns = PackedMatrix::columns;  ///< the state and three tangents

    TangentStepper(const Dynamics& dynamics, const Eigen::VectorXd& state,
                   const Eigen::MatrixXd& tangents);

    void advance(int steps);

    Eigen::VectorXd state() const;
    /// As many columns as were given.
    Eigen::MatrixXd tangents() const;
    void set_tangents(const Eigen::MatrixXd& tangents);

    /// What the kernel works on; rows padded as in PackedMatrix.
    struct Work {
        Cell cell = Cell::current;
        double rate = 0.0;  ///< dt / tau
        std::size_t units = 0;
        std::size_t rows = 0;  ///< units, padded
        PackedMatrix matrix;
        std::vector<double> drive;   ///< [row]
        std::vector<double> values;  ///< [column, row]: state, tangents
        std::vector<double> sent;    ///< [from, column]: what goes through W
        std::vector<double> got;     ///< [column, row]: W times that
    };

  private:
    Eigen::Index tangent_count_;
    Work work_;
};

}  // namespace shoal
