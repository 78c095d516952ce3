// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "task/one_type_task.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t pulse_row = 0, sign_row = 1, first_row = 2;

class FlipFlop final : public OneTypeTask {
  public:
    FlipFlop(int bits, int steps, int slot, double pulse_chance, double noise)
        : OneTypeTask({bits, bits, steps}, {0, steps}, noise),
          slot_(static_cast<std::size_t>(slot)),
          slots_(static_cast<std::size_t>(steps / slot)),
          pulse_chance_(pulse_chance) {}

    std::vector<int> output_groups() const override {
        std::vector<int> groups(outputs());
        std::iota(groups.begin(), groups.end(), 0);
        return groups;
    }
    bool groups_overlap() const override { return outputs() > 1; }

    SuccessRule success() const override {
        return {"each output within 0.5 of the sign of its last pulse, from one tau after it on",
                0.5, 0.95};
    }

    double score(const Trial& trial, std::span<const double> z) const override {
        double decisions = 0.0;
        double right = 0.0;
        for (std::size_t o = 0; o < outputs(); ++o) {
            double target = 0.0;  // none yet
            std::size_t judged_from = 0;
            for (std::size_t t = 0; t < steps(); ++t) {
                const std::size_t at = t * outputs() + o;
                if (trial.targets[at] != target) {
                    target = trial.targets[at];
                    judged_from = t + slot_;
                }
                if (target != 0.0 && t >= judged_from) {
                    decisions += 1.0;
                    right += std::abs(z[at] - target) < 0.5 ? 1.0 : 0.0;
                }
            }
        }
        return right / decisions;
    }

  protected:
    void draw(const TrialNumbers& numbers, Trial& out) const override {
        const std::size_t first =
            uniform_index(numbers.bits(first_row, 0), static_cast<std::uint32_t>(outputs()));
        for (std::size_t o = 0; o < outputs(); ++o) {
            double target = 0.0;
            for (std::size_t t = 0; t < steps(); ++t) {
                const std::size_t slot = t / slot_;
                const std::size_t at = t * outputs() + o;
                if (slot + 1 < slots_ && pulse(numbers, slot, o, first)) {
                    const auto sign = numbers.bits(sign_row, slot * outputs() + o);
                    target = uniform_index(sign, 2) == 0 ? -1.0 : 1.0;
                    out.inputs[at] = target;
                }
                out.targets[at] = target;
                out.mask[at] = target != 0.0 ? 1 : 0;
            }
        }
    }

  private:
    bool pulse(const TrialNumbers& numbers, std::size_t slot, std::size_t channel,
               std::size_t first) const {
        return (slot == 0 && channel == first) ||
               uniform01(numbers.bits(pulse_row, slot * outputs() + channel)) < pulse_chance_;
    }

    std::size_t slot_;   // steps
    std::size_t slots_;  // of a trial
    double pulse_chance_;
};

}  // namespace

/// Flip-flops (Sussillo & Barak 2013): `bits` channels, each with an input and an output. Time goes
/// in slots of one tau. In every slot of every channel, independently, a pulse of +1 or -1 comes
/// with probability pulse_rate x tau; the last slot (with what `duration` has beyond whole slots)
/// has none. One channel, drawn for every trial, surely has a pulse in the first slot, so that
/// every trial has something to learn. The target of a channel is the sign of its last pulse, from
/// the pulse's first step on; before its first pulse there is no error (mask 0).
///
/// A decision is one step of one output that has an error, except for the first tau after its
/// target appeared or changed; it is right within 0.5 of the target. Signs are equally likely, and
/// no value is within 0.5 of both: chance 1/2.
std::shared_ptr<const Task> make_flip_flop(const TaskConfig& task, const TimeSteps& time) {
    const int slot = slot_steps(time);
    const int steps = steps_of(task.duration, time.dt, "task.duration");
    const double pulse_chance = task.pulse_rate * slot * time.dt;
    if (steps / slot < 2) {
        throw usage_error(
            fmt::format("task.duration: {} is shorter than two tau; flip-flop wants "
                        "time for a pulse and an answer",
                        task.duration));
    }
    if (pulse_chance > 1.0) {
        throw usage_error(
            fmt::format("task.pulse_rate: {} is more than one pulse per tau", task.pulse_rate));
    }
    return std::make_shared<FlipFlop>(task.bits, steps, slot, pulse_chance, task.noise);
}

}  // namespace shoal
