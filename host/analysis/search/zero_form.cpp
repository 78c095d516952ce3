// SPDX-License-Identifier: MIT
#include "analysis/search/zero_form.hpp"

namespace shoal {

Eigen::VectorXd ZeroForm::from_state(const Eigen::VectorXd& state) const {
    return zero_of_state(dynamics_.cell(), weights(), drive(), state);
}

Eigen::VectorXd ZeroForm::to_state(const Eigen::VectorXd& x) const {
    return targets_of(dynamics_.cell(), x);
}

Eigen::VectorXd ZeroForm::rates(const Eigen::VectorXd& x) const {
    return zero_rates(dynamics_.cell(), x);
}

Eigen::MatrixXd ZeroForm::rates(const Eigen::MatrixXd& x) const {
    return zero_rates(dynamics_.cell(), x);
}

Eigen::VectorXd ZeroForm::residual(const Eigen::VectorXd& x) const {
    return weights() * rates(x) + drive() - x;
}

Eigen::MatrixXd ZeroForm::jacobian(const Eigen::VectorXd& x) const {
    const Eigen::VectorXd slope = slopes_of(rates(x));
    Eigen::MatrixXd result(units(), units());
    for (Eigen::Index from = 0; from < units(); ++from) {
        result.col(from) = weights().col(from) * slope[from];
    }
    result.diagonal().array() -= 1.0;
    return result;
}

Eigen::VectorXd ZeroForm::magnitudes(const Eigen::VectorXd& x) const {
    return term_magnitudes(abs_weights_, rates(x), drive(), x);
}

double ZeroForm::rounding(const Eigen::VectorXd& x) const {
    return zero_rounding(magnitudes(x));
}

Eigen::VectorXd ZeroForm::slope_variations(const Eigen::VectorXd& x, double radius) const {
    return x.unaryExpr([radius](double centre) { return slope_variation(centre, radius); });
}

}  // namespace shoal
