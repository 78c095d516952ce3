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

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// tanh in float as a ratio of polynomials of degree 13 and 6, exact to 2e-7 (coefficients as in
/// Eigen's generic_fast_tanh_float); NaN stays NaN.
template <class D, class V>
HWY_INLINE V fast_tanh(D d, V x, float) {
    const V limit = hn::Set(d, 7.90531110763549805f);
    const V clamped = hn::IfThenElse(hn::Gt(hn::Abs(x), limit), hn::CopySign(limit, x), x);
    const V x2 = hn::Mul(clamped, clamped);
    V p = hn::Set(d, -2.76076847742355e-16f);
    p = hn::MulAdd(p, x2, hn::Set(d, 2.00018790482477e-13f));
    p = hn::MulAdd(p, x2, hn::Set(d, -8.60467152213735e-11f));
    p = hn::MulAdd(p, x2, hn::Set(d, 5.12229709037114e-08f));
    p = hn::MulAdd(p, x2, hn::Set(d, 1.48572235717979e-05f));
    p = hn::MulAdd(p, x2, hn::Set(d, 6.37261928875436e-04f));
    p = hn::MulAdd(p, x2, hn::Set(d, 4.89352455891786e-03f));
    V q = hn::Set(d, 1.19825839466702e-06f);
    q = hn::MulAdd(q, x2, hn::Set(d, 1.18534705686654e-04f));
    q = hn::MulAdd(q, x2, hn::Set(d, 2.26843463243900e-03f));
    q = hn::MulAdd(q, x2, hn::Set(d, 4.89352518554385e-03f));
    return hn::Div(hn::Mul(clamped, p), q);
}

template <class D, class V>
HWY_INLINE V fast_tanh(D d, V x, double) {
    return hn::Tanh(d, x);
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_TANH
