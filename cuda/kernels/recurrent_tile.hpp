// SPDX-License-Identifier: MIT
// A recurrent matrix of up to about 200 units held in the registers of one block.
#pragma once

#include "kernels/arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// How J is dealt to threads. `lanes` neighbouring threads hold `rows` rows together; each has
/// `chunks` times 4 columns of them, every lanes-th group of 4, so that the lanes of a warp read
/// neighbouring rates. Rows beyond what `most_threads` hold that way ("tail") are held by one warp
/// each.
template <int Rows, int Lanes, int Chunks, int MostThreads, bool Tail, int Blocks>
struct TileShape {
    static_assert(Rows < Lanes && warp_size % Lanes == 0 && MostThreads % warp_size == 0);
    static constexpr int rows = Rows;
    static constexpr int lanes = Lanes;
    static constexpr int chunks = Chunks;
    static constexpr int most_threads = MostThreads;
    static constexpr bool tail = Tail;
    static constexpr int blocks = Blocks;  ///< that one multiprocessor's registers are to hold
    static constexpr int columns = Lanes * Chunks * 4;  ///< rates are padded to this with 0
    static constexpr int tiled_rows = MostThreads / Lanes * Rows;
    static constexpr int units_at_most() {
        const int rows_at_most = tiled_rows + (Tail ? MostThreads / warp_size : 0);
        return rows_at_most < columns ? rows_at_most : columns;
    }
    /// Threads for a network of so many units.
    static constexpr int threads(int units) {
        const int wanted = (units + Rows - 1) / Rows * Lanes;
        const int warps = (wanted + warp_size - 1) / warp_size;
        return warps * warp_size < MostThreads ? warps * warp_size : MostThreads;
    }
};

/// One thread's part of gain-free J. Register arrays: every index is known to the compiler.
template <class Shape>
class RecurrentTile {
  public:
    /// Collective only in that every thread of the block takes its own part.
    template <class Group>
    SHOAL_DEVICE RecurrentTile(const Group& g, const Weights<float>& w) {
        lane_ = g.rank() % Shape::lanes;
        first_row_ = g.rank() / Shape::lanes * Shape::rows;
        const auto matrix = g.global(w.recurrent, w.units * w.units);
        SHOAL_UNROLL for (int k = 0; k < Shape::chunks; ++k) {
            SHOAL_UNROLL for (int j = 0; j < 4; ++j) {
                const int from = column(k) + j;
                SHOAL_UNROLL for (int i = 0; i < Shape::rows; ++i) {
                    const int to = first_row_ + i;
                    weight_[i][k][j] =
                        from < w.units && to < w.units ? matrix[from * w.units + to] : 0.0f;
                }
            }
            // Without it every load is under way at once, and their addresses take too many
            // registers.
            g.sync_warp();
        }
        if constexpr (Shape::tail) {
            const int to = Shape::tiled_rows + g.warp();
            SHOAL_UNROLL for (int k = 0; k < tail_chunks; ++k) {
                const int from = k * warp_size + g.lane();
                tail_[k] = from < w.units && to < w.units ? matrix[from * w.units + to] : 0.0f;
            }
        }
    }

    /// The row this thread owns: the unit whose state it advances, or -1.
    template <class Group>
    SHOAL_DEVICE int own_row(const Group& g, int units) const {
        int row = lane_ < Shape::rows ? first_row_ + lane_ : units;
        if (Shape::tail && g.lane() == tail_owner) {
            row = Shape::tiled_rows + g.warp();
        }
        return row < units ? row : -1;
    }

    /// (J r)[own row]; `rates` has Shape::columns values. The whole warp calls it. Sums run over
    /// this thread's columns in order, then over the lanes of a row by a butterfly.
    template <class Group, class View>
    SHOAL_DEVICE float multiply(const Group& g, const View& rates) const {
        float sum[Shape::rows];
        SHOAL_UNROLL for (int i = 0; i < Shape::rows; ++i) {
            sum[i] = 0.0f;
        }
        SHOAL_UNROLL for (int k = 0; k < Shape::chunks; ++k) {
            const Four r = g.load4(rates, column(k));
            SHOAL_UNROLL for (int i = 0; i < Shape::rows; ++i) {
                SHOAL_UNROLL for (int j = 0; j < 4; ++j) {
                    sum[i] = fused(weight_[i][k][j], r.v[j], sum[i]);
                }
            }
        }
        float own = 0.0f;
        SHOAL_UNROLL for (int i = 0; i < Shape::rows; ++i) {
            float row_sum = sum[i];
            SHOAL_UNROLL for (int distance = Shape::lanes / 2; distance > 0; distance /= 2) {
                row_sum += g.shuffle_xor(row_sum, distance, full_warp);
            }
            own = lane_ == i ? row_sum : own;
        }
        if constexpr (Shape::tail) {
            float part = 0.0f;
            SHOAL_UNROLL for (int k = 0; k < tail_chunks; ++k) {
                if (k * warp_size + g.lane() < Shape::columns) {
                    part = fused(tail_[k], rates[k * warp_size + g.lane()], part);
                }
            }
            part = g.warp_sum(part);
            own = g.lane() == tail_owner ? part : own;
        }
        return own;
    }

  private:
    /// The first lane that owns no row of the tile.
    static constexpr int tail_owner = Shape::rows;
    static constexpr int tail_chunks =
        Shape::tail ? (Shape::columns + warp_size - 1) / warp_size : 1;

    SHOAL_DEVICE int column(int chunk) const { return (chunk * Shape::lanes + lane_) * 4; }

    int lane_;
    int first_row_;
    float weight_[Shape::rows][Shape::chunks][4];
    float tail_[tail_chunks];
};

/// The tiles that are compiled, smallest first. A multiprocessor has 65,536 registers, a quarter
/// for each of its four schedulers: 12 warps of 168 registers, or 13 to 16 warps of 128. The
/// largest tile takes 111 of the 168; networks of 205 units and more do not leave enough to compute
/// with.
using Tile32 = TileShape<1, 4, 2, 128, false, 5>;
using Tile64 = TileShape<1, 4, 4, 256, false, 2>;
using Tile128 = TileShape<2, 4, 8, 256, false, 2>;
using Tile204 = TileShape<2, 4, 13, 384, true, 1>;

}  // namespace shoal::cuda
