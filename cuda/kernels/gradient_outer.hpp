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

/// One square of dM. Round i takes tile i % tiles of step last - i / tiles.
template <class Tile, class Group>
class OuterSum {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    using Word = typename A::Word;
    static constexpr int trials = Tile::trials;
    static constexpr int stride = Tile::pair_stride * A::width;
    static constexpr int operand_bytes = outer_side * Tile::pair_stride * 4;
    static constexpr int at_once = 16 / static_cast<int>(sizeof(Element));  ///< of a copy
    static constexpr int column_tiles = outer_side / tile_columns;

  public:
    SHOAL_DEVICE OuterSum(const Group& g, const GradientArguments& arguments,
                          const GradientBlock& block)
        : g_(g),
          w_(arguments.works[block.work]),
          segment_(arguments.segment),
          first_row_(block.tile / across() * outer_side),
          first_column_(block.tile % across() * outer_side) {}

    SHOAL_DEVICE void run() {
        const int last_done = segment_.first == 0 ? 0 : segment_.first + 1;
        const int rounds = (segment_.last - last_done + 1) * w_.tiles;
        load();
        for (int round = 0; round < rounds; ++round) {
            if (round + 1 < rounds) {
                bring(round + 1);
            }
            add_weight_gradient(round % 2);
            g_.wait_copies();
            g_.sync();
        }
        store();
    }

  private:
    SHOAL_DEVICE int across() const { return (w_.matrix_columns + outer_side - 1) / outer_side; }
    template <typename T>
    SHOAL_DEVICE auto rows(int b) const {
        return g_.template shared<T>(b * 2 * operand_bytes,
                                     operand_bytes / static_cast<int>(sizeof(T)));
    }
    template <typename T>
    SHOAL_DEVICE auto columns(int b) const {
        return g_.template shared<T>(b * 2 * operand_bytes + operand_bytes,
                                     operand_bytes / static_cast<int>(sizeof(T)));
    }

    SHOAL_DEVICE void load() {
        if (segment_.last < w_.steps) {
            for_each([](const auto& part, float& sum) SHOAL_INLINE { sum = *part; });
        }
        bring(0);
        g_.wait_copies();
        g_.sync();
    }

    SHOAL_DEVICE void bring(int round) const {
        const int t = segment_.last - round / w_.tiles;
        const int tile = round % w_.tiles;
        const std::int64_t entry = std::int64_t{t - segment_.first} * w_.tiles + tile;
        const std::int64_t error_size = std::int64_t{w_.matrix_rows} * trials;
        const auto errors =
            g_.global(static_cast<const Element*>(w_.errors) + entry * error_size, error_size);
        const std::int64_t rate_size = std::int64_t{w_.units} * trials;
        const auto rates =
            g_.global(static_cast<const Element*>(w_.rates) + entry * rate_size, rate_size);
        for (int i = g_.rank(); i < outer_side * (trials / at_once); i += g_.size()) {
            const int line = i / (trials / at_once);
            const int trial = i % (trials / at_once) * at_once;
            bring_errors(rows<Element>(round % 2) + (line * stride + trial), errors,
                         first_row_ + line, trial);
            const auto column = columns<Element>(round % 2) + (line * stride + trial);
            const int c = first_column_ + line - w_.units;
            if (c < 0) {
                g_.copy16(column, rates + ((first_column_ + line) * trials + trial));
            } else {
                place_input(column, t, tile * trials + trial, c);
            }
        }
    }

    /// [d(t); dz(t-1)] of one row from this trial on.
    template <class To, class Errors>
    SHOAL_DEVICE void bring_errors(const To& to, const Errors& errors, int row, int trial) const {
        if (row < w_.matrix_rows) {
            g_.copy16(to, errors + (row * trials + trial));
            return;
        }
        for (int k = 0; k < at_once; ++k) {
            to[k] = A::narrow(0.0f);
        }
    }

    /// Element c of [u(t); 1], zeros beyond it, from this trial on.
    template <class To>
    SHOAL_DEVICE void place_input(const To& to, int t, int trial, int c) const {
        for (int k = 0; k < at_once; ++k) {
            float u = c == w_.inputs ? 1.0f : 0.0f;
            if (c < w_.inputs && trial + k < w_.trials && t < w_.steps) {
                u = w_.trial_inputs[(std::int64_t{t} * w_.trials + trial + k) * w_.inputs + c];
            }
            to[k] = A::narrow(u);
        }
    }

    /// total += [d; dz] [r; u; 1]' over the trials of buffer b.
    SHOAL_DEVICE void add_weight_gradient(int b) {
        const auto errors = rows<const Word>(b) + g_.warp() * tile_rows * Tile::pair_stride;
        const auto drives = columns<const Word>(b);
        SHOAL_UNROLL_BY(1) for (int k = 0; k < trials / A::width; k += tile_words) {
            typename A::Fragment f;
            A::take(g_, errors + k, Tile::pair_stride, f);
            SHOAL_UNROLL for (int c = 0; c < column_tiles; ++c) {
                A::multiply(g_, f, drives + (c * tile_columns * Tile::pair_stride + k), 1,
                            Tile::pair_stride, total_[c]);
            }
        }
    }

    SHOAL_DEVICE void store() {
        for_each([](const auto& part, float& sum) SHOAL_INLINE { *part = sum; });
    }

    /// Visits what this lane has of dM: visit(element, sum).
    template <class Visit>
    SHOAL_DEVICE void for_each(Visit visit) {
        const auto part = g_.global(w_.partials, w_.matrix_rows * w_.matrix_columns);
        for_each_sum(g_, total_, [&](int row, int column, float& sum) SHOAL_INLINE {
            row += first_row_ + g_.warp() * tile_rows;
            column += first_column_;
            if (row < w_.matrix_rows && column < w_.units + w_.inputs + 1) {
                visit(part + (row * w_.matrix_columns + column), sum);
            }
        });
    }

    const Group& g_;
    const GradientWork& w_;
    const GradientSegment segment_;
    const int first_row_, first_column_;
    float total_[column_tiles][4] = {};
};

/// Blocks: one a square of dM, as `blocks` says, counted along its rows.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_outer(const Group& g, const GradientArguments& arguments) {
    OuterSum<Tile, Group>(g, arguments, arguments.blocks[g.block()]).run();
}

}  // namespace shoal::cuda
