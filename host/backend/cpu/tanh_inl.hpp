// SPDX-License-Identifier: MIT
#if defined(SHOAL_BACKEND_CPU_TANH) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_TANH
#undef SHOAL_BACKEND_CPU_TANH
#else
#define SHOAL_BACKEND_CPU_TANH
#endif

// clang-format off
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "backend/cpu/simd_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

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

/// tanh of one vector of T.
template <typename T, class D, class V>
HWY_INLINE V fast_tanh(D d, V x, T) {
    V one[1] = {x};
    fast_tanh_all(d, one, T{});
    return one[0];
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_TANH
