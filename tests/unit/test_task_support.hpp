// SPDX-License-Identifier: MIT
// Small tasks of every kind whose trials are drawn afresh, and measures over many trials.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "task/task.hpp"

namespace shoal::test {

inline constexpr RandomKey task_key = {7, 3};
inline constexpr Purpose test_purpose = Purpose::acceptance_stimulus;

struct DrawnTask {
    TaskConfig task;
    NetworkConfig network;

    std::shared_ptr<const Task> make(ErrorSchedule schedule = ErrorSchedule::epochs) const {
        return make_task(task, network, schedule);
    }
};

/// A task of this kind with steps of dt tau.
inline DrawnTask drawn_task(TaskKind kind, double dt = 1.0) {
    DrawnTask made;
    made.task.kind = kind;
    made.task.delay = 10.0;
    made.task.duration = 20.0;
    made.task.symbols = 4;
    made.task.length = 3;
    made.task.pulse_rate = 0.2;
    made.task.smoothness = 5.0;
    made.network.dt = dt;
    return made;
}

inline Trial drawn(const Task& task, int draw, RandomKey key = task_key,
                   Purpose purpose = test_purpose) {
    Trial trial;
    task.test_trial(key, purpose, draw, 0, trial);
    return trial;
}

/// Mean score of an answer (Trial -> outputs) over trials 0 ... count - 1.
template <typename Answer>
double mean_score(const Task& task, int count, Answer answer) {
    double sum = 0.0;
    for (int i = 0; i < count; ++i) {
        const Trial trial = drawn(task, i);
        sum += task.score(trial, answer(trial));
    }
    return sum / count;
}

/// Five standard errors of the mean of `count` values on [0, 1] whose expectation is `mean`: their
/// variance is at most mean (1 - mean), that of values 0 and 1. A right program passes but once in
/// two million seeds; seeds are fixed.
inline double five_errors(double mean, int count) {
    return 5.0 * std::sqrt(mean * (1.0 - mean) / count);
}

/// The message of the usage error that making this task throws.
inline std::string usage_message(const DrawnTask& wrong) {
    try {
        wrong.make();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
}

}  // namespace shoal::test
