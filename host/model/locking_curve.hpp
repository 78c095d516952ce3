// SPDX-License-Identifier: MIT
// Where the map h <- tanh(alpha R(theta) h) of two units turns for ever (host/MATHEMATICS.md, B.3).
#pragma once

namespace shoal {

/// L(alpha), 1 <= alpha <= 10: for theta within L of a multiple of pi/2 the map has stable fixed
/// points or a cycle of period 2 or 4 (1:1, 1:2, 1:4 locking); outside it has none of them. To
/// within 1e-9.
double locking_angle(double alpha);

/// A pair drawn uniformly from the region without these lockings.
struct TurningPair {
    double alpha = 0.0;
    double theta = 0.0;
};
inline constexpr double least_alpha = 1.001;
inline constexpr double largest_alpha = 10.0;

/// The pair (alpha, theta) at `radius` and `angle`, both in (0, 1): uniform over least_alpha <=
/// alpha <= largest_alpha, theta in [L, pi/2 - L] or [pi/2 + L, pi - L] if both are uniform. alpha
/// is the inverse of its distribution function at `radius`. The same bits on every machine.
TurningPair turning_pair(double radius, double angle);

}  // namespace shoal
