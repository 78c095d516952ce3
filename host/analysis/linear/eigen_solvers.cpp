// SPDX-License-Identifier: MIT
#include "analysis/linear/eigen_solvers.hpp"

namespace Eigen {

template EigenSolver<MatrixXd>& EigenSolver<MatrixXd>::compute<MatrixXd>(
    const EigenBase<MatrixXd>& matrix, bool vectors);
template SelfAdjointEigenSolver<MatrixXd>& SelfAdjointEigenSolver<MatrixXd>::compute<MatrixXd>(
    const EigenBase<MatrixXd>& matrix, int options);

}  // namespace Eigen
