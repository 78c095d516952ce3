// SPDX-License-Identifier: MIT
// Backward pass of a segment of steps for one tile of trials (host/README.md, B.4):
//
//   g(t) = M' [d(t); dz(t-1)] + rate slope r(t),  lambda(t) += g(t), or (1 - r^2) g(t) for current
//   d(t-1) = a (1 - s(t-1)^2 for rate) lambda(t),  lambda(t-1) = (1 - a) lambda(t)
//
// and dM, in registers where the tile is fused, else left to gradient_outer through the errors that
// are written out. CPU twin: host/backend/reference/gradient_network.hpp.
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
        const int columns = Tile::fused ? round_up(units + inputs + 1, tile_columns) : units;
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

    /// [r(t); u(t); 1] into buffer b; there after wait_copies() and a barrier.
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
        if constexpr (Tile::fused) {
            const int valid = w.trials - tile * trials;
            const int columns = plan.drive_words / Tile::pair_stride;
            for (int i = g.rank(); i < (columns - w.units) * trials; i += g.size()) {
                const int c = i / trials;
                const int trial = i % trials;
                float u = c == w.inputs ? 1.0f : 0.0f;
                if (c < w.inputs && trial < valid && t < w.steps) {
                    u = w.trial_inputs[(std::int64_t{t} * w.trials + tile * trials + trial) *
                                           w.inputs +
                                       c];
                }
                to[(w.units + c) * row + trial] = A::narrow(u);
            }
        }
    }

    /// A warp's part of dM: its tile of units' rows, and some tiles of the outputs' rows.
    struct Total {
        float units[Tile::column_tiles][4] = {};
        float outputs[Tile::output_tiles][4] = {};
    };

    /// total += [d; dz] [r; u; 1]' over the trials of buffer b.
    SHOAL_DEVICE void add_outer(int b, Total& total) const {
        using Word = typename A::Word;
        constexpr int stride = BackwardPlan<Tile>::other_order ? Tile::pair_stride : Tile::stride;
        const auto rows = g.template shared<const Word>(
            BackwardPlan<Tile>::other_order ? plan.error_pairs(b) : plan.error(b),
            BackwardPlan<Tile>::other_order ? plan.error_pair_words : plan.error_words);
        const auto columns = g.template shared<const Word>(plan.drive(b), plan.drive_words);
        const int column_tiles = plan.drive_words / Tile::pair_stride / tile_columns;
        SHOAL_UNROLL_BY(1) for (int k = 0; k < trials / A::width; k += tile_words) {
            const auto multiply = [&](const typename A::Fragment& f, int c, float(&sum)[4]) {
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
        const auto visit_tile = [&](int row0, int end, int c, float(&sums)[4]) {
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

/// Blocks: one a tile of trials, as `blocks` says.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_backward(const Group& g, const GradientArguments& arguments) {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    constexpr int trials = Tile::trials;
    const GradientBlock where = arguments.blocks[g.block()];
    const GradientWork& w = arguments.works[where.work];
    const GradientSegment segment = arguments.segment;
    const bool lambda_here = arguments.state_in_shared != 0;
    const int n = w.units;
    const int tile_size = n * trials;
    const BackwardBlock<Tile, Group> block{g, w, segment, where.tile,
                                           BackwardPlan<Tile>(n, w.inputs, w.outputs, lambda_here)};
    const auto& plan = block.plan;
    const auto lambda =
        lambda_here
            ? g.template shared<float>(plan.lambda, n * Tile::stride)
            : g.global(w.state + std::int64_t{where.tile} * n * Tile::stride, n * Tile::stride);
    const auto matrix =
        g.global(static_cast<const float*>(w.matrix), w.matrix_rows * w.matrix_columns);
    const bool whole_trial_ends = segment.last == w.steps;
    const auto carried_lambda =
        g.global(w.carried_lambda + std::int64_t{where.tile} * tile_size, tile_size);
    const auto carried_error =
        g.global(w.carried_error + std::int64_t{where.tile} * tile_size, tile_size);

    {
        const auto error = block.errors(0);
        const auto pairs = block.error_pairs(0);
        const auto written = block.written(segment.last);
        for (int i = g.rank(); i < tile_size; i += g.size()) {
            lambda[i / trials * Tile::stride + i % trials] =
                whole_trial_ends ? 0.0f : float{carried_lambda[i]};
            block.put_error(error, pairs, written, i / trials, i % trials,
                            whole_trial_ends ? 0.0f : float{carried_error[i]});
        }
        block.bring_slopes(0, segment.last);
        block.bring_drive(0, segment.last);
    }
    const int row_tiles = (n + tile_rows - 1) / tile_rows;
    const int k_tiles = round_up(n + w.outputs, Tile::depth) / Tile::depth;
    const OperandStrides by_column{1, w.matrix_columns};

    typename A::Fragment kept[Tile::kept > 0 ? Tile::kept : 1];
    if (g.warp() < row_tiles) {
        keep_row_tile<Tile>(g, matrix, by_column, g.warp() * tile_rows, k_tiles, kept);
    }
    typename BackwardBlock<Tile, Group>::Total total;
    const bool has_total = Tile::fused && g.warp() < w.warps;
    if (has_total && !whole_trial_ends) {
        block.for_each(total, [](const auto& part, float& sum) { sum = *part; });
    }
    g.wait_copies();
    g.sync();

    double rate_sum = 0;
    const int last_done = segment.first == 0 ? 0 : segment.first + 1;
    for (int t = segment.last; t >= last_done; --t) {
        const int b = (segment.last - t) % 2;
        if (t > last_done) {
            block.bring_drive(1 - b, t - 1);
            block.bring_slopes(1 - b, t - 1);
        }
        if (has_total) {
            block.add_outer(b, total);
        }
        const auto words =
            g.template shared<const typename A::Word>(plan.error(b), plan.error_words);
        const auto drive = block.drive(b);
        const auto next_error = block.errors(1 - b);
        const auto next_pairs = block.error_pairs(1 - b);
        const auto written = block.written(t > segment.first ? t - 1 : t);
        const auto squashed =
            g.global(static_cast<const Element*>(w.squashed) +
                         (w.cell == Cell::rate && t > 0 ? block.history(t - 1) : 0),
                     w.cell == Cell::rate ? tile_size : 0);
        for (int tile = g.warp(); tile < row_tiles; tile += g.warps()) {
            const int row0 = tile * tile_rows;
            float sum[Tile::trial_tiles][4] = {};
            multiply_row_tile<Tile>(g, kept, matrix, by_column, row0, k_tiles, words, sum);
            SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                    const int row = row0 + g.lane() / 4 + i / 2 * 8;
                    const int trial = c * tile_columns + g.lane() % 4 * 2 + i % 2;
                    if (row < n) {
                        const float r = A::widen(drive[row * Tile::pair_stride * A::width + trial]);
                        float slope = sum[c][i];
                        if (t > 0) {
                            slope = fused(w.rate_slope, r, slope);
                            if (w.rate_penalty != 0) {
                                rate_sum += static_cast<double>(r) * static_cast<double>(r);
                            }
                        }
                        if (w.cell == Cell::current) {
                            slope *= fused(-r, r, 1.0f);
                        }
                        const int at = row * Tile::stride + trial;
                        const float all = lambda[at] + slope;
                        if (t == 0) {
                            lambda[at] = all;
                            continue;
                        }
                        float steepness = w.leak;
                        if (w.cell == Cell::rate) {
                            const float s = A::widen(squashed[row * trials + trial]);
                            steepness *= fused(-s, s, 1.0f);
                        }
                        const float d = steepness * all;
                        const float kept_lambda = fused(-w.leak, all, all);
                        lambda[at] = kept_lambda;
                        if (t > last_done) {
                            block.put_error(next_error, next_pairs, written, row, trial, d);
                        } else {
                            carried_lambda[row * trials + trial] = kept_lambda;
                            carried_error[row * trials + trial] = d;
                        }
                    }
                }
            }
        }
        g.wait_copies();
        g.sync();
    }

    if (has_total) {
        block.for_each(total, [](const auto& part, float& sum) { *part = sum; });
    }
    if (segment.first == 0) {
        for (int unit = g.rank(); unit < n; unit += g.size()) {
            float sum = 0;
            for (int trial = 0; trial < trials; ++trial) {
                sum += lambda[unit * Tile::stride + trial];
            }
            w.initial[where.tile * n + unit] = sum;
        }
    }
    rate_sum = g.warp_sum(rate_sum);
    if (g.lane() == 0 && g.warp() < w.warps) {
        const auto sums = g.global(w.rate_sums + where.tile * w.warps, w.warps);
        sums[g.warp()] = rate_sum + (whole_trial_ends ? 0.0 : double{sums[g.warp()]});
    }
}

}  // namespace shoal::cuda
