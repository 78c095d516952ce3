// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

namespace shoal {

/// H - shift I of an upper Hessenberg matrix, factored by elimination with exchanges of
/// neighbouring rows, in N^2 / 2 complex operations. A vanishing pivot is replaced by one of
/// rounding size, so that solving with the shift at an eigenvalue is one step of inverse iteration.
class HessenbergSolver {
  public:
    HessenbergSolver(const Eigen::MatrixXd& matrix, std::complex<double> shift);

    /// x of (H - shift I) x = b.
    Eigen::VectorXcd solve(Eigen::VectorXcd b) const;
    /// y of (H - shift I)' y = b, not conjugated.
    Eigen::VectorXcd solve_transposed(Eigen::VectorXcd b) const;

  private:
    using RowMajor =
        Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    RowMajor upper_;
    std::vector<std::complex<double>> multipliers_;
    std::vector<char> exchanged_;
};

}  // namespace shoal
