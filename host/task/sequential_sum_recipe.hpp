// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/sequential_sum_trials.hpp"
#include "task/task.hpp"

namespace shoal {

/// The recipe of sequential-sum: trial_step() of `trials`. It points to rows of its task.
class SequentialSumRecipe final : public TrialRecipe {
  public:
    std::unique_ptr<const TrialRecipe> with_error_everywhere() const override {
        auto recipe = std::make_unique<SequentialSumRecipe>(*this);
        recipe->trials.error_everywhere = true;
        return recipe;
    }

    SequentialSumTrials trials;
};

}  // namespace shoal
