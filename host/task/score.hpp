// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <span>

#include "task/task.hpp"

namespace shoal {

/// RMS error over the steps and outputs of a window that carry an error, by their weights.
/// outputs: [time, output] of the whole trial.
inline double rms_error(const Trial& trial, std::span<const double> outputs, StepWindow window,
                        int width) {
    double sum = 0.0;
    double terms = 0.0;
    const auto begin = static_cast<std::size_t>(window.begin) * static_cast<std::size_t>(width);
    const auto end = static_cast<std::size_t>(window.end) * static_cast<std::size_t>(width);
    for (std::size_t at = begin; at < end; ++at) {
        if (trial.mask[at] != 0) {
            const double error = outputs[at] - trial.targets[at];
            sum += trial.weight(at) * error * error;
            terms += trial.weight(at);
        }
    }
    return std::sqrt(sum / terms);
}

/// The rule of tasks that ask for values: one decision per trial, right if the RMS error over its
/// last error epoch is below 0.1. Every trial must be right.
inline constexpr SuccessRule answer_within_tenth = {"RMS error over the last error epoch below 0.1",
                                                    0.0, 1.0};

inline double answered_within_tenth(const Task& task, const Trial& trial,
                                    std::span<const double> outputs) {
    const double error =
        rms_error(trial, outputs, task.error_epochs().back(), task.shape().outputs);
    return error < 0.1 ? 1.0 : 0.0;
}

}  // namespace shoal
