// SPDX-License-Identifier: MIT
// Forward pass of a segment of steps for one tile of trials (host/MATHEMATICS.md, B.4): states,
// outputs, losses and dL/dz, history for the way back. CPU twin:
// host/backend/reference/gradient_network.hpp.
#pragma once

#include <utility>

#include "core/random.hpp"
#include "kernels/gradient_arguments.hpp"
#include "kernels/gradient_arithmetic.hpp"
#include "kernels/gradient_loss.hpp"

namespace shoal::cuda {

/// Byte offsets of a block's shared memory.
template <class Tile>
struct ForwardPlan {
    int state;    ///< float [unit, stride], where it stands here
    int buffers;  ///< of two buffers the first one
    /// In a buffer, behind elements [r; u; 1], [k, trial]: float [warp, output, trial], parts of z.
    int z;
    int buffer_bytes;
    int drive_words;
    int bytes;

    SHOAL_HD ForwardPlan(int units, int inputs, int outputs, bool state_here) {
        drive_words =
            round_up(units + inputs + 1, Tile::depth) / Tile::Arithmetic::width * Tile::stride;
        state = 0;
        buffers = state_here ? round_up(units * Tile::stride * 4, 16) : 0;
        z = round_up(drive_words * 4, 16);
        buffer_bytes =
            z + round_up(Tile::warps_for(units, inputs) * outputs * Tile::trials * 4, 16);
        bytes = buffers + 2 * buffer_bytes;
    }
    SHOAL_HD int drive(int b) const { return buffers + b * buffer_bytes; }
    SHOAL_HD int outputs(int b) const { return drive(b) + z; }
};

/// random_bits() of a unit's noise, without an array that is indexed at run time.
SHOAL_HD inline std::uint32_t noise_bits(const GradientWork& w, int trial, int t, int unit) {
    const PhiloxWords words = random_block(
        w.key, Purpose::process_noise, w.first_trial + static_cast<std::uint32_t>(trial),
        static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(unit) / 4);
    const std::uint32_t low = unit % 2 == 0 ? words.word[0] : words.word[1];
    const std::uint32_t high = unit % 2 == 0 ? words.word[2] : words.word[3];
    return unit % 4 < 2 ? low : high;
}

/// One tile of trials in one segment of steps. Step t multiplies M [r(t); u(t); 1], which stands in
/// buffer b; that gives state and rate t + 1, and the output of the step before.
template <class Tile, class Group>
class ForwardPass {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    template <typename T>
    using View = decltype(std::declval<const Group&>().global(static_cast<T*>(nullptr), 0));
    static constexpr int trials = Tile::trials;

  public:
    SHOAL_DEVICE ForwardPass(const Group& g, const GradientArguments& arguments,
                             const GradientBlock& block)
        : g_(g),
          w_(arguments.works[block.work]),
          segment_(arguments.segment),
          tile_(block.tile),
          n_(w_.units),
          tile_size_(n_ * trials),
          valid_(w_.trials - tile_ * trials),
          row_tiles_((n_ + tile_rows - 1) / tile_rows),
          k_tiles_(round_up(n_ + w_.inputs + 1, Tile::depth) / Tile::depth),
          by_row_{w_.matrix_columns, 1},
          state_here_(arguments.state_in_shared != 0),
          plan_(n_, w_.inputs, w_.outputs, state_here_),
          state_(state_here_ ? g.template shared<float>(plan_.state, n_ * Tile::stride)
                             : g.global(w_.state + std::int64_t{tile_} * n_ * Tile::stride,
                                        n_ * Tile::stride)),
          matrix_(
              g.global(static_cast<const float*>(w_.matrix), w_.matrix_rows * w_.matrix_columns)),
          rates_(g.global(static_cast<Element*>(w_.rates), (steps() + 1) * w_.tiles * tile_size_)),
          squashed_(g.global(static_cast<Element*>(w_.squashed),
                             squashes_drive(w_.cell) ? steps() * w_.tiles * tile_size_ : 0)) {}

    SHOAL_DEVICE void run() {
        load();
        bool out = false;
        for (int t = segment_.first; t <= segment_.last; ++t) {
            const int b = (t - segment_.first) % 2;
            if (t < segment_.last) {
                place_input(1 - b, t + 1);
                out = advance_rows(b, t) || out;
            }
            if (t > segment_.first) {
                read_out(b);
            }
            g_.sync();
            if (t > segment_.first) {
                take_losses(b, t - 1);
            }
        }
        store(out);
    }

  private:
    SHOAL_DEVICE std::int64_t steps() const { return segment_.last - segment_.first; }
    SHOAL_DEVICE std::int64_t history(int t) const {
        return (std::int64_t{t - segment_.first} * w_.tiles + tile_) * tile_size_;
    }
    SHOAL_DEVICE auto drive(int b) const {
        return g_.template shared<Element>(plan_.drive(b), plan_.drive_words * A::width);
    }
    SHOAL_DEVICE auto drive_words(int b) const {
        return g_.template shared<const typename A::Word>(plan_.drive(b), plan_.drive_words);
    }
    SHOAL_DEVICE auto outputs(int b) const {
        return g_.template shared<float>(plan_.outputs(b), w_.warps * w_.outputs * trials);
    }

    SHOAL_DEVICE void load() {
        place_bias(0);
        place_bias(1);
        load_state();
        place_input(0, segment_.first);
        if (g_.warp() < row_tiles_) {
            keep_row_tile<Tile>(g_, matrix_, by_row_, g_.warp() * tile_rows, k_tiles_, kept_);
        }
        g_.sync();
    }

    /// The one that carries the bias, and zeros beyond what will be written.
    SHOAL_DEVICE void place_bias(int b) const {
        const auto to = drive(b);
        const int bias = n_ + w_.inputs;
        const int rows = plan_.drive_words * A::width / Tile::stride - bias;
        for (int i = g_.rank(); i < rows * trials; i += g_.size()) {
            to[Tile::place(bias + i / trials, i % trials)] = A::narrow(i < trials ? 1.0f : 0.0f);
        }
    }

    /// State and rate at the segment's start.
    SHOAL_DEVICE void load_state() const {
        const auto to = drive(0);
        const auto first = history(segment_.first);
        for (int i = g_.rank(); i < tile_size_; i += g_.size()) {
            const int unit = i / trials;
            const int trial = i % trials;
            float x = 0;
            if (trial < valid_) {
                x = segment_.index == 0
                        ? w_.weights[w_.at.initial_state + unit]
                        : w_.checkpoints[(std::int64_t{segment_.index - 1} * w_.tiles + tile_) *
                                             tile_size_ +
                                         i];
            }
            const Element r = A::narrow(rate_of(w_.cell, x));
            state_[unit * Tile::stride + trial] = x;
            to[Tile::place(unit, trial)] = r;
            rates_[first + i] = r;
        }
    }

    /// u(t).
    SHOAL_DEVICE void place_input(int b, int t) const {
        const auto to = drive(b);
        for (int i = g_.rank(); i < w_.inputs * trials; i += g_.size()) {
            const int trial = i % trials;
            float u = 0;
            if (trial < valid_ && t < w_.steps) {
                u = w_.trial_inputs[(std::int64_t{t} * w_.trials + tile_ * trials + trial) *
                                        w_.inputs +
                                    i / trials];
            }
            to[Tile::place(n_ + i / trials, trial)] = A::narrow(u);
        }
    }

    /// State and rate t + 1 of this warp's units. True if one of this thread's left the range.
    SHOAL_DEVICE bool advance_rows(int b, int t) const {
        const auto words = drive_words(b);
        const auto next_drive = drive(1 - b);
        bool out = false;
        for (int tile = g_.warp(); tile < row_tiles_; tile += g_.warps()) {
            const int row0 = tile * tile_rows;
            float sum[Tile::trial_tiles][4] = {};
            multiply_row_tile<Tile>(g_, kept_, matrix_, by_row_, row0, k_tiles_, words, sum);
            for_each_sum(g_, sum, [&](int row, int trial, float drive) SHOAL_INLINE {
                if (row0 + row < n_) {
                    out = advance_unit(t, row0 + row, trial, drive, next_drive) || out;
                }
            });
        }
        return out;
    }

    /// The same of one unit in one trial.
    template <class Drive>
    SHOAL_DEVICE bool advance_unit(int t, int unit, int trial, float drive,
                                   const Drive& next_drive) const {
        const float x = state_[unit * Tile::stride + trial];
        float towards = target_of(w_.cell, drive);
        float next = step_towards(x, towards, w_.leak);
        if (w_.noise != 0) {
            const std::uint32_t bits = noise_bits(w_, tile_ * trials + trial, t, unit);
            next = fused(w_.noise, static_cast<float>(standard_normal(bits)), next);
        }
        if (trial >= valid_) {
            towards = 0;
            next = 0;
        }
        const Element r = A::narrow(rate_of(w_.cell, next));
        state_[unit * Tile::stride + trial] = next;
        next_drive[Tile::place(unit, trial)] = r;
        rates_[history(t + 1) + unit * trials + trial] = r;
        if (squashes_drive(w_.cell)) {
            squashed_[history(t) + unit * trials + trial] = A::narrow(towards);
        }
        return !in_range(next);
    }

    /// z of the step before: every warp has a part of the sum over k, so that none has a tile more.
    SHOAL_DEVICE void read_out(int b) const {
        const auto words = drive_words(b);
        const auto z = outputs(b);
        for (int row0 = n_; row0 < n_ + w_.outputs && g_.warp() < w_.warps; row0 += tile_rows) {
            float sum[Tile::trial_tiles][4] = {};
            for (int k = g_.warp(); k < k_tiles_; k += w_.warps) {
                typename A::Fragment f;
                A::load(g_, matrix_, by_row_, row0, k * Tile::depth, f);
                SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                    A::multiply(g_, f, words + (k * tile_words * Tile::stride + c * tile_columns),
                                Tile::stride, 1, sum[c]);
                }
            }
            for_each_sum(g_, sum, [&](int row, int trial, float part) SHOAL_INLINE {
                const int o = row0 - n_ + row;
                if (o < w_.outputs) {
                    z[(g_.warp() * w_.outputs + o) * trials + trial] = part;
                }
            });
        }
    }

    /// Loss and dL/dz of step t, from the parts of z(t).
    SHOAL_DEVICE void take_losses(int b, int t) const {
        const auto z = outputs(b);
        for (int trial = g_.rank(); trial < trials; trial += g_.size()) {
            const std::int64_t row = std::int64_t{t} * w_.tiles + tile_;
            float loss = 0;
            for (int o = 0; o < w_.outputs; ++o) {
                float sum = z[o * trials + trial];
                for (int warp = 1; warp < w_.warps; ++warp) {
                    sum += z[(warp * w_.outputs + o) * trials + trial];
                }
                z[o * trials + trial] = sum;
            }
            if (trial < valid_) {
                const std::int64_t at =
                    (std::int64_t{t} * w_.trials + tile_ * trials + trial) * w_.outputs;
                loss = loss_and_slope(w_, z + trial, trials, at);
            }
            w_.losses[row * trials + trial] = loss;
            for (int o = 0; o < w_.outputs; ++o) {
                w_.slopes[(row * w_.outputs + o) * trials + trial] =
                    trial < valid_ ? float{z[o * trials + trial]} : 0.0f;
            }
        }
    }

    /// Where the next segment starts, and whether a state left the range.
    SHOAL_DEVICE void store(bool out) const {
        if (segment_.last < w_.steps) {
            const auto to = g_.global(
                w_.checkpoints + (std::int64_t{segment_.index} * w_.tiles + tile_) * tile_size_,
                tile_size_);
            for (int i = g_.rank(); i < tile_size_; i += g_.size()) {
                to[i] = float{state_[i / trials * Tile::stride + i % trials]};
            }
        }
        out = g_.any(out);
        if (g_.rank() == 0 && segment_.from_start != 0) {
            const auto left = g_.global(w_.left_range + tile_, 1);
            left[0] = (segment_.index > 0 && left[0] != 0) || out ? 1 : 0;
        }
    }

    const Group& g_;
    const GradientWork& w_;
    const GradientSegment segment_;
    const int tile_;
    const int n_;  ///< units
    const int tile_size_;
    const int valid_;  ///< trials beyond it stay at 0
    const int row_tiles_;
    const int k_tiles_;
    const OperandStrides by_row_;
    const bool state_here_;
    const ForwardPlan<Tile> plan_;
    const View<float> state_;
    const View<const float> matrix_;
    const View<Element> rates_, squashed_;
    typename A::Fragment kept_[Tile::kept > 0 ? Tile::kept : 1];
};

/// Blocks: one a tile of trials, as `blocks` says.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_forward(const Group& g, const GradientArguments& arguments) {
    ForwardPass<Tile, Group>(g, arguments, arguments.blocks[g.block()]).run();
}

}  // namespace shoal::cuda
