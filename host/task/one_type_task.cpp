// SPDX-License-Identifier: MIT
#include "task/one_type_task.hpp"

#include "core/error.hpp"

namespace shoal {

std::vector<int> OneTypeTask::training_order(RandomKey, int count) const {
    return std::vector<int>(static_cast<std::size_t>(count), 0);
}

void OneTypeTask::training_trial(RandomKey key, int trial, int type, Trial& out) const {
    test_trial(key, Purpose::training_stimulus, trial, type, out);
}

void OneTypeTask::test_trial(RandomKey key, Purpose purpose, int draw_number, int type,
                             Trial& out) const {
    check(type == 0, "a task of one type: unknown trial type");
    out.type = type;
    out.inputs.assign(steps() * inputs(), 0.0);
    out.targets.assign(steps() * outputs(), 0.0);
    out.mask.assign(steps() * outputs(), 0);
    const TrialNumbers numbers(key, purpose, draw_number);
    draw(numbers, out);
    if (noise_ > 0.0) {
        for (std::size_t t = 0; t < steps(); ++t) {
            for (std::size_t i = 0; i < inputs(); ++i) {
                out.inputs[t * inputs() + i] += noise_ * numbers.normal_at(t, i);
            }
        }
    }
}

}  // namespace shoal
