// SPDX-License-Identifier: MIT
#include "analysis/linear/hessenberg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace shoal {

HessenbergSolver::HessenbergSolver(const Eigen::MatrixXd& matrix, std::complex<double> shift)
    : upper_(matrix.cast<std::complex<double>>()) {
    const Eigen::Index units = matrix.rows();
    upper_.diagonal().array() -= shift;
    const double least = std::numeric_limits<double>::epsilon() *
                         std::max(matrix.norm(), std::numeric_limits<double>::min() / 1e-10);
    for (Eigen::Index k = 0; k + 1 < units; ++k) {
        const Eigen::Index rest = units - k;
        const bool exchange = std::norm(upper_(k + 1, k)) > std::norm(upper_(k, k));
        if (exchange) {
            upper_.row(k).tail(rest).swap(upper_.row(k + 1).tail(rest));
        }
        if (std::abs(upper_(k, k)) < least) {
            upper_(k, k) = least;
        }
        const std::complex<double> multiplier = upper_(k + 1, k) / upper_(k, k);
        upper_.row(k + 1).tail(rest - 1) -= multiplier * upper_.row(k).tail(rest - 1);
        multipliers_.push_back(multiplier);
        exchanged_.push_back(exchange ? 1 : 0);
    }
    if (units > 0 && std::abs(upper_(units - 1, units - 1)) < least) {
        upper_(units - 1, units - 1) = least;
    }
}

Eigen::VectorXcd HessenbergSolver::solve(Eigen::VectorXcd b) const {
    const Eigen::Index units = upper_.rows();
    for (Eigen::Index k = 0; k + 1 < units; ++k) {
        const auto at = static_cast<std::size_t>(k);
        if (exchanged_[at] != 0) {
            std::swap(b[k], b[k + 1]);
        }
        b[k + 1] -= multipliers_[at] * b[k];
    }
    upper_.triangularView<Eigen::Upper>().solveInPlace(b);
    return b;
}

Eigen::VectorXcd HessenbergSolver::solve_transposed(Eigen::VectorXcd b) const {
    const Eigen::Index units = upper_.rows();
    upper_.transpose().triangularView<Eigen::Lower>().solveInPlace(b);
    for (Eigen::Index k = units - 2; k >= 0; --k) {
        const auto at = static_cast<std::size_t>(k);
        b[k] -= multipliers_[at] * b[k + 1];
        if (exchanged_[at] != 0) {
            std::swap(b[k], b[k + 1]);
        }
    }
    return b;
}

}  // namespace shoal
