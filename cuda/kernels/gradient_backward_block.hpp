// SPDX-License-Identifier: MIT
// The parts of the backward pass (gradient_backward.hpp): its operands in shared memory, and dM
// where it is summed up in registers.
#pragma once

#include "kernels/gradient_arguments.hpp"
#include "kernels/gradient_arithmetic.hpp"

namespace shoal::cuda {

/// Byte offsets of a block's shared memory.
template <class Tile>
struct BackwardPlan {
    int lambda;   ///< float [unit, stride], where it stands here
    int buffers;  ///< of two buffers the first one
    /// In a buffer, behind elements [d; dz], [k, trial]: the same as [row, trial pair], where that
    /// is another order; elements [r; u; 1], [column, trial pair].
    int pairs_at, drive_at;
    int buffer_bytes;
    int error_words, error_pair_words, drive_words;
    int bytes;

    /// Only a fused tile needs operands in pairs of trials.
    static constexpr bool other_order = Tile::fused && Tile::Arithmetic::width > 1;

    SHOAL_HD BackwardPlan(int units, int inputs, int outputs, bool lambda_here) {
        const int rows = Tile::padded_rows(units, outputs);
        const int columns = Tile::fused ? round_up(units + inputs + 1, tile_columns) : 0;
        error_words = rows / Tile::Arithmetic::width * Tile::stride;
        error_pair_words = other_order ? rows * Tile::pair_stride : 0;
        drive_words = columns * Tile::pair_stride;
        lambda = 0;
        buffers = lambda_here ? round_up(units * Tile::stride * 4, 16) : 0;
        pairs_at = round_up(error_words * 4, 16);
        drive_at = pairs_at + round_up(error_pair_words * 4, 16);
        buffer_bytes = drive_at + round_up(drive_words * 4, 16);
        bytes = buffers + 2 * buffer_bytes;
    }
    SHOAL_HD int error(int b) const { return buffers + b * buffer_bytes; }
    SHOAL_HD int error_pairs(int b) const { return error(b) + pairs_at; }
    SHOAL_HD int drive(int b) const { return error(b) + drive_at; }
};

/// What the parts of the backward pass of one block share.
template <class Tile, class Group>
struct BackwardBlock {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    static constexpr int trials = Tile::trials;

    const Group& g;
    const GradientWork& w;
    const GradientSegment segment;
    const int tile;
    const BackwardPlan<Tile> plan;

    SHOAL_DEVICE std::int64_t tile_size() const { return std::int64_t{w.units} * trials; }
    SHOAL_DEVICE std::int64_t history(int t) const {
        return (std::int64_t{t - segment.first} * w.tiles + tile) * tile_size();
    }
    SHOAL_DEVICE auto errors(int b) const {
        return g.template shared<Element>(plan.error(b), plan.error_words * A::width);
    }
    SHOAL_DEVICE auto error_pairs(int b) const {
        return g.template shared<Element>(plan.error_pairs(b), plan.error_pair_words * A::width);
    }
    SHOAL_DEVICE auto drive(int b) const {
        return g.template shared<Element>(plan.drive(b), plan.drive_words * A::width);
    }

    /// Writes element (row, trial) of [d(t); dz(t-1)] wherever it is read.
    template <class Errors, class Pairs, class Written>
    SHOAL_DEVICE void put_error(const Errors& to, const Pairs& pairs, const Written& written,
                                int row, int trial, float value) const {
        const Element element = A::narrow(value);
        to[Tile::place(row, trial)] = element;
        if constexpr (BackwardPlan<Tile>::other_order) {
            pairs[row * Tile::pair_stride * A::width + trial] = element;
        }
        if constexpr (!Tile::fused) {
            written[row * trials + trial] = element;
        }
    }
    /// [d(t); dz(t-1)] as gradient_outer reads it.
    SHOAL_DEVICE auto written(int t) const {
        const std::int64_t size = std::int64_t{w.matrix_rows} * trials;
        auto* errors = static_cast<Element*>(w.errors);
        return g.global(
            errors + (Tile::fused ? 0 : (std::int64_t{t - segment.first} * w.tiles + tile) * size),
            Tile::fused ? 0 : size);
    }

    /// dz(t-1) and the zeros below it into buffer b.
    SHOAL_DEVICE void bring_slopes(int b, int t) const {
        const auto to = errors(b);
        const auto pairs = error_pairs(b);
        const auto out = written(t);
        for (int i = g.rank(); i < (w.matrix_rows - w.units) * trials; i += g.size()) {
            const int o = i / trials;
            float slope = 0;
            if (o < w.outputs && t > 0) {
                slope = w.slopes[((std::int64_t{t - 1} * w.tiles + tile) * w.outputs) * trials + i];
            }
            put_error(to, pairs, out, w.units + o, i % trials, slope);
        }
    }

    /// [r(t); u(t); 1] into buffer b, for dM; there after wait_copies() and a barrier.
    SHOAL_DEVICE void bring_drive(int b, int t) const {
        const auto to = drive(b);
        const auto from = g.global(static_cast<const Element*>(w.rates) + history(t), tile_size());
        constexpr int at_once = 16 / static_cast<int>(sizeof(Element));
        constexpr int row = Tile::pair_stride * A::width;
        for (int i = g.rank(); i < w.units * (trials / at_once); i += g.size()) {
            const int unit = i / (trials / at_once);
            const int trial = i % (trials / at_once) * at_once;
            g.copy16(to + (unit * row + trial), from + (unit * trials + trial));
        }
        const int valid = w.trials - tile * trials;
        const int columns = plan.drive_words / Tile::pair_stride;
        for (int i = g.rank(); i < (columns - w.units) * trials; i += g.size()) {
            const int c = i / trials;
            const int trial = i % trials;
            float u = c == w.inputs ? 1.0f : 0.0f;
            if (c < w.inputs && trial < valid && t < w.steps) {
                u = w.trial_inputs[(std::int64_t{t} * w.trials + tile * trials + trial) * w.inputs +
                                   c];
            }
            to[(w.units + c) * row + trial] = A::narrow(u);
        }
    }

    /// r(t) of every unit: what bring_drive() brought, or the history.
    SHOAL_DEVICE auto rates(int b, int t) const {
        if constexpr (Tile::fused) {
            return g.template shared<const Element>(plan.drive(b), plan.drive_words * A::width);
        } else {
            return g.global(static_cast<const Element*>(w.rates) + history(t), tile_size());
        }
    }
    static constexpr int rate_stride = Tile::fused ? Tile::pair_stride * A::width : trials;

    /// A warp's part of dM: its tile of units' rows, and some tiles of the outputs' rows.
    struct Total {
        float units[Tile::column_tiles][4] = {};
        float outputs[Tile::output_tiles][4] = {};
    };

    /// total += [d; dz] [r; u; 1]' over the trials of buffer b.
    SHOAL_DEVICE void add_weight_gradient(int b, Total& total) const {
        using Word = typename A::Word;
        constexpr int stride = BackwardPlan<Tile>::other_order ? Tile::pair_stride : Tile::stride;
        const auto rows = g.template shared<const Word>(
            BackwardPlan<Tile>::other_order ? plan.error_pairs(b) : plan.error(b),
            BackwardPlan<Tile>::other_order ? plan.error_pair_words : plan.error_words);
        const auto columns = g.template shared<const Word>(plan.drive(b), plan.drive_words);
        const int column_tiles = plan.drive_words / Tile::pair_stride / tile_columns;
        SHOAL_UNROLL_BY(1) for (int k = 0; k < trials / A::width; k += tile_words) {
            const auto multiply = [&](const typename A::Fragment& f, int c,
                                      float(&sum)[4]) SHOAL_INLINE {
                A::multiply(g, f, columns + (c * tile_columns * Tile::pair_stride + k), 1,
                            Tile::pair_stride, sum);
            };
            typename A::Fragment f;
            if (g.warp() * tile_rows < w.units) {
                A::take(g, rows + (g.warp() * tile_rows * stride + k), stride, f);
                SHOAL_UNROLL for (int c = 0; c < Tile::column_tiles; ++c) {
                    if (c < column_tiles) {
                        multiply(f, c, total.units[c]);
                    }
                }
            }
            A::take(g, rows + (w.units * stride + k), stride, f);
            SHOAL_UNROLL for (int i = 0; i < Tile::output_tiles; ++i) {
                if (g.warp() + i * w.warps < column_tiles) {
                    multiply(f, g.warp() + i * w.warps, total.outputs[i]);
                }
            }
        }
    }

    /// Visits what this warp has of dM: visit(element, sum).
    template <class Visit>
    SHOAL_DEVICE void for_each(Total& total, Visit visit) const {
        const int size = w.matrix_rows * w.matrix_columns;
        const auto part = g.global(w.partials + std::int64_t{tile} * size, size);
        const auto visit_tile = [&](int row0, int end, int c, float(&sums)[4]) SHOAL_INLINE {
            SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                const int row = row0 + g.lane() / 4 + i / 2 * 8;
                const int column = c * tile_columns + g.lane() % 4 * 2 + i % 2;
                if (row < end && column < w.units + w.inputs + 1) {
                    visit(part + (row * w.matrix_columns + column), sums[i]);
                }
            }
        };
        SHOAL_UNROLL for (int c = 0; c < Tile::column_tiles; ++c) {
            visit_tile(g.warp() * tile_rows, w.units, c, total.units[c]);
        }
        SHOAL_UNROLL for (int i = 0; i < Tile::output_tiles; ++i) {
            visit_tile(w.units, w.units + w.outputs, g.warp() + i * w.warps, total.outputs[i]);
        }
    }
};

}  // namespace shoal::cuda
