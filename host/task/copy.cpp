// SPDX-License-Identifier: MIT
#include <algorithm>

#include "task/one_type_task.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

struct Sizes {
    int symbols, length, slot, delay, steps;

    Sizes(const TaskConfig& task, const TimeSteps& time)
        : symbols(task.symbols),
          length(task.length),
          slot(slot_steps(time)),
          delay(steps_of(task.delay, time.dt, "task.delay")),
          steps(trial_steps(std::int64_t{slot} * (2 * length + 1) + delay, "copy")) {}
};

class Copy final : public OneTypeTask {
  public:
    Copy(const Sizes& sizes, double noise)
        : OneTypeTask({sizes.symbols + 2, sizes.symbols + 1, sizes.steps},
                      {sizes.steps - sizes.length * sizes.slot, sizes.steps}, noise),
          symbols_(static_cast<std::size_t>(sizes.symbols)),
          length_(static_cast<std::size_t>(sizes.length)),
          slot_(static_cast<std::size_t>(sizes.slot)),
          recall_(steps() - length_ * slot_) {}

    bool targets_are_classes() const override { return true; }

    SuccessRule success() const override {
        return {"largest output at the end of each recalled symbol is that symbol",
                1.0 / static_cast<double>(symbols_), 0.99};
    }

    double score(const Trial& trial, std::span<const double> z) const override {
        double right = 0.0;
        for (std::size_t k = 0; k < length_; ++k) {
            const std::size_t row = (recall_ + (k + 1) * slot_ - 1) * outputs();
            const auto* target = trial.targets.data() + row;
            const auto wanted =
                static_cast<std::size_t>(std::max_element(target, target + outputs()) - target);
            bool largest = true;
            for (std::size_t o = 0; o < outputs(); ++o) {
                largest = largest && (o == wanted || z[row + o] < z[row + wanted]);
            }
            right += largest ? 1.0 : 0.0;
        }
        return right / static_cast<double>(length_);
    }

  protected:
    void draw(const TrialNumbers& numbers, Trial& out) const override {
        const std::size_t blank = symbols_;
        const std::size_t cue = symbols_ + 1;
        for (std::size_t t = 0; t < steps(); ++t) {
            std::size_t channel = blank;
            if (t < length_ * slot_) {
                channel = symbol(numbers, t / slot_);
            } else if (t < recall_ && t >= recall_ - slot_) {
                channel = cue;
            }
            out.inputs[t * inputs() + channel] = 1.0;
            if (t >= recall_) {
                out.targets[t * outputs() + symbol(numbers, (t - recall_) / slot_)] = 1.0;
                std::fill_n(out.mask.data() + t * outputs(), outputs(), std::uint8_t{1});
            }
        }
    }

  private:
    std::size_t symbol(const TrialNumbers& numbers, std::size_t k) const {
        return uniform_index(numbers.bits(0, k), static_cast<std::uint32_t>(symbols_));
    }

    std::size_t symbols_, length_, slot_;
    std::size_t recall_;  // its first step
};

}  // namespace

/// Copy memory (Hochreiter & Schmidhuber 1997; the form of Arjovsky, Shah & Bengio 2016). Time goes
/// in slots of one tau. Inputs: one-hot symbols, blank, go cue. `length` symbols, each drawn
/// uniformly, one per slot; blank for `delay`; the go cue for one slot; then blank for `length`
/// slots, in which the outputs (one-hot symbols, blank) are to repeat the symbols in order. The
/// mask is 1 for all outputs in these last slots and 0 before them (ours: published variants also
/// ask for blank until the cue, which a network gets mostly right without any memory). A decision
/// is the largest output at the last step of a recalled symbol's slot.
std::shared_ptr<const Task> make_copy(const TaskConfig& task, const TimeSteps& time) {
    return std::make_shared<Copy>(Sizes(task, time), task.noise);
}

}  // namespace shoal
