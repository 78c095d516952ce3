// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

namespace shoal {

/// Principal components kept for pictures.
inline constexpr Eigen::Index shown_components = 3;

struct PrincipalAxes {
    Eigen::VectorXd mean;                    ///< [unit]
    Eigen::MatrixXd axes;                    ///< one per column, largest variance first
    std::vector<double> variance_explained;  ///< [component], shares

    /// One column of components per column of rates.
    Eigen::MatrixXd scores(const Eigen::MatrixXd& rates) const {
        return axes.transpose() * (rates.colwise() - mean);
    }
};

/// Principal axes of the rates, one sample per column: at most shown_components. The loading of
/// largest magnitude is positive (the first of equals), which fixes the sign. Rates that do not
/// vary, or are not finite, have axes 0.
PrincipalAxes principal_axes(const Eigen::MatrixXd& rates);

}  // namespace shoal
