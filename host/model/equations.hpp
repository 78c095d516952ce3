// SPDX-License-Identifier: MIT
// The equations of one unit (host/MATHEMATICS.md, A.2, B.4), one text for host and device. Products
// that are added are fused explicitly, so that every compiler and device gives the same bits.
// equations_inl.hpp has them over vectors of units, cell_columns.hpp over columns of states.
#pragma once

#include <cmath>

#include "config/spec.hpp"
#include "core/qualifiers.hpp"

namespace shoal {

/// A state or output beyond this magnitude counts as diverged (with NaN and infinity).
inline constexpr double divergence_limit = 1e4;

/// a b + c with one rounding.
SHOAL_HD inline float fused(float a, float b, float c) {
    return fmaf(a, b, c);
}
SHOAL_HD inline double fused(double a, double b, double c) {
    return fma(a, b, c);
}

/// tanh in float as a ratio of polynomials of degree 13 and 6, exact to 2e-7 (coefficients as in
/// Eigen's generic_fast_tanh_float); NaN stays NaN. Same bits on host and device.
SHOAL_HD inline float unit_tanh(float x) {
    constexpr float limit = 7.90531110763549805f;
    const float low = x < -limit ? -limit : x;
    const float clamped = low > limit ? limit : low;
    const float x2 = clamped * clamped;
    float p = -2.76076847742355e-16f;
    p = fused(p, x2, 2.00018790482477e-13f);
    p = fused(p, x2, -8.60467152213735e-11f);
    p = fused(p, x2, 5.12229709037114e-08f);
    p = fused(p, x2, 1.48572235717979e-05f);
    p = fused(p, x2, 6.37261928875436e-04f);
    p = fused(p, x2, 4.89352455891786e-03f);
    float q = 1.19825839466702e-06f;
    q = fused(q, x2, 1.18534705686654e-04f);
    q = fused(q, x2, 2.26843463243900e-03f);
    q = fused(q, x2, 4.89352518554385e-03f);
    return clamped * p / q;
}
/// tanh in double, by the mathematical library of host or device: not the same bits on both.
SHOAL_HD inline double unit_tanh(double x) {
    return tanh(x);
}

/// Whether the rates of a cell are its squashed states, r = tanh(x); else r = x.
SHOAL_HD constexpr bool squashes_state(Cell cell) {
    return cell == Cell::current;
}
/// Whether a cell is drawn to its squashed drive, tanh(a); else to a.
SHOAL_HD constexpr bool squashes_drive(Cell cell) {
    return cell == Cell::rate;
}

/// How cells squash, unless somebody has another tanh.
struct UnitTanh {
    template <typename T>
    SHOAL_HD T operator()(T x) const {
        return unit_tanh(x);
    }
};
/// 1 - s^2: the slope of tanh where it is s.
template <typename T>
SHOAL_HD T squash_slope(T s) {
    return fused(-s, s, T{1});
}

/// r(x).
template <typename T, class Tanh = UnitTanh>
SHOAL_HD T rate_of(Cell cell, T x, Tanh tanh = {}) {
    return squashes_state(cell) ? tanh(x) : x;
}
/// What the state is drawn to, from the total drive a.
template <typename T, class Tanh = UnitTanh>
SHOAL_HD T target_of(Cell cell, T drive, Tanh tanh = {}) {
    return squashes_drive(cell) ? tanh(drive) : drive;
}
/// x(t+1) from x(t) and the target of a(t); `step` is dt / tau.
template <typename T>
SHOAL_HD T step_towards(T x, T target, T step) {
    return fused(step, target - x, x);
}
/// x(t+1) from x(t) and the total drive a(t).
template <typename T>
SHOAL_HD T next_state(Cell cell, T x, T drive, T step) {
    return step_towards(x, target_of(cell, drive), step);
}

/// dL/dx = dL/dr dr/dx, from dL/dr and r.
template <typename T>
SHOAL_HD T through_rate(Cell cell, T slope, T rate) {
    return squashes_state(cell) ? slope * squash_slope(rate) : slope;
}
/// d target / d a, from the target.
template <typename T>
SHOAL_HD T target_slope(Cell cell, T target) {
    return squashes_drive(cell) ? squash_slope(target) : T{1};
}

/// Whether a state or output counts as in range; NaN does not.
template <typename T>
SHOAL_HD bool in_range(T value) {
    constexpr auto limit = static_cast<T>(divergence_limit);
    return value <= limit && value >= -limit;
}

}  // namespace shoal
