// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "task/one_type_task.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

constexpr int first_onset = 5;  // in slots
constexpr int onsets = 15;
constexpr int slots_after = 5;
constexpr std::ptrdiff_t near = 2;

int interval_steps(int slot, int delay) {
    return trial_steps(std::int64_t{slot} * (first_onset + onsets + slots_after) + delay,
                       "interval");
}

class Interval final : public OneTypeTask {
  public:
    Interval(int slot, int delay, double noise)
        : OneTypeTask({1, 1, interval_steps(slot, delay)}, {0, interval_steps(slot, delay)}, noise),
          slot_(slot),
          delay_(delay) {}

    SuccessRule success() const override {
        return {"output reaches 0.5 within two tau of the target pulse and nowhere else",
                5.0 / onsets, 0.95};
    }

    double score(const Trial& trial, std::span<const double> z) const override {
        const auto& targets = trial.targets;
        const auto target = std::max_element(targets.begin(), targets.end()) - targets.begin();
        bool answered = false;
        for (std::size_t t = 0; t < z.size(); ++t) {
            const auto late = static_cast<std::ptrdiff_t>(t) - target;  // steps
            const bool in_time = late >= -near * slot_ && late < (near + 1) * slot_;
            if (std::isnan(z[t]) || (!in_time && z[t] >= 0.5)) {
                return 0.0;
            }
            answered = answered || z[t] >= 0.5;
        }
        return answered ? 1.0 : 0.0;
    }

  protected:
    void draw(const TrialNumbers& numbers, Trial& out) const override {
        const int onset =
            slot_ * (first_onset + static_cast<int>(uniform_index(numbers.bits(0, 0), onsets)));
        std::fill_n(out.inputs.begin() + onset, slot_, 1.0);
        std::fill_n(out.targets.begin() + onset + delay_, slot_, 1.0);
        std::fill(out.mask.begin(), out.mask.end(), std::uint8_t{1});
    }

  private:
    int slot_, delay_;  // steps
};

}  // namespace

/// Interval timing (eyeblink conditioning): one input, one output. Time goes in slots of one tau.
/// A pulse of 1 fills one slot, drawn uniformly from slots 5 to 19; the target is a pulse of 1 one
/// slot long that begins `delay` after the input pulse began, and 0 elsewhere. A trial ends five
/// slots after the latest possible target. The mask is 1 everywhere.
///
/// A trial is right if the output reaches 0.5 in the slot of the target or in one of the two on
/// either side, and nowhere else (ours; the largest output alone stands near the target in some
/// networks that are not trained). Without the input the best answer is one fixed time, which does
/// for 5 of the 15 pulses: chance 1/3, whatever the delay.
std::shared_ptr<const Task> make_interval(const TaskConfig& task, const TimeSteps& time) {
    return std::make_shared<Interval>(slot_steps(time), steps_of(task.delay, time.dt, "task.delay"),
                                      task.noise);
}

}  // namespace shoal
