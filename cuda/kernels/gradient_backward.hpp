// SPDX-License-Identifier: MIT
// Backward pass of a segment of steps for one tile of trials (host/MATHEMATICS.md, B.4):
//
//   g(t) = M' [d(t); dz(t-1)] + rate slope r(t),  lambda(t) += g(t), or (1 - r^2) g(t) for current
//   d(t-1) = a (1 - s(t-1)^2 for rate) lambda(t),  lambda(t-1) = (1 - a) lambda(t)
//
// and dM, in registers where the tile is fused, else left to gradient_outer through the errors that
// are written out. CPU twin: host/backend/reference/gradient_network.hpp.
#pragma once

#include <utility>

#include "kernels/gradient_backward_block.hpp"

namespace shoal::cuda {

/// One tile of trials in one segment of steps. Step t multiplies M' [d(t); dz(t-1)], which stands
/// in buffer b, and leaves d(t-1) in the other one, or for the segment before.
template <class Tile, class Group>
class BackwardPass {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    template <typename T>
    using View = decltype(std::declval<const Group&>().global(static_cast<T*>(nullptr), 0));
    static constexpr int trials = Tile::trials;

  public:
    SHOAL_DEVICE BackwardPass(const Group& g, const GradientArguments& arguments,
                              const GradientBlock& where)
        : g_(g),
          w_(arguments.works[where.work]),
          segment_(arguments.segment),
          n_(w_.units),
          tile_size_(n_ * trials),
          row_tiles_((n_ + tile_rows - 1) / tile_rows),
          k_tiles_(round_up(n_ + w_.outputs, Tile::depth) / Tile::depth),
          by_column_{1, w_.matrix_columns},
          last_done_(segment_.first == 0 ? 0 : segment_.first + 1),
          trial_ends_(segment_.last == w_.steps),
          has_total_(Tile::fused && g.warp() < w_.warps),
          lambda_here_(arguments.state_in_shared != 0),
          block_{g, w_, segment_, where.tile,
                 BackwardPlan<Tile>(n_, w_.inputs, w_.outputs, lambda_here_)},
          lambda_(lambda_here_ ? g.template shared<float>(block_.plan.lambda, n_ * Tile::stride)
                               : g.global(w_.state + std::int64_t{where.tile} * n_ * Tile::stride,
                                          n_ * Tile::stride)),
          matrix_(
              g.global(static_cast<const float*>(w_.matrix), w_.matrix_rows * w_.matrix_columns)),
          carried_lambda_(
              g.global(w_.carried_lambda + std::int64_t{where.tile} * tile_size_, tile_size_)),
          carried_error_(
              g.global(w_.carried_error + std::int64_t{where.tile} * tile_size_, tile_size_)),
          rate_sums_(
              g.global(w_.rate_sums + where.tile * w_.warps * warp_size, w_.warps * warp_size)) {}

    SHOAL_DEVICE void run() {
        load();
        for (int t = segment_.last; t >= last_done_; --t) {
            const int b = (segment_.last - t) % 2;
            if (t > last_done_) {
                bring(1 - b, t - 1);
            }
            if (has_total_) {
                block_.add_weight_gradient(b, total_);
            }
            retreat_rows(b, t);
            g_.wait_copies();
            g_.sync();
        }
        store();
    }

  private:
    SHOAL_DEVICE void load() {
        load_lambda();
        bring(0, segment_.last);
        if (g_.warp() < row_tiles_) {
            keep_row_tile<Tile>(g_, matrix_, by_column_, g_.warp() * tile_rows, k_tiles_, kept_);
        }
        if (has_total_ && !trial_ends_) {
            block_.for_each(total_, [](const auto& part, float& sum) SHOAL_INLINE { sum = *part; });
        }
        g_.wait_copies();
        g_.sync();
        if (g_.warp() < w_.warps && !trial_ends_) {
            rate_sum_ = rate_sums_[g_.rank()];
        }
    }

    /// lambda and d at the segment's end: 0, or what the segment behind it carried here.
    SHOAL_DEVICE void load_lambda() const {
        const auto error = block_.errors(0);
        const auto pairs = block_.error_pairs(0);
        const auto written = block_.written(segment_.last);
        for (int i = g_.rank(); i < tile_size_; i += g_.size()) {
            lambda_[i / trials * Tile::stride + i % trials] =
                trial_ends_ ? 0.0f : float{carried_lambda_[i]};
            block_.put_error(error, pairs, written, i / trials, i % trials,
                             trial_ends_ ? 0.0f : float{carried_error_[i]});
        }
    }

    /// What step t needs beside d(t).
    SHOAL_DEVICE void bring(int b, int t) const {
        if constexpr (Tile::fused) {
            block_.bring_drive(b, t);
        }
        block_.bring_slopes(b, t);
    }

    /// lambda(t-1) and d(t-1) of this warp's units; lambda(0) at t = 0.
    SHOAL_DEVICE void retreat_rows(int b, int t) {
        const auto words = g_.template shared<const typename A::Word>(block_.plan.error(b),
                                                                      block_.plan.error_words);
        const auto rates = block_.rates(b, t);
        const auto squashed =
            g_.global(static_cast<const Element*>(w_.squashed) +
                          (squashes_drive(w_.cell) && t > 0 ? block_.history(t - 1) : 0),
                      squashes_drive(w_.cell) ? tile_size_ : 0);
        const auto next_error = block_.errors(1 - b);
        const auto next_pairs = block_.error_pairs(1 - b);
        const auto written = block_.written(t > segment_.first ? t - 1 : t);
        for (int tile = g_.warp(); tile < row_tiles_; tile += g_.warps()) {
            const int row0 = tile * tile_rows;
            float sum[Tile::trial_tiles][4] = {};
            multiply_row_tile<Tile>(g_, kept_, matrix_, by_column_, row0, k_tiles_, words, sum);
            for_each_sum(g_, sum, [&](int row, int trial, float slope) SHOAL_INLINE {
                const int unit = row0 + row;
                if (unit >= n_) {
                    return;
                }
                const float r = A::widen(rates[unit * block_.rate_stride + trial]);
                const float all = lambda_[unit * Tile::stride + trial] + through_rate(t, r, slope);
                if (t == 0) {
                    lambda_[unit * Tile::stride + trial] = all;
                    return;
                }
                const float d = steepness(squashed, unit, trial) * all;
                const float kept_lambda = fused(-w_.leak, all, all);
                lambda_[unit * Tile::stride + trial] = kept_lambda;
                if (t > last_done_) {
                    block_.put_error(next_error, next_pairs, written, unit, trial, d);
                } else {
                    carried_lambda_[unit * trials + trial] = kept_lambda;
                    carried_error_[unit * trials + trial] = d;
                }
            });
        }
    }

    /// dL/d state(t) from the product's dL/dr(t), the rate penalty included.
    SHOAL_DEVICE float through_rate(int t, float r, float slope) {
        if (t > 0) {
            slope = fused(w_.rate_slope, r, slope);
            if (w_.rate_penalty != 0) {
                rate_sum_ += static_cast<double>(r) * static_cast<double>(r);
            }
        }
        return shoal::through_rate(w_.cell, slope, r);
    }

    /// d state(t) / d p(t-1).
    template <class Squashed>
    SHOAL_DEVICE float steepness(const Squashed& squashed, int unit, int trial) const {
        if (!squashes_drive(w_.cell)) {
            return w_.leak;
        }
        const float s = A::widen(squashed[unit * trials + trial]);
        return w_.leak * squash_slope(s);
    }

    SHOAL_DEVICE void store() {
        if (has_total_) {
            block_.for_each(total_, [](const auto& part, float& sum) SHOAL_INLINE { *part = sum; });
        }
        if (segment_.first == 0) {
            store_initial();
        }
        if (g_.warp() < w_.warps) {
            rate_sums_[g_.rank()] = rate_sum_;
        }
    }

    /// dL/d initial state: lambda(0) over the trials.
    SHOAL_DEVICE void store_initial() const {
        for (int unit = g_.rank(); unit < n_; unit += g_.size()) {
            float sum = 0;
            for (int trial = 0; trial < trials; ++trial) {
                sum += lambda_[unit * Tile::stride + trial];
            }
            w_.initial[block_.tile * n_ + unit] = sum;
        }
    }

    const Group& g_;
    const GradientWork& w_;
    const GradientSegment segment_;
    const int n_;  ///< units
    const int tile_size_;
    const int row_tiles_;
    const int k_tiles_;
    const OperandStrides by_column_;
    const int last_done_;    ///< the step that carries to the segment before, or 0
    const bool trial_ends_;  ///< with this segment: nothing was carried
    const bool has_total_;   ///< whether this warp has a part of dM
    const bool lambda_here_;
    const BackwardBlock<Tile, Group> block_;
    const View<float> lambda_;
    const View<const float> matrix_;
    const View<float> carried_lambda_, carried_error_;
    const View<double> rate_sums_;
    typename A::Fragment kept_[Tile::kept > 0 ? Tile::kept : 1];
    typename BackwardBlock<Tile, Group>::Total total_;
    double rate_sum_ = 0;
};

/// Blocks: one a tile of trials, as `blocks` says.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_backward(const Group& g, const GradientArguments& arguments) {
    BackwardPass<Tile, Group>(g, arguments, arguments.blocks[g.block()]).run();
}

}  // namespace shoal::cuda
