// SPDX-License-Identifier: MIT
// Products of a warp in three arithmetics behind one interface. A warp computes tiles of 16 rows by
// 8 columns; lane l has rows l / 4 and l / 4 + 8 of columns 2 (l % 4) and the next, in four sums.
// Operands stand in shared memory as words of one value (fp32, tf32) or two neighbours in k (bf16);
// a product takes 8 words in k. Sums are fp32, k ascending.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/qualifiers.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

inline constexpr int tile_rows = 16;
inline constexpr int tile_columns = 8;
inline constexpr int tile_words = 8;  ///< in k

SHOAL_HD constexpr int round_up(int value, int to) {
    return (value + to - 1) / to * to;
}

/// Element (row, k) of an operand stands at row * by_row + k * by_k.
struct OperandStrides {
    int by_row = 0;
    int by_k = 0;
};

SHOAL_HD inline std::uint32_t bits_of(float x) {
    std::uint32_t bits = 0;
    memcpy(&bits, &x, sizeof x);
    return bits;
}
SHOAL_HD inline float float_of(std::uint32_t bits) {
    float x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// Plain fused multiply-adds.
struct Fp32 {
    using Element = float;
    using Word = float;
    static constexpr int width = 1;       ///< values of a word
    static constexpr bool keeps = false;  ///< whether fragments of M stay in registers
    struct Fragment {
        float a[2][tile_words];
    };
    SHOAL_HD static Element narrow(float x) { return x; }
    SHOAL_HD static float widen(Element x) { return x; }

    template <class Group, class Matrix>
    SHOAL_DEVICE static void load(const Group& g, const Matrix& m, OperandStrides at, int row,
                                  int k, Fragment& f) {
        SHOAL_UNROLL for (int i = 0; i < 2; ++i) {
            SHOAL_UNROLL for (int j = 0; j < tile_words; ++j) {
                f.a[i][j] = m[(row + g.lane() / 4 + 8 * i) * at.by_row + (k + j) * at.by_k];
            }
        }
    }
    /// sum += A B for one tile; word (k, column) of B at x[k * by_k + column * by_column].
    template <class Group, class Words>
    SHOAL_DEVICE static void multiply(const Group& g, const Fragment& f, const Words& x, int by_k,
                                      int by_column, float (&sum)[4]) {
        const int column = g.lane() % 4 * 2 * by_column;
        SHOAL_UNROLL for (int k = 0; k < tile_words; ++k) {
            const float x0 = x[k * by_k + column];
            const float x1 = x[k * by_k + column + by_column];
            SHOAL_UNROLL for (int i = 0; i < 2; ++i) {
                sum[2 * i] = fused(f.a[i][k], x0, sum[2 * i]);
                sum[2 * i + 1] = fused(f.a[i][k], x1, sum[2 * i + 1]);
            }
        }
    }
    /// A of words already in shared memory, word (row, k) at a[row * by_row + k].
    template <class Group, class Words>
    SHOAL_DEVICE static void take(const Group& g, const Words& a, int by_row, Fragment& f) {
        SHOAL_UNROLL for (int i = 0; i < 2; ++i) {
            SHOAL_UNROLL for (int j = 0; j < tile_words; ++j) {
                f.a[i][j] = a[(g.lane() / 4 + 8 * i) * by_row + j];
            }
        }
    }
};

/// What tf32 and bf16 share: who holds what is the same in words (PTX ISA, "Matrix fragments").
template <class Derived, class W>
struct MatrixUnits {
    using Word = W;
    static constexpr bool keeps = true;
    struct Fragment {
        Word a[4];
    };
    template <class Group, class Matrix>
    SHOAL_DEVICE static void load(const Group& g, const Matrix& m, OperandStrides at, int row,
                                  int k, Fragment& f) {
        SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
            const int to = row + g.lane() / 4 + i % 2 * 8;
            const int from = k + (g.lane() % 4 + i / 2 * 4) * Derived::width;
            f.a[i] = Derived::word(m, to * at.by_row + from * at.by_k, at.by_k);
        }
    }
    template <class Group, class Words>
    SHOAL_DEVICE static void multiply(const Group& g, const Fragment& f, const Words& x, int by_k,
                                      int by_column, float (&sum)[4]) {
        const int at = g.lane() % 4 * by_k + g.lane() / 4 * by_column;
        const Word b[2] = {x[at], x[at + 4 * by_k]};
        Derived::multiply_words(g, sum, f.a, b);
    }
    template <class Group, class Words>
    SHOAL_DEVICE static void take(const Group& g, const Words& a, int by_row, Fragment& f) {
        SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
            f.a[i] = a[(g.lane() / 4 + i % 2 * 8) * by_row + g.lane() % 4 + i / 2 * 4];
        }
    }
};

/// Values of 11 significant bits, rounded to nearest, ties away from 0; NaN stays NaN.
struct Tf32 : MatrixUnits<Tf32, float> {
    using Element = float;
    static constexpr int width = 1;
    SHOAL_HD static Element narrow(float x) {
        return x == x ? float_of((bits_of(x) + 0x1000u) & 0xffffe000u) : x;
    }
    SHOAL_HD static float widen(Element x) { return x; }
    template <class Matrix>
    SHOAL_DEVICE static float word(const Matrix& m, int at, int) {
        return narrow(m[at]);
    }
    template <class Group>
    SHOAL_DEVICE static void multiply_words(const Group& g, float (&sum)[4], const float (&a)[4],
                                            const float (&b)[2]) {
        g.multiply_tf32(sum, a, b);
    }
};

/// Values of 8 significant bits, rounded to nearest even; NaN stays NaN.
struct Bf16 : MatrixUnits<Bf16, std::uint32_t> {
    using Element = std::uint16_t;
    static constexpr int width = 2;
    SHOAL_HD static Element narrow(float x) {
        const std::uint32_t bits = bits_of(x);
        return static_cast<Element>(x == x ? (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16
                                           : bits >> 16 | 0x40u);
    }
    SHOAL_HD static float widen(Element x) { return float_of(std::uint32_t{x} << 16); }
    template <class Matrix>
    SHOAL_DEVICE static std::uint32_t word(const Matrix& m, int at, int next) {
        return narrow(m[at]) | std::uint32_t{narrow(m[at + next])} << 16;
    }
    template <class Group>
    SHOAL_DEVICE static void multiply_words(const Group& g, float (&sum)[4],
                                            const std::uint32_t (&a)[4],
                                            const std::uint32_t (&b)[2]) {
        g.multiply_bf16(sum, a, b);
    }
};

/// How much of a network a block takes. `k_tiles` > 0: networks whose M has at most that many
/// products in k either way and at most `warps` tiles of rows of units: fragments of M stay in
/// registers where the arithmetic keeps them, and dM is summed up in registers. 0: any size; M is
/// read from device memory again at every step, and dM comes from the history.
template <class A, int k_tiles_, int warps_, int trial_tiles_>
struct GradientTile {
    using Arithmetic = A;
    static constexpr int k_tiles = k_tiles_;
    static constexpr bool fused = k_tiles > 0;
    static constexpr int warps = warps_;
    static constexpr int most_threads = warps * warp_size;
    static constexpr int depth = tile_words * A::width;  ///< values in k of one product
    static constexpr int trial_tiles = trial_tiles_;
    static constexpr int trials = trial_tiles * tile_columns;
    /// Words from one row of an operand to the next, for rows along k ([k, trial]) and rows of
    /// trials along k ([row, trial pair]): 8 and 4 modulo 32, so that the lanes of a product meet
    /// no bank twice. Of 16 trials two lanes do: there shared memory is what networks do not fit.
    static constexpr int stride = trials <= 16 ? trials : trials + 8;
    static constexpr int pair_stride = trials / A::width + 4;
    static constexpr int column_tiles = fused ? k_tiles * A::width : 1;  ///< of dM
    static constexpr int kept = fused && A::keeps ? k_tiles : 0;
    /// Blocks a multiprocessor shall hold, forward and backward: what registers leave.
    static constexpr int forward_blocks = warps < 8 ? 4 : kept > 16 ? 1 : 2;
    static constexpr int backward_blocks = fused && warps == 8 ? 1 : 2;
    /// Tiles of the rows of dM that belong to outputs which a warp has at most.
    static constexpr int output_tiles = fused ? 3 : 1;

    /// Warps that a network is split over, whatever else the launch has; bits depend on it.
    SHOAL_HD static int warps_for(int units, int inputs) {
        const int by_rows = (units + tile_rows - 1) / tile_rows;
        const int by_columns =
            (round_up(units + inputs + 1, tile_columns) / tile_columns + output_tiles - 1) /
            output_tiles;
        return !fused ? warps : by_rows > by_columns ? by_rows : by_columns;
    }
    /// Rows of M with padding: tiles of rows that start at the first output fit.
    SHOAL_HD static int padded_rows(int units, int outputs) {
        return round_up(units + round_up(outputs, tile_rows), tile_rows);
    }

    /// Place of an element of an operand [k, trial].
    SHOAL_HD static int place(int k, int trial) {
        return (k / A::width * stride + trial) * A::width + k % A::width;
    }
};

/// sum[c] += A B over k_tiles products in k: fragments kept or read from `m`, B [k, trial] in
/// `x`.
template <class Tile, class Group, class Matrix, class Words>
SHOAL_DEVICE void multiply_row_tile(
    const Group& g,
    const typename Tile::Arithmetic::Fragment (&kept)[Tile::kept > 0 ? Tile::kept : 1],
    const Matrix& m, OperandStrides at, int row, int k_tiles, const Words& x,
    float (&sum)[Tile::trial_tiles][4]) {
    using A = typename Tile::Arithmetic;
    if constexpr (Tile::kept > 0) {
        SHOAL_UNROLL for (int k = 0; k < Tile::kept; ++k) {
            if (k < k_tiles) {
                SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                    A::multiply(g, kept[k], x + (k * tile_words * Tile::stride + c * tile_columns),
                                Tile::stride, 1, sum[c]);
                }
            }
        }
    } else {
        for (int k = 0; k < k_tiles; ++k) {
            typename A::Fragment f;
            A::load(g, m, at, row, k * Tile::depth, f);
            SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                A::multiply(g, f, x + (k * tile_words * Tile::stride + c * tile_columns),
                            Tile::stride, 1, sum[c]);
            }
        }
    }
}

/// Visits this lane's sums of neighbouring tiles: visit(row, column, sum), with the place among
/// them.
template <int tiles, class Group, class Visit>
SHOAL_DEVICE void for_each_sum(const Group& g, float (&sums)[tiles][4], Visit visit) {
    SHOAL_UNROLL for (int c = 0; c < tiles; ++c) {
        SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
            visit(g.lane() / 4 + i / 2 * 8, c * tile_columns + g.lane() % 4 * 2 + i % 2,
                  sums[c][i]);
        }
    }
}

/// Brings the fragments that a warp keeps.
template <class Tile, class Group, class Matrix>
SHOAL_DEVICE void keep_row_tile(
    const Group& g, const Matrix& m, OperandStrides at, int row, int k_tiles,
    typename Tile::Arithmetic::Fragment (&kept)[Tile::kept > 0 ? Tile::kept : 1]) {
    if constexpr (Tile::kept > 0) {
        SHOAL_UNROLL for (int k = 0; k < Tile::kept; ++k) {
            if (k < k_tiles) {
                Tile::Arithmetic::load(g, m, at, row, k * Tile::depth, kept[k]);
            }
        }
    }
}

}  // namespace shoal::cuda
