// SPDX-License-Identifier: MIT
// Bounds of rounding errors (Higham, Accuracy and Stability of Numerical Algorithms, 2002).
#pragma once

#include <Eigen/Core>

namespace shoal {

inline constexpr double unit_roundoff = 0x1p-53;
/// Covers the roundings of a bound that is a sum of up to 10^9 terms, none negative.
inline constexpr double outward = 1.001;
inline constexpr double underflow = 1e-290;
/// The largest absolute error of 1 - tanh(x)^2 from std::tanh: relative errors of 8 u in tanh (16 u
/// in its square), u from squaring and u from subtracting, with two more for their products.
inline constexpr double slope_rounding = 20.0 * unit_roundoff;

/// n u / (1 - n u).
inline double gamma_bound(Eigen::Index terms) {
    const double nu = static_cast<double>(terms) * unit_roundoff;
    return nu / (1.0 - nu);
}

/// Largest entry; NaN if there is one, so that a comparison with it fails.
inline double largest(const Eigen::VectorXd& v) {
    return v.size() == 0 ? 0.0 : v.maxCoeff<Eigen::PropagateNaN>();
}

}  // namespace shoal
