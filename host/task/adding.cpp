// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "task/one_type_task.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t value_row = 0, marker_row = 1;

class Adding final : public OneTypeTask {
  public:
    Adding(int steps, int slot, double noise)
        : OneTypeTask({2, 1, steps}, {(steps / slot - 1) * slot, steps}, noise),
          slot_(static_cast<std::size_t>(slot)),
          last_(static_cast<std::size_t>(steps / slot - 1)) {}

    SuccessRule success() const override {
        return {"last output within 0.1 of the sum", 1.0 - 0.9 * 0.9, 0.95};
    }
    double score(const Trial& trial, std::span<const double> z) const override {
        return std::abs(z.back() - trial.targets.back()) < 0.1 ? 1.0 : 0.0;
    }

  protected:
    void draw(const TrialNumbers& numbers, Trial& out) const override {
        const std::size_t half = last_ / 2;
        const std::size_t first = choice(numbers, 0, half);
        const std::size_t second = half + choice(numbers, 1, last_ - half);
        const double sum = value(numbers, first) + value(numbers, second);
        for (std::size_t t = 0; t < steps(); ++t) {
            const std::size_t slot = std::min(t / slot_, last_);
            out.inputs[2 * t] = value(numbers, slot);
            out.inputs[2 * t + 1] = slot == first || slot == second ? 1.0 : 0.0;
            if (slot == last_) {
                out.targets[t] = sum;
                out.mask[t] = 1;
            }
        }
    }

  private:
    static double value(const TrialNumbers& numbers, std::size_t slot) {
        return uniform01(numbers.bits(value_row, slot));
    }
    static std::size_t choice(const TrialNumbers& numbers, std::size_t marker, std::size_t among) {
        return uniform_index(numbers.bits(marker_row, marker), static_cast<std::uint32_t>(among));
    }

    std::size_t slot_;  // steps
    std::size_t last_;  // slot of the answer
};

}  // namespace

/// Adding problem (Hochreiter & Schmidhuber 1997): two inputs, one output. Time goes in slots of
/// one tau (what `duration` has beyond whole slots belongs to the last). The first input has a
/// value uniform on (0, 1) in every slot; the second is 1 in two slots, one drawn from the first
/// half of the slots before the last, one from their second half, and 0 elsewhere. The target is
/// the sum of the two marked values, in the last slot; the mask is 1 there only.
///
/// A trial is right if the output at the last step is within 0.1 of the sum. The sum of two
/// uniform values has a triangular density, so that the best guess is 1: chance 1 - 0.9^2 = 0.19.
std::shared_ptr<const Task> make_adding(const TaskConfig& task, const TimeSteps& time) {
    const int slot = slot_steps(time);
    const int steps = steps_of(task.duration, time.dt, "task.duration");
    if (steps / slot < 3) {
        throw usage_error(
            fmt::format("task.duration: {} is shorter than three tau; adding wants "
                        "time for two values and the answer",
                        task.duration));
    }
    return std::make_shared<Adding>(steps, slot, task.noise);
}

}  // namespace shoal
