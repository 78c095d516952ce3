// SPDX-License-Identifier: MIT
// The equations of one unit (equations.hpp) over vectors of units, for Highway. All functions are
// inlined: where the cell is a constant of the compiler, nothing is left of the question which one
// it is.
#if defined(SHOAL_MODEL_EQUATIONS) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_MODEL_EQUATIONS
#undef SHOAL_MODEL_EQUATIONS
#else
#define SHOAL_MODEL_EQUATIONS
#endif

// clang-format off
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "core/unroll.hpp"
#include "model/equations.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// x = tanh(x) of K vectors side by side, so that one's operations fill the other's waits. In float
/// as a ratio of polynomials of degree 13 and 6, exact to 2e-7 (coefficients as in Eigen's
/// generic_fast_tanh_float); NaN stays NaN.
template <int K, class D, class V>
HWY_INLINE void fast_tanh_all(D d, V (&x)[K], float) {
    const V limit = hn::Set(d, 7.90531110763549805f);
    V x2[K], p[K], q[K];
    const auto times_x2_plus = [&](V(&sum)[K], float next) HWY_ATTR {
        const V n = hn::Set(d, next);
        SHOAL_UNROLL
        for (int k = 0; k < K; ++k) {
            sum[k] = hn::MulAdd(sum[k], x2[k], n);
        }
    };
    SHOAL_UNROLL
    for (int k = 0; k < K; ++k) {
        x[k] = hn::IfThenElse(hn::Gt(hn::Abs(x[k]), limit), hn::CopySign(limit, x[k]), x[k]);
        x2[k] = hn::Mul(x[k], x[k]);
        p[k] = hn::Set(d, -2.76076847742355e-16f);
        q[k] = hn::Set(d, 1.19825839466702e-06f);
    }
    times_x2_plus(p, 2.00018790482477e-13f);
    times_x2_plus(p, -8.60467152213735e-11f);
    times_x2_plus(p, 5.12229709037114e-08f);
    times_x2_plus(q, 1.18534705686654e-04f);
    times_x2_plus(p, 1.48572235717979e-05f);
    times_x2_plus(q, 2.26843463243900e-03f);
    times_x2_plus(p, 6.37261928875436e-04f);
    times_x2_plus(q, 4.89352518554385e-03f);
    times_x2_plus(p, 4.89352455891786e-03f);
    SHOAL_UNROLL
    for (int k = 0; k < K; ++k) {
        x[k] = hn::Div(hn::Mul(x[k], p[k]), q[k]);
    }
}

template <int K, class D, class V>
HWY_INLINE void fast_tanh_all(D d, V (&x)[K], double) {
    for (V& one : x) {
        one = hn::Tanh(d, one);
    }
}

/// K vectors of states x become rates r(x).
template <int K, class D, class V>
HWY_INLINE void to_rates(Cell cell, D d, V (&x)[K]) {
    if (squashes_state(cell)) {
        fast_tanh_all(d, x, hn::TFromD<D>{});
    }
}
/// K vectors of drives a become what the states are drawn to.
template <int K, class D, class V>
HWY_INLINE void to_targets(Cell cell, D d, V (&a)[K]) {
    if (squashes_drive(cell)) {
        fast_tanh_all(d, a, hn::TFromD<D>{});
    }
}

/// x(t+1) from x(t) and the target of a(t); `step` is dt / tau.
template <class V>
HWY_INLINE V step_towards(V x, V target, V step) {
    return hn::MulAdd(step, hn::Sub(target, x), x);
}

/// 1 - s^2: the slope of tanh where it is s.
template <class D, class V>
HWY_INLINE V squash_slope(D d, V s) {
    return hn::NegMulAdd(s, s, hn::Set(d, hn::TFromD<D>{1}));
}
/// lambda + dL/dr dr/dx, from dL/dr and r.
template <class D, class V>
HWY_INLINE V add_through_rate(Cell cell, D d, V lambda, V slope, V rate) {
    return squashes_state(cell) ? hn::MulAdd(squash_slope(d, rate), slope, lambda)
                                : hn::Add(lambda, slope);
}
/// slope d target / d a, from the target.
template <class D, class V>
HWY_INLINE V through_target(Cell cell, D d, V slope, V target) {
    return squashes_drive(cell) ? hn::Mul(slope, squash_slope(d, target)) : slope;
}

/// Calls f(std::integral_constant<Cell, C>()) for C = cell: what f does is compiled once per cell.
template <class F>
HWY_INLINE void with_constant_cell(Cell cell, const F& f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) HWY_ATTR {
        ((cell == all_values<Cell>[i] ? f(std::integral_constant<Cell, all_values<Cell>[i]>())
                                      : void()),
         ...);
    }
    (std::make_index_sequence<all_values<Cell>.size()>());
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_MODEL_EQUATIONS
