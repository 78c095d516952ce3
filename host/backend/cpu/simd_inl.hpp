// SPDX-License-Identifier: MIT
// Vectors of 16 units, sums over their lanes, and products of a few rows with a vector.
#if defined(SHOAL_BACKEND_CPU_SIMD) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_SIMD
#undef SHOAL_BACKEND_CPU_SIMD
#else
#define SHOAL_BACKEND_CPU_SIMD
#endif

#include <hwy/highway.h>

#include "backend/cpu/layout.hpp"
#include "core/unroll.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Tag = hn::CappedTag<T, block>;

/// Vectors per block of 16 units.
template <typename T>
constexpr int vectors_per_block() {
    return block / static_cast<int>(HWY_MIN(HWY_LANES(T), block));
}
constexpr int accumulator_registers = HWY_TARGET <= HWY_AVX3 ? 24 : 12;
template <typename T>
constexpr int group_width() {
    return HWY_MAX(1, HWY_MIN(4, accumulator_registers / (3 * vectors_per_block<T>())));
}
template <typename T>
constexpr int columns_at_once() {
    return HWY_MAX(1, accumulator_registers / (group_width<T>() * vectors_per_block<T>()));
}

// out[i] = sum of the lanes of v[i], i < 8.
#if HWY_TARGET == HWY_SCALAR
template <typename T, class V>
HWY_INLINE void sum_lanes(const V (&v)[strip], T* HWY_RESTRICT out) {
    for (int i = 0; i < strip; ++i) {
        out[i] = hn::GetLane(v[i]);
    }
}
#else
/// Halves are added until one 128-bit vector is left.
template <class D, class V>
HWY_INLINE auto fold(D d, V v) {
    if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) > 16) {
        const hn::Half<D> half;
        return fold(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
    } else {
        return v;
    }
}

// By a transpose and additions: far fewer instructions than eight separate sums.
template <class V>
HWY_INLINE void sum_lanes(const V (&v)[strip], float* HWY_RESTRICT out) {
    const Tag<float> d;
    const hn::RepartitionToWide<decltype(d)> wide;
    const auto pair = [&](int i) HWY_ATTR {
        return hn::BitCast(wide, hn::Add(hn::InterleaveLower(d, v[i], v[i + 1]),
                                         hn::InterleaveUpper(d, v[i], v[i + 1])));
    };
    for (int i = 0; i < strip; i += 4) {
        const auto a = pair(i);
        const auto b = pair(i + 2);
        const auto four = hn::Add(hn::BitCast(d, hn::InterleaveLower(wide, a, b)),
                                  hn::BitCast(d, hn::InterleaveUpper(wide, a, b)));
        hn::Store(fold(d, four), hn::CappedTag<float, 4>(), out + i);
    }
}

template <class V>
HWY_INLINE void sum_lanes(const V (&v)[strip], double* HWY_RESTRICT out) {
    const Tag<double> d;
    for (int i = 0; i < strip; i += 2) {
        const auto two =
            hn::Add(hn::InterleaveLower(d, v[i], v[i + 1]), hn::InterleaveUpper(d, v[i], v[i + 1]));
        hn::Store(fold(d, two), hn::CappedTag<double, 2>(), out + i);
    }
}
#endif

/// out[m] = row m of a [count][stride] array times r; out has room for `count` rounded up to 8.
template <typename T>
HWY_INLINE void multiply_rows(const T* HWY_RESTRICT rows, std::size_t stride, int count,
                              const T* HWY_RESTRICT r, T* HWY_RESTRICT out) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    for (int first = 0; first < count; first += strip) {
        // Rows beyond the last one repeat it; their results are not used.
        const T* row[strip];
        V sum[strip];
        for (int m = 0; m < strip; ++m) {
            row[m] = rows + static_cast<std::size_t>(HWY_MIN(first + m, count - 1)) * stride;
            sum[m] = hn::Zero(d);
        }
        for (std::size_t i = 0; i < stride; i += hn::Lanes(d)) {
            const V rate = hn::Load(d, r + i);
            for (int m = 0; m < strip; ++m) {
                sum[m] = hn::MulAdd(hn::Load(d, row[m] + i), rate, sum[m]);
            }
        }
        sum_lanes(sum, out + first);
    }
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_SIMD
