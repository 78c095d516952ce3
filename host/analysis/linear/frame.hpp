// SPDX-License-Identifier: MIT
// Frames of tangent vectors, carried along runs and kept orthonormal.
#pragma once

#include <Eigen/Core>

#include "core/random.hpp"

namespace shoal {

/// `count` columns of N(0, 1), drawn from (key, lyapunov_frame).
Eigen::MatrixXd random_frame(RandomKey key, Eigen::Index units, Eigen::Index count);

/// Modified Gram-Schmidt on the columns, in blocks of 16; returns the logarithms of the diagonal of
/// R. A column that depends on those before it exactly becomes 0, with the logarithm -infinity.
Eigen::VectorXd orthonormalize(Eigen::MatrixXd& frame);

}  // namespace shoal
