// SPDX-License-Identifier: MIT
// Backward pass of a segment of steps for one tile of trials (host/MATHEMATICS.md, B.4):
//
//   g(t) = M' [d(t); dz(t-1)] + rate slope r(t),  lambda(t) += g(t), or (1 - r^2) g(t) for current
//   d(t-1) = a (1 - s(t-1)^2 for rate) lambda(t),  lambda(t-1) = (1 - a) lambda(t)
//
// and dM, in registers where the tile is fused, else left to gradient_outer through the errors that
// are written out. CPU twin: host/backend/reference/gradient_network.hpp.
#pragma once

#include "kernels/gradient_backward_block.hpp"

namespace shoal::cuda {

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
        if constexpr (Tile::fused) {
            block.bring_drive(0, segment.last);
        }
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
        block.for_each(total, [](const auto& part, float& sum) SHOAL_INLINE { sum = *part; });
    }
    g.wait_copies();
    g.sync();

    const int its_threads = w.warps * warp_size;
    const auto rate_sums = g.global(w.rate_sums + where.tile * its_threads, its_threads);
    double rate_sum = 0;
    if (g.warp() < w.warps && !whole_trial_ends) {
        rate_sum = rate_sums[g.rank()];
    }
    const int last_done = segment.first == 0 ? 0 : segment.first + 1;
    for (int t = segment.last; t >= last_done; --t) {
        const int b = (segment.last - t) % 2;
        if (t > last_done) {
            if constexpr (Tile::fused) {
                block.bring_drive(1 - b, t - 1);
            }
            block.bring_slopes(1 - b, t - 1);
        }
        if (has_total) {
            block.add_outer(b, total);
        }
        const auto words =
            g.template shared<const typename A::Word>(plan.error(b), plan.error_words);
        const auto rates = block.rates(b, t);
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
                        const float r = A::widen(rates[row * block.rate_stride + trial]);
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
        block.for_each(total, [](const auto& part, float& sum) SHOAL_INLINE { *part = sum; });
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
    if (g.warp() < w.warps) {
        rate_sums[g.rank()] = rate_sum;
    }
}

}  // namespace shoal::cuda
