// SPDX-License-Identifier: MIT
// dM of networks whose gradient does not fit registers: sums over the history that the other two
// passes left, steps backwards and tiles of trials in order, so that a segment more or less changes
// no bit.
#pragma once

#include "kernels/gradient_arguments.hpp"
#include "kernels/gradient_arithmetic.hpp"

namespace shoal::cuda {

/// A block has this many rows and columns of dM, a warp 16 of the rows.
inline constexpr int outer_side = 64;
inline constexpr int outer_threads = outer_side / tile_rows * warp_size;

/// Bytes of shared memory: rows and columns, double-buffered.
template <class Tile>
constexpr int outer_shared_bytes() {
    return 2 * 2 * outer_side * Tile::pair_stride * 4;
}

/// Blocks: one a square of dM, as `blocks` says, counted along its rows.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_outer(const Group& g, const GradientArguments& arguments) {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    using Word = typename A::Word;
    constexpr int trials = Tile::trials;
    constexpr int stride = Tile::pair_stride * A::width;
    constexpr int operand_bytes = outer_side * Tile::pair_stride * 4;
    constexpr int at_once = 16 / static_cast<int>(sizeof(Element));
    constexpr int column_tiles = outer_side / tile_columns;
    const GradientBlock block = arguments.blocks[g.block()];
    const GradientWork& w = arguments.works[block.work];
    const GradientSegment segment = arguments.segment;
    const int across = (w.matrix_columns + outer_side - 1) / outer_side;
    const int first_row = block.tile / across * outer_side;
    const int first_column = block.tile % across * outer_side;
    const int columns = w.units + w.inputs + 1;

    // Round i is tile i % tiles of step last - i / tiles.
    const auto bring = [&](int round) SHOAL_INLINE {
        const int t = segment.last - round / w.tiles;
        const int tile = round % w.tiles;
        const std::int64_t entry = std::int64_t{t - segment.first} * w.tiles + tile;
        const int buffer = round % 2 * 2 * operand_bytes;
        const auto rows = g.template shared<Element>(buffer, outer_side * stride);
        const auto cols = g.template shared<Element>(buffer + operand_bytes, outer_side * stride);
        const std::int64_t error_size = std::int64_t{w.matrix_rows} * trials;
        const auto errors =
            g.global(static_cast<const Element*>(w.errors) + entry * error_size, error_size);
        const std::int64_t rate_size = std::int64_t{w.units} * trials;
        const auto rates =
            g.global(static_cast<const Element*>(w.rates) + entry * rate_size, rate_size);
        for (int i = g.rank(); i < outer_side * (trials / at_once); i += g.size()) {
            const int line = i / (trials / at_once);
            const int trial = i % (trials / at_once) * at_once;
            const auto row = rows + (line * stride + trial);
            const auto column = cols + (line * stride + trial);
            if (first_row + line < w.matrix_rows) {
                g.copy16(row, errors + ((first_row + line) * trials + trial));
            } else {
                for (int k = 0; k < at_once; ++k) {
                    row[k] = A::narrow(0.0f);
                }
            }
            const int c = first_column + line - w.units;
            if (c < 0) {
                g.copy16(column, rates + ((first_column + line) * trials + trial));
                continue;
            }
            for (int k = 0; k < at_once; ++k) {
                const int number = tile * trials + trial + k;
                float u = c == w.inputs ? 1.0f : 0.0f;
                if (c < w.inputs && number < w.trials && t < w.steps) {
                    u = w.trial_inputs[(std::int64_t{t} * w.trials + number) * w.inputs + c];
                }
                column[k] = A::narrow(u);
            }
        }
    };

    const int size = w.matrix_rows * w.matrix_columns;
    const auto part = g.global(w.partials, size);
    const int row0 = g.warp() * tile_rows;
    float total[column_tiles][4] = {};
    const auto for_each = [&](auto visit) SHOAL_INLINE {
        SHOAL_UNROLL for (int c = 0; c < column_tiles; ++c) {
            SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                const int row = first_row + row0 + g.lane() / 4 + i / 2 * 8;
                const int column = first_column + c * tile_columns + g.lane() % 4 * 2 + i % 2;
                if (row < w.matrix_rows && column < columns) {
                    visit(row * w.matrix_columns + column, c, i);
                }
            }
        }
    };
    if (segment.last < w.steps) {
        for_each([&](int at, int c, int i) SHOAL_INLINE { total[c][i] = part[at]; });
    }
    const int last_done = segment.first == 0 ? 0 : segment.first + 1;
    const int rounds = (segment.last - last_done + 1) * w.tiles;
    bring(0);
    g.wait_copies();
    g.sync();
    for (int round = 0; round < rounds; ++round) {
        if (round + 1 < rounds) {
            bring(round + 1);
        }
        const int buffer = round % 2 * 2 * operand_bytes;
        const auto rows = g.template shared<const Word>(buffer, outer_side * Tile::pair_stride);
        const auto cols =
            g.template shared<const Word>(buffer + operand_bytes, outer_side * Tile::pair_stride);
        SHOAL_UNROLL_BY(1) for (int k = 0; k < trials / A::width; k += tile_words) {
            typename A::Fragment f;
            A::take(g, rows + (row0 * Tile::pair_stride + k), Tile::pair_stride, f);
            SHOAL_UNROLL for (int c = 0; c < column_tiles; ++c) {
                A::multiply(g, f, cols + (c * tile_columns * Tile::pair_stride + k), 1,
                            Tile::pair_stride, total[c]);
            }
        }
        g.wait_copies();
        g.sync();
    }
    for_each([&](int at, int c, int i) SHOAL_INLINE { part[at] = total[c][i]; });
}

}  // namespace shoal::cuda
