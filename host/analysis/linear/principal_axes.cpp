// SPDX-License-Identifier: MIT
#include "analysis/linear/principal_axes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/linear/eigen_solvers.hpp"

namespace shoal {

PrincipalAxes principal_axes(const Eigen::MatrixXd& rates) {
    PrincipalAxes result;
    result.mean = rates.rowwise().mean();
    const Eigen::MatrixXd centred = rates.colwise() - result.mean;
    const Eigen::MatrixXd covariance =
        centred * centred.transpose() / static_cast<double>(rates.cols());
    const Eigen::Index count = std::min(shown_components, rates.rows());
    result.axes = Eigen::MatrixXd::Zero(rates.rows(), count);
    result.variance_explained.assign(static_cast<std::size_t>(count), 0.0);
    const double total = covariance.trace();
    if (!std::isfinite(total) || !(total > 0.0)) {
        return result;
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    if (solver.info() != Eigen::Success) {
        return result;
    }
    for (Eigen::Index k = 0; k < count; ++k) {
        const Eigen::Index at = rates.rows() - 1 - k;  // eigenvalues ascend
        const Eigen::VectorXd axis = solver.eigenvectors().col(at);
        Eigen::Index largest = 0;
        axis.cwiseAbs().maxCoeff(&largest);
        result.axes.col(k) = axis[largest] < 0.0 ? Eigen::VectorXd(-axis) : axis;
        result.variance_explained[static_cast<std::size_t>(k)] =
            std::max(0.0, solver.eigenvalues()[at]) / total;
    }
    return result;
}

}  // namespace shoal
