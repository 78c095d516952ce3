// SPDX-License-Identifier: MIT
// Starts for the search of fixed points beside those that come from trajectories.
#pragma once

#include <Eigen/Core>

#include "analysis/dynamics/dynamics.hpp"
#include "core/random.hpp"

namespace shoal {

/// `count` random starts, [unit, start]. A draw a per start, uniform on (0, 1), and a standard
/// normal z per unit make x_i = a s_i z_i with s_i^2 = sum over j W_ij^2 + c_i^2, the size of a
/// unit's drive when all rates are +-1: near the origin and far out. Where cells squash drives,
/// states start at tanh(x).
Eigen::MatrixXd random_starts(const Dynamics& dynamics, int count, RandomKey key);

/// Noise on the states that searches start from beside the states themselves.
inline constexpr double start_noise = 0.5;

/// Every state `copies` times, with N(0, scale^2) added to each entry: [unit, copies x state].
Eigen::MatrixXd noisy_copies(const Eigen::MatrixXd& states, int copies, double scale,
                             RandomKey key);

/// The first `limit` columns of a shuffle if there are more columns; their order is kept.
Eigen::MatrixXd some_columns(const Eigen::MatrixXd& states, int limit, RandomKey key);

}  // namespace shoal
