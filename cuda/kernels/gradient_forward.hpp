// SPDX-License-Identifier: MIT
// Forward pass of a segment of steps for one tile of trials (host/MATHEMATICS.md, B.4): states,
// outputs, losses and dL/dz, history for the way back. CPU twin:
// host/backend/reference/gradient_network.hpp.
#pragma once

#include "core/random.hpp"
#include "kernels/gradient_arguments.hpp"
#include "kernels/gradient_arithmetic.hpp"

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

/// Loss of one (step, trial); z[o * stride] becomes dL/dz. What a device adds in float the
/// reference adds in double.
template <class Output>
SHOAL_DEVICE float loss_and_slope(const GradientWork& w, const Output& z, int stride,
                                  const float* target, const std::uint8_t* mask) {
    float loss = 0;
    if (w.loss == Loss::mse) {
        for (int o = 0; o < w.outputs; ++o) {
            const float error = mask[o] != 0 ? z[o * stride] - target[o] : 0.0f;
            loss = fused(error, error, loss);
            z[o * stride] = static_cast<float>(2.0 / w.terms) * error;
        }
        return loss;
    }
    if (mask[0] == 0) {
        for (int o = 0; o < w.outputs; ++o) {
            z[o * stride] = 0.0f;
        }
        return 0.0f;
    }
    float largest = z[0];
    for (int o = 1; o < w.outputs; ++o) {
        const float next = z[o * stride];
        largest = next > largest ? next : largest;
    }
    float sum = 0;
    float right = 0;
    for (int o = 0; o < w.outputs; ++o) {
        const float above = z[o * stride] - largest;
        right = fused(target[o], above, right);
        const float weight = expf(above);
        sum += weight;
        z[o * stride] = weight;
    }
    const auto scale = static_cast<float>(1.0 / w.terms);
    for (int o = 0; o < w.outputs; ++o) {
        const float p = z[o * stride] / sum;
        z[o * stride] = scale * (p - target[o]);
    }
    return logf(sum) - right;
}

/// random_bits() of a unit's noise, without an array that is indexed at run time.
SHOAL_HD inline std::uint32_t noise_bits(const GradientWork& w, int trial, int t, int unit) {
    const PhiloxWords words = random_block(
        w.key, Purpose::process_noise, w.first_trial + static_cast<std::uint32_t>(trial),
        static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(unit) / 4);
    const std::uint32_t low = unit % 2 == 0 ? words.word[0] : words.word[1];
    const std::uint32_t high = unit % 2 == 0 ? words.word[2] : words.word[3];
    return unit % 4 < 2 ? low : high;
}

/// Blocks: one a tile of trials, as `blocks` says.
template <class Tile, class Group>
SHOAL_DEVICE void gradient_forward(const Group& g, const GradientArguments& arguments) {
    using A = typename Tile::Arithmetic;
    using Element = typename A::Element;
    constexpr int trials = Tile::trials;
    const GradientBlock block = arguments.blocks[g.block()];
    const GradientWork& w = arguments.works[block.work];
    const GradientSegment segment = arguments.segment;
    const bool state_here = arguments.state_in_shared != 0;
    const int n = w.units;
    const int tile_size = n * trials;
    const int valid = w.trials - block.tile * trials;  // trials beyond it stay at 0

    const ForwardPlan<Tile> plan(n, w.inputs, w.outputs, state_here);
    const int drive_size = plan.drive_words * A::width;
    const auto state = state_here ? g.template shared<float>(plan.state, n * Tile::stride)
                                  : g.global(w.state + std::int64_t{block.tile} * n * Tile::stride,
                                             n * Tile::stride);
    const auto matrix =
        g.global(static_cast<const float*>(w.matrix), w.matrix_rows * w.matrix_columns);
    const auto rates =
        g.global(static_cast<Element*>(w.rates),
                 std::int64_t{segment.last - segment.first + 1} * w.tiles * tile_size);
    const std::int64_t squashed_size =
        w.cell == Cell::rate ? std::int64_t{segment.last - segment.first} * w.tiles * tile_size : 0;
    const auto squashed = g.global(static_cast<Element*>(w.squashed), squashed_size);
    const auto history = [&](int t) SHOAL_INLINE {
        return (std::int64_t{t - segment.first} * w.tiles + block.tile) * tile_size;
    };
    const auto place_input = [&](const auto& drive, int t) SHOAL_INLINE {
        for (int i = g.rank(); i < w.inputs * trials; i += g.size()) {
            const int trial = i % trials;
            float u = 0;
            if (trial < valid && t < w.steps) {
                u = w.trial_inputs[(std::int64_t{t} * w.trials + block.tile * trials + trial) *
                                       w.inputs +
                                   i / trials];
            }
            drive[Tile::place(n + i / trials, trial)] = A::narrow(u);
        }
    };

    // The start: zeros beyond what will be written, the one that carries the bias, r of the state.
    for (int b = 0; b < 2; ++b) {
        const auto drive = g.template shared<Element>(plan.drive(b), drive_size);
        const int bias = n + w.inputs;
        for (int i = g.rank(); i < (drive_size / Tile::stride - bias) * trials; i += g.size()) {
            drive[Tile::place(bias + i / trials, i % trials)] = A::narrow(i < trials ? 1.0f : 0.0f);
        }
    }
    {
        const auto drive = g.template shared<Element>(plan.drive(0), drive_size);
        const auto first = history(segment.first);
        for (int i = g.rank(); i < tile_size; i += g.size()) {
            const int unit = i / trials;
            const int trial = i % trials;
            float x = 0;
            if (trial < valid) {
                x = segment.index == 0
                        ? w.weights[w.at.initial_state + unit]
                        : w.checkpoints[(std::int64_t{segment.index - 1} * w.tiles + block.tile) *
                                            tile_size +
                                        i];
            }
            const Element r = A::narrow(rate_of(w.cell, x));
            state[unit * Tile::stride + trial] = x;
            drive[Tile::place(unit, trial)] = r;
            rates[first + i] = r;
        }
        place_input(drive, segment.first);
    }
    const int row_tiles = (n + tile_rows - 1) / tile_rows;
    const int k_tiles = round_up(n + w.inputs + 1, Tile::depth) / Tile::depth;
    const OperandStrides by_row{w.matrix_columns, 1};
    typename A::Fragment kept[Tile::kept > 0 ? Tile::kept : 1];
    if (g.warp() < row_tiles) {
        keep_row_tile<Tile>(g, matrix, by_row, g.warp() * tile_rows, k_tiles, kept);
    }
    g.sync();

    bool out = false;
    for (int t = segment.first; t <= segment.last; ++t) {
        const int b = (t - segment.first) % 2;
        const auto words =
            g.template shared<const typename A::Word>(plan.drive(b), plan.drive_words);
        const auto next_drive = g.template shared<Element>(plan.drive(1 - b), drive_size);
        const auto z = g.template shared<float>(plan.outputs(b), w.warps * w.outputs * trials);
        if (t < segment.last) {
            place_input(next_drive, t + 1);
        }
        for (int tile = g.warp(); tile < row_tiles && t < segment.last; tile += g.warps()) {
            const int row0 = tile * tile_rows;
            float sum[Tile::trial_tiles][4] = {};
            multiply_row_tile<Tile>(g, kept, matrix, by_row, row0, k_tiles, words, sum);
            SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                    const int row = row0 + g.lane() / 4 + i / 2 * 8;
                    const int trial = c * tile_columns + g.lane() % 4 * 2 + i % 2;
                    const float drive = sum[c][i];
                    if (row < n) {
                        const float x = state[row * Tile::stride + trial];
                        float towards = w.cell == Cell::current ? drive : unit_tanh(drive);
                        float next = fused(w.leak, towards - x, x);
                        if (w.noise != 0) {
                            const std::uint32_t bits =
                                noise_bits(w, block.tile * trials + trial, t, row);
                            next = fused(w.noise, static_cast<float>(standard_normal(bits)), next);
                        }
                        if (trial >= valid) {
                            towards = 0;
                            next = 0;
                        }
                        out = out || !in_range(next);
                        const Element r = A::narrow(rate_of(w.cell, next));
                        state[row * Tile::stride + trial] = next;
                        next_drive[Tile::place(row, trial)] = r;
                        rates[history(t + 1) + row * trials + trial] = r;
                        if (w.cell == Cell::rate) {
                            squashed[history(t) + row * trials + trial] = A::narrow(towards);
                        }
                    }
                }
            }
        }
        // z(t-1): every warp has a part of the sum over k, so that none has a tile more.
        for (int row0 = n; row0 < n + w.outputs && t > segment.first && g.warp() < w.warps;
             row0 += tile_rows) {
            float sum[Tile::trial_tiles][4] = {};
            for (int k = g.warp(); k < k_tiles; k += w.warps) {
                typename A::Fragment f;
                A::load(g, matrix, by_row, row0, k * Tile::depth, f);
                SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                    A::multiply(g, f, words + (k * tile_words * Tile::stride + c * tile_columns),
                                Tile::stride, 1, sum[c]);
                }
            }
            SHOAL_UNROLL for (int c = 0; c < Tile::trial_tiles; ++c) {
                SHOAL_UNROLL for (int i = 0; i < 4; ++i) {
                    const int o = row0 - n + g.lane() / 4 + i / 2 * 8;
                    const int trial = c * tile_columns + g.lane() % 4 * 2 + i % 2;
                    if (o < w.outputs) {
                        z[(g.warp() * w.outputs + o) * trials + trial] = sum[c][i];
                    }
                }
            }
        }
        g.sync();
        // Outputs of the step before, whose states were the product's operand.
        for (int trial = g.rank(); trial < trials && t > segment.first; trial += g.size()) {
            const std::int64_t row = std::int64_t{t - 1} * w.tiles + block.tile;
            float loss = 0;
            for (int o = 0; o < w.outputs; ++o) {
                float sum = z[o * trials + trial];
                for (int warp = 1; warp < w.warps; ++warp) {
                    sum += z[(warp * w.outputs + o) * trials + trial];
                }
                z[o * trials + trial] = sum;
            }
            if (trial < valid) {
                const std::int64_t at =
                    (std::int64_t{t - 1} * w.trials + block.tile * trials + trial) * w.outputs;
                loss = loss_and_slope(w, z + trial, trials, w.targets + at, w.mask + at);
            }
            w.losses[row * trials + trial] = loss;
            for (int o = 0; o < w.outputs; ++o) {
                w.slopes[(row * w.outputs + o) * trials + trial] =
                    trial < valid ? float{z[o * trials + trial]} : 0.0f;
            }
        }
    }
    if (segment.last < w.steps) {
        const auto to = g.global(
            w.checkpoints + (std::int64_t{segment.index} * w.tiles + block.tile) * tile_size,
            tile_size);
        for (int i = g.rank(); i < tile_size; i += g.size()) {
            to[i] = float{state[i / trials * Tile::stride + i % trials]};
        }
    }
    out = g.any(out);
    if (g.rank() == 0 && segment.from_start != 0) {
        const auto left = g.global(w.left_range + block.tile, 1);
        left[0] = (segment.index > 0 && left[0] != 0) || out ? 1 : 0;
    }
}

}  // namespace shoal::cuda
