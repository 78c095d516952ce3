// SPDX-License-Identifier: MIT
// Eigen's eigenvalue solvers of real matrices, instantiated once (eigen_solvers.cpp): each takes
// half a minute to compile. They are given matrices, not expressions.
#pragma once

#include <Eigen/Eigenvalues>

namespace Eigen {

extern template EigenSolver<MatrixXd>& EigenSolver<MatrixXd>::compute<MatrixXd>(
    const EigenBase<MatrixXd>& matrix, bool vectors);
extern template SelfAdjointEigenSolver<MatrixXd>&
SelfAdjointEigenSolver<MatrixXd>::compute<MatrixXd>(const EigenBase<MatrixXd>& matrix, int options);

}  // namespace Eigen
