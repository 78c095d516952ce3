// SPDX-License-Identifier: MIT
// Starts for the search of fixed points beside those that come from trajectories.
#pragma once

#include <Eigen/Core>

#include "analysis/dynamics/dynamics.hpp"
#include "core/random.hpp"

namespace shoal {

/// Random starts number first ... first + count - 1, [unit, start]. A draw a per start, uniform on
/// (0, 1), and a standard normal z per unit make x_i = a s_i z_i with s_i^2 = sum over j W_ij^2 +
/// c_i^2, the size of a unit's drive when all rates are +-1: near the origin and far out. Where
/// cells squash drives, states start at tanh(x).
Eigen::MatrixXd random_starts(const Dynamics& dynamics, int count, RandomKey key, int first = 0);

/// Starts in the subspaces that roots of structured networks live in, where random ones hardly
/// ever are: a root is x = W r + c with rates r within +-1, so that x - c has the component
/// u'x = sigma (v'r), at most sigma |v|_1, along the left singular vector u of a singular value
/// sigma. A start draws a scale, uniform on (0, 1), and along each of the leading 1, 2, 3, 5 or 8
/// directions in turn a component, uniform within the scale times that bound; c is added, and
/// where cells squash drives, the state is tanh of all that.
class DirectedStarts {
  public:
    /// The leading singular triplets by subspace iteration from random vectors (Halko, Martinsson
    /// & Tropp, SIAM Review 53, 2011).
    DirectedStarts(const Dynamics& dynamics, RandomKey key);

    /// Starts number first ... first + count - 1, [unit, start].
    Eigen::MatrixXd draw(int count, int first = 0) const;

  private:
    const Dynamics& dynamics_;
    RandomKey key_;
    Eigen::MatrixXd reaches_;  ///< sigma |v|_1 u, a column a direction
};

/// Half of them random, half directed, in turn.
Eigen::MatrixXd mixed_starts(const Dynamics& dynamics, int count, RandomKey key);

/// Noise on the states that searches start from beside the states themselves.
inline constexpr double start_noise = 0.5;

/// Every state `copies` times, with N(0, scale^2) added to each entry: [unit, copies x state].
Eigen::MatrixXd noisy_copies(const Eigen::MatrixXd& states, int copies, double scale,
                             RandomKey key);

/// The first `limit` columns of a shuffle if there are more columns; their order is kept.
Eigen::MatrixXd some_columns(const Eigen::MatrixXd& states, int limit, RandomKey key);

}  // namespace shoal
