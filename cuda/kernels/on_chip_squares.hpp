// SPDX-License-Identifier: MIT
// Recursive least squares of one readout group with P in the shared memory of one block
// (host/MATHEMATICS.md, A.5). CPU twin: host/backend/cpu/least_squares_inl.hpp.
#pragma once

#include "kernels/force_shared.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// Where row i of a packed lower triangle starts. For 32 neighbouring rows from a multiple of 32
/// these numbers differ modulo 32: lanes that read one column each hit a bank of their own.
SHOAL_HD inline int triangle_row(int i) {
    return i * (i + 1) / 2;
}

/// The group whose epoch lasts. All members are called by the whole block; every thread's `updates`
/// is the same.
template <class Group, class View, class GainView>
struct OnChipSquares {
    const Group& g;
    int units;
    int padded;
    View p;          ///< [unit (unit + 1) / 2]
    GainView gains;  ///< [max_pending_updates][padded]
    View inverse;    ///< [max_pending_updates]: 1 / c
    View projection;
    View strips;  ///< [padded / 32][padded]
    View sums;    ///< [32]
    int updates = 0;

    /// k = P r and c = 1 + r'k for the P that the pending updates make; keeps the update pending.
    /// Returns k of unit rank() (0 beyond the units) and writes c. Needs a barrier before `rates`
    /// changes.
    SHOAL_DEVICE float append(const View& rates, float& c) {
        multiply_strips(rates);
        project(rates);
        g.sync();
        float k = 0.0f;
        if (g.rank() < units) {
            SHOAL_UNROLL_BY(1) for (int s = 0; s < padded / warp_size; ++s) {
                k += strips[s * padded + g.rank()];
            }
            SHOAL_UNROLL_BY(4) for (int m = 0; m < updates; ++m) {
                k = fused(-projection[m], gains[m * padded + g.rank()], k);
            }
        }
        if (g.rank() < padded) {
            gains[updates * padded + g.rank()] = k;
        }
        const float product = g.warp_sum(g.rank() < units ? k * rates[g.rank()] : 0.0f);
        if (g.lane() == 0) {
            sums[g.warp()] = product;
        }
        g.sync();
        c = 1.0f + g.warp_sum(g.lane() < g.warps() ? sums[g.lane()] : 0.0f);
        if (g.rank() == 0) {
            inverse[updates] = 1.0f / c;
        }
        ++updates;
        return k;
    }

    /// P -= sum of k k' / c over the pending updates: summed up first and subtracted once, because
    /// each term alone may be below half an ulp of its entry, and P would stall.
    SHOAL_DEVICE void rewrite() {
        constexpr int width = 8;
        const int blocks = padded / warp_size;
        const int tiles = blocks * (blocks + 1) / 2;
        SHOAL_UNROLL_BY(1) for (int tile = g.warp(); tile < tiles; tile += g.warps()) {
            int row_block = 0;
            while (triangle_row(row_block + 1) <= tile) {
                ++row_block;
            }
            const int row = row_block * warp_size + g.lane();
            const int first = (tile - triangle_row(row_block)) * warp_size;
            SHOAL_UNROLL_BY(1)
            for (int column = first; column < first + warp_size; column += width) {
                float sum[width] = {};
                SHOAL_UNROLL_BY(1) for (int m = 0; m < updates; ++m) {
                    const float scaled = gains[m * padded + row] * inverse[m];
                    SHOAL_UNROLL for (int half = 0; half < width; half += 4) {
                        const Four k = g.load4(gains, m * padded + column + half);
                        SHOAL_UNROLL for (int j = 0; j < 4; ++j) {
                            sum[half + j] = fused(scaled, k.v[j], sum[half + j]);
                        }
                    }
                }
                SHOAL_UNROLL for (int j = 0; j < width; ++j) {
                    if (row < units && column + j <= row) {
                        p[triangle_row(row) + column + j] -= sum[j];
                    }
                }
            }
        }
        updates = 0;
        g.sync();
    }

  private:
    /// strips[s][i] = sum over columns 32 s ... 32 s + 31 of P[i, j] r_j: one warp a tile of 32
    /// rows by 32 columns, one lane a row.
    SHOAL_DEVICE void multiply_strips(const View& rates) {
        const int blocks = padded / warp_size;
        SHOAL_UNROLL_BY(1) for (int tile = g.warp(); tile < blocks * blocks; tile += g.warps()) {
            const int row = tile / blocks * warp_size + g.lane();
            const int first = tile % blocks * warp_size;
            const int last = first + warp_size < units ? first + warp_size : units;
            float sum = 0.0f;
            int j = first;
            if (row < units && last <= row) {
                const int base = triangle_row(row);
                SHOAL_UNROLL_BY(2) for (; j < last; j += 4) {
                    const Four r = g.load4(rates, j);
                    SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                        sum = fused(p[base + j + i], r.v[i], sum);
                    }
                }
            } else if (row < units) {
                int at = first <= row ? triangle_row(row) + first : triangle_row(first) + row;
                SHOAL_UNROLL_BY(1) for (; j + 4 <= last; j += 4) {
                    const Four r = g.load4(rates, j);
                    SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                        sum = fused(p[at], r.v[i], sum);
                        at += j + i < row ? 1 : j + i + 1;
                    }
                }
                SHOAL_UNROLL_BY(1) for (; j < last; ++j) {
                    sum = fused(p[at], rates[j], sum);
                    at += j < row ? 1 : j + 1;
                }
            }
            strips[tile % blocks * padded + row] = sum;
        }
    }

    /// projection[m] = k_m'r / c_m, one warp an update.
    SHOAL_DEVICE void project(const View& rates) {
        SHOAL_UNROLL_BY(1) for (int m = g.warp(); m < updates; m += g.warps()) {
            float sum = 0.0f;
            SHOAL_UNROLL_BY(1) for (int i = g.lane(); i < units; i += warp_size) {
                sum = fused(gains[m * padded + i], rates[i], sum);
            }
            sum = g.warp_sum(sum);
            if (g.lane() == 0) {
                projection[m] = sum * inverse[m];
            }
        }
    }
};

}  // namespace shoal::cuda
