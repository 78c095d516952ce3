// SPDX-License-Identifier: MIT
#include "task/task.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "task/file_task.hpp"

namespace shoal {

// Makers, each in the file of its kind.
std::shared_ptr<const Task> make_sequential_sum(const TaskConfig& task, const TimeSteps& time);
std::shared_ptr<const Task> make_copy(const TaskConfig& task, const TimeSteps& time);
std::shared_ptr<const Task> make_interval(const TaskConfig& task, const TimeSteps& time);
std::shared_ptr<const Task> make_angular_integration(const TaskConfig& task, const TimeSteps& time);
std::shared_ptr<const Task> make_flip_flop(const TaskConfig& task, const TimeSteps& time);
std::shared_ptr<const Task> make_adding(const TaskConfig& task, const TimeSteps& time);

namespace {

/// Plain FORCE: the same trials with an error at every step; targets are 0 outside the task's
/// epochs.
class ErrorEverywhere final : public Task {
  public:
    explicit ErrorEverywhere(std::shared_ptr<const Task> task) : task_(std::move(task)) {
        if (task_->recipe() != nullptr) {
            recipe_ = task_->recipe()->with_error_everywhere();
        }
    }
    TaskShape shape() const override { return task_->shape(); }
    const std::vector<int>& types() const override { return task_->types(); }
    std::vector<std::string> output_names() const override { return task_->output_names(); }
    std::vector<StepWindow> error_epochs() const override { return task_->error_epochs(); }
    std::optional<TrialParts> parts(std::span<const Trial> trials) const override {
        return task_->parts(trials);
    }
    std::optional<int> memory(const Trial& trial) const override { return task_->memory(trial); }
    std::vector<int> training_order(RandomKey key, int count) const override {
        return task_->training_order(key, count);
    }
    void training_trial(RandomKey key, int trial, int type, Trial& out) const override {
        task_->training_trial(key, trial, type, out);
        std::fill(out.mask.begin(), out.mask.end(), std::uint8_t{1});
    }
    /// Tests judge the task itself, so their mask is the task's.
    void test_trial(RandomKey key, Purpose purpose, int draw, int type, Trial& out) const override {
        task_->test_trial(key, purpose, draw, type, out);
    }
    std::vector<int> output_groups() const override {
        return std::vector<int>(static_cast<std::size_t>(shape().outputs), 0);
    }
    bool groups_overlap() const override { return false; }
    SuccessRule success() const override { return task_->success(); }
    double score(const Trial& trial, std::span<const double> outputs) const override {
        return task_->score(trial, outputs);
    }
    bool targets_are_classes() const override { return task_->targets_are_classes(); }
    bool weighs_errors() const override { return task_->weighs_errors(); }
    const TrialRecipe* recipe() const override { return recipe_.get(); }

  private:
    std::shared_ptr<const Task> task_;
    std::unique_ptr<const TrialRecipe> recipe_;
};

bool has_input(const Trial& trial, int step, std::size_t channels) {
    const double* at = trial.inputs.data() + to_size(step) * channels;
    return std::any_of(at, at + channels, [](double u) { return u != 0.0; });
}

std::shared_ptr<const Task> make_kind(const TaskConfig& task, const TimeSteps& time,
                                      const TrialsLoader& loader) {
    switch (task.kind) {
        case TaskKind::sequential_sum:
            return make_sequential_sum(task, time);
        case TaskKind::copy:
            return make_copy(task, time);
        case TaskKind::interval:
            return make_interval(task, time);
        case TaskKind::angular_integration:
            return make_angular_integration(task, time);
        case TaskKind::flip_flop:
            return make_flip_flop(task, time);
        case TaskKind::adding:
            return make_adding(task, time);
        case TaskKind::file:
            break;
    }
    check(static_cast<bool>(loader), "task: file without a loader");
    return make_file_task(loader(task.path), task.path);
}

}  // namespace

std::optional<TrialParts> Task::parts(std::span<const Trial> trials) const {
    if (types().size() < 2 || trials.empty()) {
        return std::nullopt;
    }
    const auto channels = to_size(shape().inputs);
    const int last = error_epochs().back().begin;
    const auto with_input = [&](int step) {
        return std::count_if(trials.begin(), trials.end(),
                             [&](const Trial& trial) { return has_input(trial, step, channels); });
    };
    const auto all = static_cast<std::ptrdiff_t>(trials.size());
    StepWindow stimulus{0, 0};
    for (int step = 0; step < last;) {
        const int begin = step;
        const auto count = with_input(step);
        while (step < last && with_input(step) == count) {
            ++step;
        }
        if (count == all) {
            stimulus = {begin, step};
        } else if (count == 0 && stimulus.end == begin && begin > 0 && step < last &&
                   with_input(step) == all) {
            return TrialParts{stimulus, {begin, step}};
        }
    }
    return std::nullopt;
}

std::shared_ptr<const Task> make_task(const TaskConfig& task, const TimeSteps& time,
                                      ErrorSchedule schedule, const TrialsLoader& loader) {
    auto made = make_kind(task, time, loader);
    if (schedule == ErrorSchedule::everywhere) {
        return std::make_shared<ErrorEverywhere>(std::move(made));
    }
    return made;
}

TaskSettings task_settings(const NetworkSpec& spec) {
    return {spec.task, spec.network, spec.training.error};
}

std::shared_ptr<const Task> TaskCache::of(const NetworkSpec& spec) {
    const std::lock_guard lock(mutex_);
    auto& task = tasks_[task_settings(spec)];
    if (!task) {
        task = make_task(spec.task, spec.network, spec.training.error, loader_);
    }
    return task;
}

int training_trials(const TrainingConfig& training) {
    return training.method == TrainingMethod::force
               ? training.trials
               : std::max(training.iterations, 1) * training.batch;
}

}  // namespace shoal
