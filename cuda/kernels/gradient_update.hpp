// SPDX-License-Identifier: MIT
// What precedes and follows the passes over the trials, one block a network: M from the weights;
// then penalties, norm, clipping and the optimiser's step (host/MATHEMATICS.md, B.4). CPU twin:
// host/backend/reference/gradient_network.hpp.
#pragma once

#include "kernels/gradient_arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

struct GradientUpdateLaunch {
    static constexpr int threads = 256;
    static constexpr int shared_bytes = warp_size * 8;  ///< a double a warp
};

/// Writes M. Blocks: one a network.
template <class Group>
SHOAL_DEVICE void gradient_pack(const Group& g, const GradientWork* works) {
    const GradientWork& w = works[g.block()];
    const int size = w.matrix_rows * w.matrix_columns;
    const auto matrix = g.global(w.matrix, size);
    const auto weights = g.global(static_cast<const float*>(w.weights), w.at.size);
    for (int i = g.rank(); i < size; i += g.size()) {
        const int row = i / w.matrix_columns;
        const int column = i % w.matrix_columns;
        float value = 0;
        if (row < w.units) {
            if (column < w.units) {
                value = weights[std::int64_t{row} * w.units + column];
            } else if (column < w.units + w.inputs) {
                value = weights[w.at.input + row * w.inputs + column - w.units];
            } else if (column == w.units + w.inputs) {
                value = weights[w.at.bias + row];
            }
        } else if (row < w.units + w.outputs && column < w.units) {
            value = weights[w.at.readout + (row - w.units) * w.units + column];
        }
        matrix[i] = value;
    }
}

/// The same bits for every thread: lanes by a butterfly, warps in order.
template <class Group>
SHOAL_DEVICE double block_sum(const Group& g, double value) {
    const auto sums = g.template shared<double>(0, warp_size);
    value = g.warp_sum(value);
    g.sync();
    if (g.lane() == 0) {
        sums[g.warp()] = value;
    }
    g.sync();
    double sum = 0;
    for (int i = 0; i < g.warps(); ++i) {
        sum += sums[i];
    }
    return sum;
}

/// dM to the gradient of every weight, penalties not included.
template <class Group>
SHOAL_DEVICE void gather_gradient(const Group& g, const GradientWork& w) {
    const int n = w.units;
    const int size = w.matrix_rows * w.matrix_columns;
    const auto partials =
        g.global(static_cast<const float*>(w.partials), std::int64_t{w.parts} * size);
    const auto gradient = g.global(w.gradient, w.at.size);
    for (std::int64_t i = g.rank(); i < w.at.factor_u; i += g.size()) {
        float sum = 0;
        if (i >= w.at.initial_state) {
            for (int tile = 0; tile < w.tiles; ++tile) {
                sum += w.initial[tile * n + static_cast<int>(i - w.at.initial_state)];
            }
        } else {
            int row = 0;
            int column = 0;
            if (i < w.at.input) {
                row = static_cast<int>(i / n);
                column = static_cast<int>(i % n);
            } else if (i < w.at.bias) {
                row = static_cast<int>(i - w.at.input) / w.inputs;
                column = n + static_cast<int>(i - w.at.input) % w.inputs;
            } else if (i < w.at.readout) {
                row = static_cast<int>(i - w.at.bias);
                column = n + w.inputs;
            } else {
                row = n + static_cast<int>(i - w.at.readout) / n;
                column = static_cast<int>(i - w.at.readout) % n;
            }
            for (int part = 0; part < w.parts; ++part) {
                sum += partials[std::int64_t{part} * size + row * w.matrix_columns + column];
            }
        }
        gradient[i] = sum;
    }
    if (w.rank == 0) {
        return;
    }
    // dU = dW V, dV = dW' U.
    g.sync();
    const auto weights = g.global(static_cast<const float*>(w.weights), w.at.size);
    for (int i = g.rank(); i < 2 * n * w.rank; i += g.size()) {
        const bool is_u = i < n * w.rank;
        const int unit = i % (n * w.rank) / w.rank;
        const int k = i % w.rank;
        float sum = 0;
        for (int j = 0; j < n; ++j) {
            const std::int64_t at = is_u ? std::int64_t{unit} * n + j : std::int64_t{j} * n + unit;
            const std::int64_t other = (is_u ? w.at.factor_v : w.at.factor_u) + j * w.rank + k;
            sum = fused(float{gradient[at]}, float{weights[other]}, sum);
        }
        gradient[w.at.factor_u + i] = sum;
    }
}

/// W = gain J + U V'.
template <class Group>
SHOAL_DEVICE void rebuild_recurrent(const Group& g, const GradientWork& w) {
    const int n = w.units;
    const auto weights = g.global(w.weights, w.at.size);
    const auto base = g.global(w.base, std::int64_t{n} * n);
    for (std::int64_t i = g.rank(); i < std::int64_t{n} * n; i += g.size()) {
        const std::int64_t u = w.at.factor_u + i / n * w.rank;
        const std::int64_t v = w.at.factor_v + i % n * w.rank;
        float sum = base[i];
        for (int k = 0; k < w.rank; ++k) {
            sum = fused(float{weights[u + k]}, float{weights[v + k]}, sum);
        }
        weights[i] = sum;
    }
}

/// Blocks: one a network.
template <class Group>
SHOAL_DEVICE void gradient_update(const Group& g, const GradientWork* works) {
    const GradientWork& w = works[g.block()];
    gather_gradient(g, w);
    g.sync();
    const auto gradient = g.global(w.gradient, w.at.size);
    const auto weights = g.global(w.weights, w.at.size);

    const auto l2_slope = static_cast<float>(2.0 * w.l2);
    double weight_squares = 0;
    double gradient_squares = 0;
    for (int r = 0; r < w.range_count; ++r) {
        for (std::int64_t i = w.ranges[r].begin + g.rank(); i < w.ranges[r].end; i += g.size()) {
            const float weight = weights[i];
            const float slope = fused(l2_slope, weight, float{gradient[i]});
            gradient[i] = slope;
            weight_squares += double{weight} * double{weight};
            gradient_squares += double{slope} * double{slope};
        }
    }
    weight_squares = block_sum(g, weight_squares);
    gradient_squares = block_sum(g, gradient_squares);

    double loss = 0;
    const std::int64_t losses = std::int64_t{w.steps} * w.tiles * w.tile_trials;
    for (std::int64_t i = g.rank(); i < losses; i += g.size()) {
        loss += double{w.losses[i]};
    }
    loss = block_sum(g, loss) / w.terms;
    double rates = 0;
    for (int i = g.rank(); i < w.tiles * w.warps * warp_size; i += g.size()) {
        rates += w.rate_sums[i];
    }
    rates = block_sum(g, rates);
    int left_range = 0;
    for (int tile = 0; tile < w.tiles; ++tile) {
        left_range |= w.left_range[tile];
    }
    double penalty = w.l2 * weight_squares;
    if (w.rate_penalty != 0) {
        penalty += w.rate_penalty * rates / (static_cast<double>(w.steps) * w.trials * w.units);
    }
    const double norm = sqrt(gradient_squares);
    const double all = loss + penalty + norm;
    const bool diverged = left_range != 0 || !(all - all == 0.0);  // infinity and NaN differ
    if (g.rank() == 0) {
        *w.sums = {loss, penalty, norm, diverged ? 1 : 0};
    }
    if (diverged || w.apply == 0) {
        return;
    }
    const auto first = g.global(w.first_moment, w.at.size);
    const auto second = g.global(w.second_moment, w.adam != 0 ? w.at.size : 0);
    const auto scale = static_cast<float>(w.clip > 0 && norm > w.clip ? w.clip / norm : 1.0);
    for (int r = 0; r < w.range_count; ++r) {
        for (std::int64_t i = w.ranges[r].begin + g.rank(); i < w.ranges[r].end; i += g.size()) {
            float weight = weights[i];
            float m = first[i];
            if (w.adam != 0) {
                float v = second[i];
                adam_update(w.update, scale * gradient[i], weight, m, v);
                second[i] = v;
            } else {
                sgd_update(w.update, scale * gradient[i], weight, m);
            }
            weights[i] = weight;
            first[i] = m;
        }
    }
    if (w.rank > 0) {
        g.sync();
        rebuild_recurrent(g, w);
    }
}

}  // namespace shoal::cuda
