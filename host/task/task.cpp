// SPDX-License-Identifier: MIT
#include "task/task.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.hpp"
#include "task/adding.hpp"
#include "task/angular_integration.hpp"
#include "task/copy.hpp"
#include "task/file_task.hpp"
#include "task/flip_flop.hpp"
#include "task/interval.hpp"
#include "task/sequential_sum.hpp"

namespace shoal {
namespace {

/// Plain FORCE: the same trials with an error at every step; targets are 0 outside the task's
/// epochs.
class ErrorEverywhere final : public Task {
  public:
    explicit ErrorEverywhere(std::shared_ptr<const Task> task) : task_(std::move(task)) {
        if (task_->recipe() != nullptr) {
            recipe_ = *task_->recipe();
            recipe_.error_everywhere = true;
        }
    }
    TaskShape shape() const override { return task_->shape(); }
    const std::vector<int>& types() const override { return task_->types(); }
    std::vector<StepWindow> error_epochs() const override { return task_->error_epochs(); }
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
    const SequentialSumTrials* recipe() const override {
        return task_->recipe() != nullptr ? &recipe_ : nullptr;
    }

  private:
    std::shared_ptr<const Task> task_;
    SequentialSumTrials recipe_;
};

std::shared_ptr<const Task> make_kind(const TaskConfig& task, const NetworkConfig& network,
                                      const TrialsLoader& loader) {
    switch (task.kind) {
        case TaskKind::sequential_sum:
            return make_sequential_sum(task, network);
        case TaskKind::copy:
            return make_copy(task, network);
        case TaskKind::interval:
            return make_interval(task, network);
        case TaskKind::angular_integration:
            return make_angular_integration(task, network);
        case TaskKind::flip_flop:
            return make_flip_flop(task, network);
        case TaskKind::adding:
            return make_adding(task, network);
        case TaskKind::file:
            break;
    }
    check(static_cast<bool>(loader), "task: file without a loader");
    return make_file_task(loader(task.path), task.path);
}

}  // namespace

std::shared_ptr<const Task> make_task(const TaskConfig& task, const NetworkConfig& network,
                                      ErrorSchedule schedule, const TrialsLoader& loader) {
    auto made = make_kind(task, network, loader);
    if (schedule == ErrorSchedule::everywhere) {
        return std::make_shared<ErrorEverywhere>(std::move(made));
    }
    return made;
}

std::string task_identity(const NetworkSpec& spec) {
    const TaskConfig& t = spec.task;
    const auto& d = t.durations;
    return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {}", static_cast<int>(t.kind),
                       static_cast<int>(t.source), t.codes, d.stimulus1, d.delay1, d.stimulus2,
                       d.delay2, d.response, t.gaussians.means, t.gaussians.std, t.content,
                       spec.network.dt, static_cast<int>(spec.training.error)) +
           fmt::format(" {} {} {} {} {} {} {} {} {} {}", t.delay, t.duration, t.symbols, t.length,
                       t.bits, t.pulse_rate, t.speed, t.smoothness, t.moving_share, t.noise);
}

int training_trials(const TrainingConfig& training) {
    return training.method == TrainingMethod::force
               ? training.trials
               : std::max(training.iterations, 1) * training.batch;
}

std::string trial_identity(const NetworkSpec& spec) {
    return fmt::format("{} {} {} {}", spec.seed, spec.replicate, training_trials(spec.training),
                       task_identity(spec));
}

}  // namespace shoal
