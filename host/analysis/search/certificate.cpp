// SPDX-License-Identifier: MIT
#include "analysis/search/certificate.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/linear/packed_matrix.hpp"
#include "core/rounding.hpp"

namespace shoal {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double largest_contraction = 0.99;
constexpr int bisections = 30;

/// The bounds of the header at one approximation.
class Bounds {
  public:
    Bounds(const ZeroForm& form, const VectorXd& x, const MatrixXd& inverse);

    double residual() const { return residual_; }
    double step() const { return step_; }
    double defect() const { return defect_; }
    /// k(r).
    double contraction(double radius) const;
    /// |A| v, rounded up.
    double weighted(const VectorXd& v) const { return outward * largest(abs_inverse_ * v); }
    /// What |M - DG(x0)| adds to row sums: |W| slope_rounding and the roundings of M.
    VectorXd jacobian_error() const { return jacobian_error_; }

  private:
    const ZeroForm& form_;
    VectorXd x_;
    MatrixXd abs_inverse_;
    MatrixXd abs_product_;  ///< |B|
    VectorXd jacobian_error_;
    double residual_ = 0.0;
    double step_ = 0.0;
    double defect_ = 0.0;
};

Bounds::Bounds(const ZeroForm& form, const VectorXd& x, const MatrixXd& inverse)
    : form_(form), x_(x), abs_inverse_(inverse.cwiseAbs()) {
    const MatrixXd& abs_weights = form.abs_weights();
    const Index n = form.units();
    const VectorXd slope = slopes_of(form.rates(x));
    const VectorXd ones = VectorXd::Ones(n);

    const VectorXd residuals =
        outward * (form.residual(x).cwiseAbs() + gamma_bound(n + 12) * form.magnitudes(x) +
                   VectorXd::Constant(n, underflow));
    residual_ = largest(residuals);
    step_ = weighted(residuals);

    const MatrixXd product = multiply(PackedMatrix(inverse), form.weights());
    MatrixXd difference = inverse - product * slope.asDiagonal();
    difference.diagonal().array() += 1.0;
    abs_product_ = product.cwiseAbs();
    const VectorXd row_product = abs_product_ * ones;
    const VectorXd row_inverse = abs_inverse_ * ones;
    const VectorXd largest_slope = slope.array() + slope_rounding;
    const VectorXd defects = difference.cwiseAbs() * ones +
                             gamma_bound(n) * (abs_inverse_ * (abs_weights * largest_slope)) +
                             slope_rounding * row_product +
                             4.0 * unit_roundoff * (ones + row_inverse + row_product) +
                             VectorXd::Constant(n, underflow);
    defect_ = outward * largest(defects);

    jacobian_error_ = outward * (slope_rounding * (abs_weights * ones) +
                                 4.0 * unit_roundoff * (abs_weights * largest_slope + ones));
}

double Bounds::contraction(double radius) const {
    const VectorXd variation = form_.slope_variations(x_, radius);
    const VectorXd rows =
        abs_product_ * variation +
        gamma_bound(x_.size()) * (abs_inverse_ * (form_.abs_weights() * variation));
    return outward * (defect_ + largest(rows) + underflow);
}

/// Whether the ball of this radius is mapped into itself by a contraction.
bool holds(const Bounds& bounds, double radius) {
    const double k = bounds.contraction(radius);
    return k <= largest_contraction && outward * (bounds.step() + k * radius) <= radius;
}

/// A small radius that holds, or -1.
double smallest_radius(const Bounds& bounds) {
    double radius = 1.1 * bounds.step() / (1.0 - bounds.defect());
    for (int attempt = 0; attempt < 20; ++attempt, radius *= 2.0) {
        if (holds(bounds, radius)) {
            return radius;
        }
    }
    return -1.0;
}

/// Near the largest radius that holds, given one that does.
double largest_radius(const Bounds& bounds, double low) {
    double high = std::max(2.0 * low, 4.0);
    for (int i = 0; i < bisections && high > 1.02 * low; ++i) {
        const double middle = high > 100.0 * low ? std::sqrt(low * high) : 0.5 * (low + high);
        (holds(bounds, middle) ? low : high) = middle;
    }
    return low;
}

int proved_sign(const Bounds& bounds, const LuFactors& factors) {
    const MatrixXd packed = factors.packed();
    const Index n = packed.rows();
    const VectorXd upper =
        packed.triangularView<Eigen::Upper>().toDenseMatrix().cwiseAbs() * VectorXd::Ones(n);
    const VectorXd both =
        packed.triangularView<Eigen::UnitLower>().toDenseMatrix().cwiseAbs() * upper;
    VectorXd error = bounds.jacobian_error();
    for (Index k = 0; k < n; ++k) {
        error[factors.rows()[static_cast<std::size_t>(k)]] +=
            outward * gamma_bound(n + 2) * both[k];
    }
    return bounds.defect() + bounds.weighted(error) < 1.0 / outward ? factors.sign() : 0;
}

}  // namespace

Certificate certify(const ZeroForm& form, const VectorXd& x, const LuFactors& factors) {
    Certificate certificate;
    certificate.inverse = factors.inverse();
    if (!x.allFinite() || !certificate.inverse.allFinite()) {
        return certificate;
    }
    const Bounds bounds(form, x, certificate.inverse);
    certificate.residual = bounds.residual();
    if (!(bounds.defect() < largest_contraction)) {
        return certificate;
    }
    certificate.existence = smallest_radius(bounds);
    certificate.proved = certificate.existence > 0.0;
    if (certificate.proved) {
        certificate.uniqueness = largest_radius(bounds, certificate.existence);
        certificate.contraction = bounds.contraction(certificate.uniqueness);
        const int sign = proved_sign(bounds, factors);
        certificate.index = form.units() % 2 == 0 ? sign : -sign;
    }
    return certificate;
}

Certificate certify(const ZeroForm& form, const VectorXd& x) {
    return certify(form, x, LuFactors(form.jacobian(x)));
}

double largest(const VectorXd& v) {
    return v.size() == 0 ? 0.0 : v.maxCoeff<Eigen::PropagateNaN>();
}

StateRadii state_radii(const Certificate& certificate, const ZeroForm& form) {
    if (!certificate.proved) {
        return {};
    }
    if (form.is_state()) {
        return {certificate.existence, certificate.uniqueness};
    }
    // tanh is off by at most 8 u where h0 was computed from x0.
    StateRadii radii;
    radii.existence = outward * (certificate.existence + 8.0 * unit_roundoff);
    const double norm = outward * largest(form.abs_weights().rowwise().sum());
    const double left = certificate.uniqueness / outward - outward * certificate.residual;
    if (left > outward * norm * radii.existence) {
        radii.uniqueness = left / (outward * std::max(norm, underflow));
    }
    return radii;
}

}  // namespace shoal
