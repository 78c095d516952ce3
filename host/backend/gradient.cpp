// SPDX-License-Identifier: MIT
#include "backend/gradient.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace shoal {
namespace {

/// Puts the rows [time, width] of one trial into [time, trial, width].
template <typename T>
void interleave(const std::vector<T>& rows, std::size_t trial, std::size_t trials,
                std::size_t width, std::vector<T>& batch) {
    for (std::size_t t = 0; t * width < rows.size(); ++t) {
        std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(t * width), width,
                    batch.begin() + static_cast<std::ptrdiff_t>((t * trials + trial) * width));
    }
}

}  // namespace

TrialBatch training_batch(const Task& task, RandomKey key, std::span<const int> order,
                          std::int64_t first_trial, int trials) {
    check(first_trial + trials <= static_cast<std::int64_t>(order.size()),
          "training_batch: trials beyond the training order");
    TrialBatch batch;
    batch.shape = task.shape();
    batch.trials = trials;
    batch.first_trial = first_trial;
    const auto count = static_cast<std::size_t>(trials);
    const auto inputs = static_cast<std::size_t>(batch.shape.inputs);
    const auto outputs = static_cast<std::size_t>(batch.shape.outputs);
    const std::size_t rows = static_cast<std::size_t>(batch.shape.steps) * count;
    batch.inputs.resize(rows * inputs);
    batch.targets.resize(rows * outputs);
    batch.mask.resize(rows * outputs);
    Trial trial;
    for (std::size_t b = 0; b < count; ++b) {
        const std::int64_t number = first_trial + static_cast<std::int64_t>(b);
        task.training_trial(key, static_cast<int>(number), order[static_cast<std::size_t>(number)],
                            trial);
        interleave(trial.inputs, b, count, inputs, batch.inputs);
        interleave(trial.targets, b, count, outputs, batch.targets);
        interleave(trial.mask, b, count, outputs, batch.mask);
    }
    return batch;
}

}  // namespace shoal
