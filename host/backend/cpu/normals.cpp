// SPDX-License-Identifier: MIT
// Compiled once per instruction set, as kernels.cpp.
#include "backend/cpu/normals.hpp"

#include <algorithm>

#include "backend/cpu/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/normals.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

#if HWY_NATIVE_FMA  // without it fma is a call into the mathematical library, one number at a time

namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;
using Words = hn::RebindToUnsigned<Doubles>;  // 32 random bits in each lane of 64
using Double = hn::Vec<Doubles>;
using Word = hn::Vec<Words>;

/// Product of the lower halves of each lane.
HWY_INLINE Word multiply(Word a, Word b) {
    const hn::Repartition<std::uint32_t, Words> halves;
    return hn::MulEven(hn::BitCast(halves, a), hn::BitCast(halves, b));
}

struct Four {
    Word word[4];
};

/// philox4x32 for a vector of blocks (core/random.hpp).
HWY_INLINE Four philox(RandomKey key, Four c) {
    const Words d;
    const Word low = hn::Set(d, 0xFFFFFFFFull);
    const Word first = hn::Set(d, 0xD2511F53ull);
    const Word second = hn::Set(d, 0xCD9E8D57ull);
    std::uint32_t key0 = key.seed;
    std::uint32_t key1 = key.replicate;
    for (int round = 0; round < 10; ++round) {
        const Word a = multiply(first, c.word[0]);
        const Word b = multiply(second, c.word[2]);
        c = {{hn::Xor(hn::Xor(hn::ShiftRight<32>(b), c.word[1]), hn::Set(d, std::uint64_t{key0})),
              hn::And(b, low),
              hn::Xor(hn::Xor(hn::ShiftRight<32>(a), c.word[3]), hn::Set(d, std::uint64_t{key1})),
              hn::And(a, low)}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c;
}

/// Lanes below 2^52 as doubles, exactly.
HWY_INLINE Double to_double(Word x) {
    const Doubles d;
    const Words bits;
    const Word two52 = hn::Set(bits, 0x4330000000000000ull);
    return hn::Sub(hn::BitCast(d, hn::Or(x, two52)), hn::Set(d, 0x1p52));
}

/// Horner's rule, the highest coefficient first.
template <std::size_t N>
HWY_INLINE Double polynomial(const double (&coefficients)[N], Double x) {
    const Doubles d;
    Double sum = hn::Set(d, coefficients[0]);
    for (std::size_t i = 1; i < N; ++i) {
        sum = hn::MulAdd(sum, x, hn::Set(d, coefficients[i]));
    }
    return sum;
}

/// portable_log, operation by operation (core/random.hpp).
HWY_INLINE Double log_of(Double x) {
    const Doubles d;
    const Words bits;
    const Double one = hn::Set(d, 1.0);
    const Word pattern = hn::BitCast(bits, x);
    Double e = hn::Sub(to_double(hn::ShiftRight<52>(pattern)), hn::Set(d, 1023.0));
    Double m = hn::BitCast(d, hn::Or(hn::And(pattern, hn::Set(bits, 0x000FFFFFFFFFFFFFull)),
                                     hn::Set(bits, 0x3FF0000000000000ull)));
    const auto large = hn::Gt(m, hn::Set(d, 1.4142135623730951));
    m = hn::IfThenElse(large, hn::Mul(m, hn::Set(d, 0.5)), m);
    e = hn::IfThenElse(large, hn::Add(e, one), e);
    const Double s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
    const Double s2 = hn::Mul(s, s);
    static constexpr double series[] = {1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0,
                                        1.0 / 11.0, 1.0 / 9.0,  1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0};
    const Double twice = hn::Mul(hn::Set(d, 2.0), s);
    const Double log_m = hn::MulAdd(twice, hn::Mul(s2, polynomial(series, s2)), twice);
    return hn::MulAdd(e, hn::Set(d, 6.93147180369123816490e-01),
                      hn::MulAdd(e, hn::Set(d, 1.90821492927058770002e-10), log_m));
}

/// standard_normal, operation by operation (core/random.hpp).
HWY_INLINE Double normal(Word word) {
    static constexpr double middle_num[] = {2.5090809287301226727e+3, 3.3430575583588128105e+4,
                                            6.7265770927008700853e+4, 4.5921953931549871457e+4,
                                            1.3731693765509461125e+4, 1.9715909503065514427e+3,
                                            1.3314166789178437745e+2, 3.3871328727963666080e+0};
    static constexpr double middle_den[] = {5.2264952788528545610e+3, 2.8729085735721942674e+4,
                                            3.9307895800092710610e+4, 2.1213794301586595867e+4,
                                            5.3941960214247511077e+3, 6.8718700749205790830e+2,
                                            4.2313330701600911252e+1, 1.0};
    static constexpr double tail_num[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                          2.41780725177450611770e-1, 1.27045825245236838258e+0,
                                          3.64784832476320460504e+0, 5.76949722146069140550e+0,
                                          4.63033784615654529590e+0, 1.42343711074968357734e+0};
    static constexpr double tail_den[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                          1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                          6.89767334985100004550e-1, 1.67638483018380384940e+0,
                                          2.05319162663775882187e+0, 1.0};
    const Doubles d;
    const Double p = hn::Mul(hn::Add(to_double(word), hn::Set(d, 0.5)), hn::Set(d, 0x1p-32));
    const Double q = hn::Sub(p, hn::Set(d, 0.5));
    const Double r = hn::NegMulAdd(q, q, hn::Set(d, 0.180625));
    const Double middle = hn::Mul(q, hn::Div(polynomial(middle_num, r), polynomial(middle_den, r)));
    const auto negative = hn::Lt(q, hn::Zero(d));
    const Double tail = hn::IfThenElse(negative, p, hn::Sub(hn::Set(d, 1.0), p));
    const Double root = hn::Sub(hn::Sqrt(hn::Neg(log_of(tail))), hn::Set(d, 1.6));
    const Double z = hn::Div(polynomial(tail_num, root), polynomial(tail_den, root));
    return hn::IfThenElse(hn::Le(hn::Abs(q), hn::Set(d, 0.425)), middle,
                          hn::IfThenElse(negative, hn::Neg(z), z));
}

template <typename T>
void draw(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step, int count,
          T* out) {
    const Doubles d;
    const Words bits;
    const int lanes = static_cast<int>(hn::Lanes(d));
    HWY_ALIGN double buffer[4 * HWY_MAX_BYTES / sizeof(double)];
    for (int at = 0; at < count; at += 4 * lanes) {
        const Four words =
            philox(key, {{hn::Iota(bits, static_cast<std::uint64_t>(at / 4)),
                          hn::Set(bits, std::uint64_t{step}), hn::Set(bits, std::uint64_t{trial}),
                          hn::Set(bits, static_cast<std::uint64_t>(purpose))}});
        hn::StoreInterleaved4(normal(words.word[0]), normal(words.word[1]), normal(words.word[2]),
                              normal(words.word[3]), d, buffer);
        const int some = std::min(4 * lanes, count - at);
        for (int i = 0; i < some; ++i) {
            out[at + i] = static_cast<T>(buffer[i]);
        }
    }
}

#else

template <typename T>
void draw(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step, int count,
          T* out) {
    for (int i = 0; i < count; ++i) {
        const auto index = static_cast<std::uint32_t>(i);
        out[i] = static_cast<T>(standard_normal(random_bits(key, purpose, trial, step, index)));
    }
}

#endif

void draw_floats(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step, int count,
                 float* out) {
    draw(key, purpose, trial, step, count, out);
}
void draw_doubles(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step,
                  int count, double* out) {
    draw(key, purpose, trial, step, count, out);
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace shoal::cpu {

HWY_EXPORT(draw_floats);
HWY_EXPORT(draw_doubles);

void standard_normals(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step,
                      int count, float* out) {
    HWY_DYNAMIC_DISPATCH(draw_floats)(key, purpose, trial, step, count, out);
}
void standard_normals(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step,
                      int count, double* out) {
    HWY_DYNAMIC_DISPATCH(draw_doubles)(key, purpose, trial, step, count, out);
}

}  // namespace shoal::cpu
#endif  // HWY_ONCE
