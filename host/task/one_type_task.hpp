// SPDX-License-Identifier: MIT
// What the tasks with trials of a single type share.
#pragma once

#include <cstdint>
#include <vector>

#include "task/task.hpp"

namespace shoal {

/// The random numbers of one trial: pure functions of (key, purpose, draw), so that trials of
/// different purposes are independent.
class TrialNumbers {
  public:
    TrialNumbers(RandomKey key, Purpose purpose, int draw)
        : key_(key), purpose_(purpose), draw_(static_cast<std::uint32_t>(draw)) {}

    /// Bits number `index` of a row; a task numbers its rows as it likes. No row holds the bits of
    /// the input noise: steps are counted from 0 up, rows from the top down.
    std::uint32_t bits(std::uint32_t row, std::size_t index) const {
        return random_bits(key_, purpose_, draw_, ~row, static_cast<std::uint32_t>(index));
    }
    double normal_at(std::size_t step, std::size_t channel) const {
        return standard_normal(random_bits(key_, purpose_, draw_, static_cast<std::uint32_t>(step),
                                           static_cast<std::uint32_t>(channel)));
    }

  private:
    RandomKey key_;
    Purpose purpose_;
    std::uint32_t draw_;
};

/// A task whose trials are all of type 0, each drawn afresh, with Gaussian noise on every input at
/// every step. Targets come from the inputs without the noise.
class OneTypeTask : public Task {
  public:
    OneTypeTask(TaskShape shape, StepWindow error_epoch, double noise)
        : shape_(shape), error_epoch_(error_epoch), noise_(noise) {}

    TaskShape shape() const final { return shape_; }
    const std::vector<int>& types() const final { return types_; }
    std::vector<StepWindow> error_epochs() const final { return {error_epoch_}; }
    std::vector<int> training_order(RandomKey key, int count) const final;
    void training_trial(RandomKey key, int trial, int type, Trial& out) const final;
    void test_trial(RandomKey key, Purpose purpose, int draw, int type, Trial& out) const final;

    /// All outputs have an error at the same steps, unless a task says otherwise.
    std::vector<int> output_groups() const override {
        return std::vector<int>(static_cast<std::size_t>(shape_.outputs), 0);
    }
    bool groups_overlap() const override { return false; }

  protected:
    /// Fills in a trial whose inputs, targets and mask are 0.
    virtual void draw(const TrialNumbers& numbers, Trial& out) const = 0;

    std::size_t inputs() const { return static_cast<std::size_t>(shape_.inputs); }
    std::size_t outputs() const { return static_cast<std::size_t>(shape_.outputs); }
    std::size_t steps() const { return static_cast<std::size_t>(shape_.steps); }

  private:
    TaskShape shape_;
    StepWindow error_epoch_;
    double noise_;
    std::vector<int> types_ = {0};
};

}  // namespace shoal
