// SPDX-License-Identifier: MIT
#include "analysis/search/zero_form.hpp"

#include "analysis/linear/rounding.hpp"

namespace shoal {

Eigen::VectorXd ZeroForm::from_state(const Eigen::VectorXd& state) const {
    if (dynamics_.cell() == Cell::current) {
        return state;
    }
    return weights() * state + drive();
}

Eigen::VectorXd ZeroForm::to_state(const Eigen::VectorXd& x) const {
    return dynamics_.cell() == Cell::current ? x : tanh_of(x);
}

Eigen::VectorXd ZeroForm::residual(const Eigen::VectorXd& x) const {
    return weights() * tanh_of(x) + drive() - x;
}

Eigen::MatrixXd ZeroForm::jacobian(const Eigen::VectorXd& x) const {
    const Eigen::VectorXd slope = 1.0 - tanh_of(x).array().square();
    Eigen::MatrixXd result(units(), units());
    for (Eigen::Index from = 0; from < units(); ++from) {
        result.col(from) = weights().col(from) * slope[from];
    }
    result.diagonal().array() -= 1.0;
    return result;
}

double ZeroForm::rounding(const Eigen::VectorXd& x) const {
    const Eigen::VectorXd magnitude =
        x.cwiseAbs() + weights().cwiseAbs() * tanh_of(x).cwiseAbs() + drive().cwiseAbs();
    return (static_cast<double>(units()) + 3.0) * unit_roundoff * magnitude.norm();
}

}  // namespace shoal
