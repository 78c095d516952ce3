// SPDX-License-Identifier: MIT
// Compiled once per instruction set by Highway: foreach_target.h includes this file again for each.
#include "backend/cpu/kernels.hpp"

#include <hwy/cache_control.h>

#include "backend/backend.hpp"

// Left out: sets that differ little from a neighbour (they would double the build time), and those
// whose vectors have no size known to the compiler (the kernels keep vectors in arrays).
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

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

/// J r of W blocks of rows for C columns: recurrent_input[row] = sum over from of J[row, from]
/// r[from].
template <typename T, int W, int C>
HWY_INLINE void multiply(const T* HWY_RESTRICT matrix, int units, int first_row,
                         Column<T>* const* columns) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    constexpr int vectors = W * vectors_per_block<T>();
    const std::size_t lanes = hn::Lanes(d);
    const T* HWY_RESTRICT r[C];
    V sum[C][vectors];
    for (int c = 0; c < C; ++c) {
        r[c] = columns[c]->r.data();
        for (int v = 0; v < vectors; ++v) {
            sum[c][v] = hn::Zero(d);
        }
    }
    for (int from = 0; from < units; ++from) {
        V row[vectors];
        for (int v = 0; v < vectors; ++v) {
            row[v] = hn::Load(d, matrix + static_cast<std::size_t>(v) * lanes);
        }
        for (int c = 0; c < C; ++c) {
            const V rate = hn::Set(d, r[c][from]);
            for (int v = 0; v < vectors; ++v) {
                sum[c][v] = hn::MulAdd(row[v], rate, sum[c][v]);
            }
        }
        matrix += W * block;
    }
    for (int c = 0; c < C; ++c) {
        T* out = columns[c]->recurrent_input.data() + first_row;
        for (int v = 0; v < vectors; ++v) {
            hn::Store(sum[c][v], d, out + static_cast<std::size_t>(v) * lanes);
        }
    }
}

template <typename T, int W>
void multiply_columns(const T* matrix, int units, int first_row, Column<T>* const* columns,
                      int count) {
    constexpr int most = columns_at_once<T>();
    for (; count >= most; columns += most, count -= most) {
        multiply<T, W, most>(matrix, units, first_row, columns);
    }
    switch (count) {
        case 5:
            multiply<T, W, HWY_MIN(5, most)>(matrix, units, first_row, columns);
            break;
        case 4:
            multiply<T, W, HWY_MIN(4, most)>(matrix, units, first_row, columns);
            break;
        case 3:
            multiply<T, W, HWY_MIN(3, most)>(matrix, units, first_row, columns);
            break;
        case 2:
            multiply<T, W, HWY_MIN(2, most)>(matrix, units, first_row, columns);
            break;
        case 1:
            multiply<T, W, 1>(matrix, units, first_row, columns);
            break;
        default:
            break;
    }
}

template <typename T>
void multiply_all(const PackedMatrix<T>& matrix, Column<T>* const* columns, int count) {
    // Groups outside, columns inside: a group stays in cache while every column uses it.
    for (const auto& group : matrix.groups()) {
        const T* data = matrix.data(group);
        const int row = group.first_block * block;
        switch (group.width) {
            case 1:
                multiply_columns<T, 1>(data, matrix.units(), row, columns, count);
                break;
            case 2:
                multiply_columns<T, HWY_MIN(2, group_width<T>())>(data, matrix.units(), row,
                                                                  columns, count);
                break;
            case 3:
                multiply_columns<T, HWY_MIN(3, group_width<T>())>(data, matrix.units(), row,
                                                                  columns, count);
                break;
            default:
                multiply_columns<T, HWY_MIN(4, group_width<T>())>(data, matrix.units(), row,
                                                                  columns, count);
                break;
        }
    }
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

template <typename T>
HWY_INLINE void read_out(Column<T>& column) {
    const Weights<T>& w = *column.weights;
    HWY_ALIGN T z[strip];
    const auto outputs = static_cast<int>(column.z.size());
    for (int first = 0; first < outputs; first += strip) {
        const int count = HWY_MIN(strip, outputs - first);
        multiply_rows(w.readout.data() + static_cast<std::size_t>(first) * column.r.size(),
                      column.r.size(), count, column.r.data(), z);
        std::copy_n(z, count, column.z.data() + first);
    }
}

/// a = gain J r + feedback z + input u + bias; x += rate (-x + a), r = tanh x (current), or
/// x += rate (-x + tanh a), r = x (rate).
template <typename T>
HWY_INLINE void advance(Column<T>& column) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    const Weights<T>& w = *column.weights;
    const std::size_t size = column.x.size();
    const V gain = hn::Set(d, w.gain);
    const V rate = hn::Set(d, w.rate);
    const V limit = hn::Set(d, static_cast<T>(divergence_limit));
    const bool fed_back = w.feedback.size() != 0;
    auto in_range = hn::Eq(limit, limit);
    for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
        V a = hn::Mul(gain, hn::Load(d, column.recurrent_input.data() + i));
        if (fed_back) {
            for (std::size_t o = 0; o < column.z.size(); ++o) {
                a = hn::MulAdd(hn::Load(d, w.feedback.data() + o * size + i),
                               hn::Set(d, column.z[o]), a);
            }
        }
        for (std::size_t k = 0; k < column.u.size(); ++k) {
            a = hn::MulAdd(hn::Load(d, w.input.data() + k * size + i), hn::Set(d, column.u[k]), a);
        }
        if (w.bias.size() != 0) {
            a = hn::Add(a, hn::Load(d, w.bias.data() + i));
        }
        const V x = hn::Load(d, column.x.data() + i);
        V next;
        V r;
        if (w.cell == Cell::current) {
            next = hn::MulAdd(rate, hn::Sub(a, x), x);
            r = fast_tanh(d, next, T{});
        } else {
            next = hn::MulAdd(rate, hn::Sub(fast_tanh(d, a, T{}), x), x);
            r = next;
        }
        in_range = hn::And(in_range, hn::Le(hn::Abs(next), limit));
        hn::Store(next, d, column.x.data() + i);
        hn::Store(r, d, column.r.data() + i);
    }
    read_out(column);
    bool good = hn::AllTrue(d, in_range);
    for (const T z : column.z) {
        good =
            good && z <= static_cast<T>(divergence_limit) && z >= -static_cast<T>(divergence_limit);
    }
    column.in_range = column.in_range && good;
}

template <typename T>
void step(const PackedMatrix<T>& matrix, Column<T>* const* columns, int count) {
    multiply_all(matrix, columns, count);
    for (int c = 0; c < count; ++c) {
        advance(*columns[c]);
    }
}

template <typename T>
void settle(Column<T>& column) {
    const Tag<T> d;
    for (std::size_t i = 0; i < column.x.size(); i += hn::Lanes(d)) {
        const auto x = hn::Load(d, column.x.data() + i);
        const auto r = column.weights->cell == Cell::current ? fast_tanh(d, x, T{}) : x;
        hn::Store(r, d, column.r.data() + i);
    }
    read_out(column);
}

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

template <typename T>
Kernels<T> table() {
    return {
        hwy::TargetName(HWY_TARGET), group_width<T>(), columns_at_once<T>(), &step<T>, &settle<T>,
        &append_update<T>,           &rewrite<T>,      &subtract<T>};
}
Kernels<float> float_table() {
    return table<float>();
}
Kernels<double> double_table() {
    return table<double>();
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shoal::cpu {

HWY_EXPORT(float_table);
HWY_EXPORT(double_table);

template <>
const Kernels<float>& kernels<float>() {
    static const Kernels<float> table = HWY_DYNAMIC_DISPATCH(float_table)();
    return table;
}

template <>
const Kernels<double>& kernels<double>() {
    static const Kernels<double> table = HWY_DYNAMIC_DISPATCH(double_table)();
    return table;
}

#if defined(__x86_64__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | 0x8040u);
}
FlushDenormals::~FlushDenormals() {
    _mm_setcsr(saved_);
}
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() = default;
#endif

}  // namespace shoal::cpu
#endif  // HWY_ONCE
