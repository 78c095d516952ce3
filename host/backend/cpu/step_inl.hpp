// SPDX-License-Identifier: MIT
// One Euler step of networks that share a recurrent matrix (host/MATHEMATICS.md, A.2).
#if defined(SHOAL_BACKEND_CPU_STEP) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_STEP
#undef SHOAL_BACKEND_CPU_STEP
#else
#define SHOAL_BACKEND_CPU_STEP
#endif

#include "backend/backend.hpp"
#include "backend/cpu/kernels.hpp"
#include "backend/cpu/simd_inl.hpp"
#include "model/equations_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

/// J r of W blocks of rows for C columns: recurrent_input[row] = sum over from of J[row, from]
/// r[from]. `next` numbers lie between what two `from` send.
template <typename T, int W, int C>
HWY_INLINE void multiply(const T* HWY_RESTRICT matrix, int next, int units, int first_row,
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
        matrix += next;
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
    constexpr int next = W * block;
    // Many columns: with one block of rows at a time the sums, a row and a rate just fit 16
    // registers.
    constexpr int many = accumulator_registers / vectors_per_block<T>();
    if constexpr (W > 1 && accumulator_registers < 16) {
        for (; count >= many; columns += many, count -= many) {
            for (int b = 0; b < W; ++b) {
                multiply<T, 1, many>(matrix + b * block, next, units, first_row + b * block,
                                     columns);
            }
        }
    }
    constexpr int most = columns_at_once<T>();
    for (; count >= most; columns += most, count -= most) {
        multiply<T, W, most>(matrix, next, units, first_row, columns);
    }
    switch (count) {
        case 5:
            multiply<T, W, HWY_MIN(5, most)>(matrix, next, units, first_row, columns);
            break;
        case 4:
            multiply<T, W, HWY_MIN(4, most)>(matrix, next, units, first_row, columns);
            break;
        case 3:
            multiply<T, W, HWY_MIN(3, most)>(matrix, next, units, first_row, columns);
            break;
        case 2:
            multiply<T, W, HWY_MIN(2, most)>(matrix, next, units, first_row, columns);
            break;
        case 1:
            multiply<T, W, 1>(matrix, next, units, first_row, columns);
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

/// a = gain J r + feedback z + input u + bias; then x, r and z of the next step.
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
    constexpr int count = vectors_per_block<T>();
    constexpr std::size_t lanes = block / count;
    for (std::size_t first = 0; first < size; first += block) {
        V a[count], next[count];
        SHOAL_UNROLL
        for (int v = 0; v < count; ++v) {
            const std::size_t i = first + static_cast<std::size_t>(v) * lanes;
            a[v] = hn::Mul(gain, hn::Load(d, column.recurrent_input.data() + i));
            if (fed_back) {
                for (std::size_t o = 0; o < column.z.size(); ++o) {
                    a[v] = hn::MulAdd(hn::Load(d, w.feedback.data() + o * size + i),
                                      hn::Set(d, column.z[o]), a[v]);
                }
            }
            for (std::size_t k = 0; k < column.u.size(); ++k) {
                a[v] = hn::MulAdd(hn::Load(d, w.input.data() + k * size + i),
                                  hn::Set(d, column.u[k]), a[v]);
            }
            if (w.bias.size() != 0) {
                a[v] = hn::Add(a[v], hn::Load(d, w.bias.data() + i));
            }
        }
        to_targets(w.cell, d, a);
        SHOAL_UNROLL
        for (int v = 0; v < count; ++v) {
            const std::size_t i = first + static_cast<std::size_t>(v) * lanes;
            const V x = hn::Load(d, column.x.data() + i);
            next[v] = step_towards(x, a[v], rate);
            in_range = hn::And(in_range, hn::Le(hn::Abs(next[v]), limit));
            hn::Store(next[v], d, column.x.data() + i);
        }
        to_rates(w.cell, d, next);
        SHOAL_UNROLL
        for (int v = 0; v < count; ++v) {
            hn::Store(next[v], d, column.r.data() + first + static_cast<std::size_t>(v) * lanes);
        }
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
        hn::Vec<Tag<T>> r[1] = {hn::Load(d, column.x.data() + i)};
        to_rates(column.weights->cell, d, r);
        hn::Store(r[0], d, column.r.data() + i);
    }
    read_out(column);
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_STEP
