// SPDX-License-Identifier: MIT
// Recursive least squares with P packed and rewritten once per epoch (host/MATHEMATICS.md, A.5).
#if defined(SHOAL_BACKEND_CPU_LEAST_SQUARES) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_LEAST_SQUARES
#undef SHOAL_BACKEND_CPU_LEAST_SQUARES
#else
#define SHOAL_BACKEND_CPU_LEAST_SQUARES
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/simd_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

/// Bytes ahead of the tile in use that are asked for: a P beyond the caches streams through once
/// per update, and the hardware's own prefetch stops at every page.
constexpr std::size_t prefetch_bytes = 4096;

/// y += tile rate over one 8-column tile of 16 rows; where the tile stands off the diagonal its
/// transpose adds to column_sum.
template <typename T, bool OffDiagonal, class V>
HWY_INLINE void multiply_tile(const T* HWY_RESTRICT tile, const T* HWY_RESTRICT r,
                              T* HWY_RESTRICT y, const V (&rate)[strip], V (&column_sum)[strip]) {
    const Tag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t byte = 0; byte < strip * block * sizeof(T); byte += 64) {
        hwy::Prefetch(reinterpret_cast<const char*>(tile) + prefetch_bytes + byte);
    }
    for (std::size_t lane = 0; lane < block; lane += lanes) {
        const V rows = hn::Load(d, r + lane);
        V even = hn::Load(d, y + lane);
        V odd = hn::Zero(d);
        for (std::size_t c = 0; c < strip; c += 2) {
            const V p0 = hn::Load(d, tile + c * block + lane);
            const V p1 = hn::Load(d, tile + (c + 1) * block + lane);
            even = hn::MulAdd(p0, rate[c], even);
            odd = hn::MulAdd(p1, rate[c + 1], odd);
            if constexpr (OffDiagonal) {
                column_sum[c] = hn::MulAdd(p0, rows, column_sum[c]);
                column_sum[c + 1] = hn::MulAdd(p1, rows, column_sum[c + 1]);
            }
        }
        hn::Store(hn::Add(even, odd), d, y + lane);
    }
}

/// y = P r, reading each stored entry once: it serves its row and, by symmetry, its column.
/// `scratch` is as long as y: what columns contribute is added last, because a vector read just
/// after narrow writes to the same place would wait for them.
template <typename T>
HWY_INLINE void multiply_symmetric(const PackedSymmetric<T>& p, const T* HWY_RESTRICT r,
                                   T* HWY_RESTRICT y, T* HWY_RESTRICT scratch) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    const int blocks = p.blocks();
    for (std::size_t i = 0; i < static_cast<std::size_t>(blocks) * block; i += hn::Lanes(d)) {
        hn::Store(hn::Zero(d), d, y + i);
    }
    for (int s = 0; s < 2 * blocks; ++s) {
        V rate[strip];
        V column_sum[strip];
        for (int c = 0; c < strip; ++c) {
            rate[c] = hn::Set(d, r[s * strip + c]);
            column_sum[c] = hn::Zero(d);
        }
        const T* tile = p.strip_data(s);
        int b = s / 2;
        multiply_tile<T, false>(tile, r + b * block, y + b * block, rate, column_sum);
        for (++b, tile += strip * block; b < blocks; ++b, tile += strip * block) {
            multiply_tile<T, true>(tile, r + b * block, y + b * block, rate, column_sum);
        }
        sum_lanes(column_sum, scratch + s * strip);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(blocks) * block; i += hn::Lanes(d)) {
        hn::Store(hn::Add(hn::Load(d, y + i), hn::Load(d, scratch + i)), d, y + i);
    }
}

template <typename T>
T append_update(const PackedSymmetric<T>& p, const T* r, PendingUpdates<T>& pending) {
    const Tag<T> d;
    const std::size_t size = pending.stride;
    T* HWY_RESTRICT k = pending.gain(pending.count);
    multiply_symmetric(p, r, k, pending.scaled_gain(pending.count));
    // k -= sum over earlier updates of k_m (k_m' r) / c_m
    T* HWY_RESTRICT projection = pending.projections.data();
    multiply_rows(pending.scaled_gain(0), size, pending.count, r, projection);
    for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
        auto sum = hn::Load(d, k + i);
        for (int m = 0; m < pending.count; ++m) {
            sum = hn::NegMulAdd(hn::Set(d, projection[m]), hn::Load(d, pending.gain(m) + i), sum);
        }
        hn::Store(sum, d, k + i);
    }
    HWY_ALIGN T product[strip];
    multiply_rows(k, size, 1, r, product);
    const T c = static_cast<T>(1) + product[0];
    const auto inverse = hn::Set(d, static_cast<T>(1) / c);
    T* HWY_RESTRICT scaled = pending.scaled_gain(pending.count);
    for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
        hn::Store(hn::Mul(hn::Load(d, k + i), inverse), d, scaled + i);
    }
    ++pending.count;
    return c;
}

/// One strip by R blocks of rows of P -= sum of k k' / c.
template <typename T, int R>
HWY_INLINE void rewrite_tiles(T* HWY_RESTRICT tile, const T* HWY_RESTRICT rows,
                              const T* HWY_RESTRICT columns, std::size_t stride, int updates) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    constexpr int vectors = R * vectors_per_block<T>();
    constexpr int half = vectors * strip <= accumulator_registers ? strip : strip / 2;
    const std::size_t lanes = hn::Lanes(d);
    const auto place = [&](int v, int c) {
        const std::size_t lane = static_cast<std::size_t>(v) * lanes;
        return tile + lane / block * (strip * block) + lane % block +
               static_cast<std::size_t>(c) * block;
    };
    for (int first = 0; first < strip; first += half) {
        // Summed up first and subtracted once: each term alone may be below half an ulp of its
        // entry, and P would stall.
        V sum[vectors][half];
        for (int v = 0; v < vectors; ++v) {
            for (int c = 0; c < half; ++c) {
                sum[v][c] = hn::Zero(d);
            }
        }
        for (int m = 0; m < updates; ++m) {
            const T* k = rows + static_cast<std::size_t>(m) * stride;
            const T* scaled = columns + static_cast<std::size_t>(m) * stride + first;
            V row[vectors];
            for (int v = 0; v < vectors; ++v) {
                row[v] = hn::Load(d, k + static_cast<std::size_t>(v) * lanes);
            }
            for (int c = 0; c < half; ++c) {
                const V factor = hn::Set(d, scaled[c]);
                for (int v = 0; v < vectors; ++v) {
                    sum[v][c] = hn::MulAdd(row[v], factor, sum[v][c]);
                }
            }
        }
        for (int v = 0; v < vectors; ++v) {
            for (int c = 0; c < half; ++c) {
                T* entry = place(v, first + c);
                hn::Store(hn::Sub(hn::Load(d, entry), sum[v][c]), d, entry);
            }
        }
    }
}

template <typename T>
void rewrite(PackedSymmetric<T>& p, PendingUpdates<T>& pending) {
    if (pending.count == 0) {
        return;
    }
    for (int s = 0; s < 2 * p.blocks(); ++s) {
        T* tile = p.strip_data(s);
        const T* columns = pending.scaled_gain(0) + s * strip;
        int b = s / 2;
        for (; b + 2 <= p.blocks(); b += 2, tile += 2 * strip * block) {
            rewrite_tiles<T, 2>(tile, pending.gain(0) + b * block, columns, pending.stride,
                                pending.count);
        }
        if (b < p.blocks()) {
            rewrite_tiles<T, 1>(tile, pending.gain(0) + b * block, columns, pending.stride,
                                pending.count);
        }
    }
    // k_i (k_j / c) and k_j (k_i / c) may round differently: one half rules, so that the lower
    // triangle is all there is to save.
    p.mirror_diagonal_blocks();
    pending.count = 0;
}

template <typename T>
void subtract(T factor, const T* HWY_RESTRICT k, T* HWY_RESTRICT w, int size) {
    const Tag<T> d;
    const auto f = hn::Set(d, factor);
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); i += hn::Lanes(d)) {
        hn::Store(hn::NegMulAdd(f, hn::Load(d, k + i), hn::Load(d, w + i)), d, w + i);
    }
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_LEAST_SQUARES
