// SPDX-License-Identifier: MIT
// Draws training trials on the device, from the generator that the host uses, to the same bits
// (host/task/sequential_sum_trials.hpp).
#pragma once

#include "kernels/arguments.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// One trial to draw.
template <typename T>
struct TrialOrder {
    SequentialSumTrials recipe;  ///< its rows in device memory
    RandomKey key;
    int trial = 0;
    int type = 0;
    int steps = 0;
    T* inputs = nullptr;        ///< [time, input]
    double* targets = nullptr;  ///< [time, output]
};

/// Blocks: one a trial. Every number of `inputs` and `targets` is written.
template <typename T, class Group>
SHOAL_DEVICE void draw_trials(const Group& g, const TrialOrder<T>* orders) {
    const TrialOrder<T>& order = orders[g.block()];
    constexpr int width = SequentialSumTrials::inputs;
    constexpr int outputs = SequentialSumTrials::outputs;
    const auto inputs = g.global(order.inputs, order.steps * width);
    const auto targets = g.global(order.targets, order.steps * outputs);
    for (int t = g.rank(); t < order.steps; t += g.size()) {
        const SequentialSumStep step =
            trial_step(order.recipe, order.key, Purpose::training_stimulus,
                       static_cast<std::uint32_t>(order.trial), order.type, t);
        SHOAL_UNROLL for (int i = 0; i < width; ++i) {
            inputs[t * width + i] = static_cast<T>(step.input[i]);
        }
        SHOAL_UNROLL for (int o = 0; o < outputs; ++o) {
            targets[t * outputs + o] = step.target[o];
        }
    }
}

}  // namespace shoal::cuda
