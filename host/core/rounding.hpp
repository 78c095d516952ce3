// SPDX-License-Identifier: MIT
// Bounds of rounding errors in double (Higham, Accuracy and Stability of Numerical Algorithms,
// 2002).
#pragma once

#include <cstddef>

namespace shoal {

inline constexpr double unit_roundoff = 0x1p-53;
/// Covers the roundings of a bound that is a sum of up to 10^9 terms, none negative.
inline constexpr double outward = 1.001;
inline constexpr double underflow = 1e-290;

/// n u / (1 - n u).
inline double gamma_bound(std::ptrdiff_t terms) {
    const double nu = static_cast<double>(terms) * unit_roundoff;
    return nu / (1.0 - nu);
}

}  // namespace shoal
