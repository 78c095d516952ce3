// SPDX-License-Identifier: MIT
// Times of a configuration as Euler steps.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "config/spec.hpp"
#include "core/error.hpp"

namespace shoal {

inline constexpr int most_steps = 10'000'000;  ///< of a trial and of each of its parts

/// Steps of a time; `key` names it in errors.
inline int steps_of(double duration, double dt, const char* key) {
    const double steps = std::round(duration / dt);
    if (steps < 1 || std::abs(steps * dt - duration) > 1e-9 * duration) {
        throw usage_error(
            fmt::format("{}: {} is not a positive whole number of steps of network.dt = {}", key,
                        duration, dt));
    }
    if (steps > most_steps) {
        throw usage_error(fmt::format("{}: {} is more than 10 million steps", key, duration));
    }
    return static_cast<int>(steps);
}

/// Steps of a slot: one tau, to the nearest step. Pulses and symbols take a slot each.
inline int slot_steps(const TimeSteps& time) {
    const double steps = std::round(time.tau / time.dt);
    if (steps > most_steps) {
        throw usage_error(
            fmt::format("network.tau: {} is more than 10 million steps of {}", time.tau, time.dt));
    }
    return std::max(1, static_cast<int>(steps));
}

/// Length of a trial that is put together of parts.
inline int trial_steps(std::int64_t steps, const char* task) {
    if (steps > most_steps) {
        throw usage_error(
            fmt::format("task: a trial of {} has {} steps, more than 10 million", task, steps));
    }
    return static_cast<int>(steps);
}

}  // namespace shoal
