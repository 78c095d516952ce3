// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/file.hpp"
#include "task/latents.hpp"
#include "task/score.hpp"
#include "task/sequential_sum_recipe.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

constexpr int input_count = SequentialSumTrials::inputs;
constexpr int output_count = SequentialSumTrials::outputs;

class SequentialSum final : public Task {
  public:
    SequentialSum(const TaskConfig& task, const TimeSteps& time) {
        const auto& d = task.durations;
        const int lengths[] = {steps_of(d.stimulus1, time.dt, "task.durations.stimulus1"),
                               steps_of(d.delay1, time.dt, "task.durations.delay1"),
                               steps_of(d.stimulus2, time.dt, "task.durations.stimulus2"),
                               steps_of(d.delay2, time.dt, "task.durations.delay2"),
                               steps_of(d.response, time.dt, "task.durations.response")};
        int begin = 0;
        for (std::size_t i = 0; i < epochs_.size(); ++i) {
            epochs_[i] = {begin, begin + lengths[i]};
            begin += lengths[i];
        }
        if (task.source == StimulusSource::gaussians) {
            for (std::size_t c = 0; c < 2; ++c) {
                classes_.mean[c] = {task.gaussians.means[c][0], task.gaussians.means[c][1]};
            }
        } else if (task.path.empty()) {
            classes_ = parse_digits(built_in_digits(), "built-in digits");
        } else {
            classes_ = parse_digits(read_text_file(task.path), task.path);
        }
        reject_symmetric_classes();
        describe(task);
    }
    // The recipe points into the classes.
    SequentialSum(const SequentialSum&) = delete;
    SequentialSum& operator=(const SequentialSum&) = delete;

    TaskShape shape() const override { return {input_count, output_count, epochs_.back().end}; }
    const std::vector<int>& types() const override { return types_; }
    std::vector<std::string> output_names() const override { return {"z_o", "z_d1", "z_d2"}; }
    /// Delay 1, delay 2, response.
    std::vector<StepWindow> error_epochs() const override {
        return {epochs_[1], epochs_[3], epochs_[4]};
    }
    std::optional<TrialParts> parts(std::span<const Trial>) const override {
        return TrialParts{epochs_[0], epochs_[1]};
    }
    /// The first digit.
    std::optional<int> memory(const Trial& trial) const override { return trial.type / 2; }
    std::vector<int> output_groups() const override { return {0, 1, 1}; }

    std::vector<int> training_order(RandomKey key, int count) const override {
        const auto order =
            random_permutation(key, Purpose::trial_order, static_cast<std::uint32_t>(count));
        std::vector<int> trial_types(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            trial_types[i] = static_cast<int>(order[i] % types_.size());
        }
        return trial_types;
    }

    void training_trial(RandomKey key, int trial, int type, Trial& out) const override {
        test_trial(key, Purpose::training_stimulus, trial, type, out);
    }

    void test_trial(RandomKey key, Purpose purpose, int draw, int type, Trial& out) const override {
        const auto steps = static_cast<std::size_t>(epochs_.back().end);
        out.type = type;
        out.inputs.assign(steps * input_count, 0.0);
        out.targets.assign(steps * output_count, 0.0);
        out.mask.assign(steps * output_count, 0);
        for (std::size_t t = 0; t < steps; ++t) {
            const auto step =
                trial_step(recipe_.trials, key, purpose, static_cast<std::uint32_t>(draw), type,
                           static_cast<int>(t));
            std::copy_n(step.input, input_count, out.inputs.data() + t * input_count);
            std::copy_n(step.target, output_count, out.targets.data() + t * output_count);
            std::copy_n(step.mask, output_count, out.mask.data() + t * output_count);
        }
    }

    SuccessRule success() const override {
        SuccessRule rule = answer_within_tenth;
        rule.chance = best_constant();
        return rule;
    }
    double score(const Trial& trial, std::span<const double> z) const override {
        return answered_within_tenth(*this, trial, z);
    }
    bool groups_overlap() const override { return false; }
    const TrialRecipe* recipe() const override { return &recipe_; }

  private:
    /// Largest share of trial types whose codes one answer is within a tenth of.
    double best_constant() const {
        double best = 0.0;
        for (const double low : recipe_.trials.codes) {
            const auto right = std::count_if(types_.begin(), types_.end(), [&](int type) {
                const double above = recipe_.trials.codes[type / 2 + type % 2] - low;
                return above >= 0.0 && above < 0.2;
            });
            best = std::max(best, static_cast<double>(right) / static_cast<double>(types_.size()));
        }
        return best;
    }

    void describe(const TaskConfig& task) {
        for (std::size_t i = 0; i < epochs_.size(); ++i) {
            recipe_.trials.epoch_end[i] = epochs_[i].end;
        }
        std::copy_n(task.codes.begin(), 3, recipe_.trials.codes);
        recipe_.trials.gaussians = task.source == StimulusSource::gaussians;
        recipe_.trials.gaussian_std = task.gaussians.std;
        for (std::size_t c = 0; c < 2; ++c) {
            std::copy_n(classes_.mean[c].begin(), input_count, recipe_.trials.mean[c]);
            if (!recipe_.trials.gaussians) {
                recipe_.trials.rows[c] = classes_.rows[c].front().data();
                recipe_.trials.row_count[c] = static_cast<std::uint32_t>(classes_.rows[c].size());
            }
        }
    }

    /// With class means m and -m the network, odd and without a bias, could answer only if its
    /// never-reset state broke the symmetry by itself.
    void reject_symmetric_classes() const {
        const auto& m = classes_.mean;
        const double sum = std::hypot(m[0][0] + m[1][0], m[0][1] + m[1][1]);
        const double size = std::max(std::hypot(m[0][0], m[0][1]), std::hypot(m[1][0], m[1][1]));
        if (sum < 1e-6 * size || size == 0.0) {
            throw usage_error(
                "task: the two stimulus classes have opposite means (m and -m). The network is odd "
                "and has no bias, so it\ncould not give them answers of one sign; choose means "
                "that are not each other's mirror image");
        }
    }

    LatentClasses classes_;
    std::array<StepWindow, 5> epochs_;       // stimulus 1, delay 1, stimulus 2, delay 2, response
    std::vector<int> types_ = {0, 1, 2, 3};  // 2 digit1 + digit2
    SequentialSumRecipe recipe_;
};

}  // namespace

/// The task of Ghazizadeh & Ching 2021: two digits shown one after the other, each remembered over
/// a delay, then the code of their sum (host/MATHEMATICS.md, A.3). Two inputs; outputs z_o, z_d1,
/// z_d2.
std::shared_ptr<const Task> make_sequential_sum(const TaskConfig& task, const TimeSteps& time) {
    return std::make_shared<SequentialSum>(task, time);
}

}  // namespace shoal
