// SPDX-License-Identifier: MIT
// Trial generators behind one interface.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "core/random.hpp"

namespace shoal {

struct TaskShape {
    int inputs = 0;
    int outputs = 0;
    int steps = 0;  ///< Euler steps of one trial
    bool operator==(const TaskShape&) const = default;
};

/// Steps [begin, end) of a trial.
struct StepWindow {
    int begin = 0;
    int end = 0;
    bool operator==(const StepWindow&) const = default;
};

/// One trial. Arrays are row-major, time outermost.
struct Trial {
    int type = 0;                    ///< trial_type value
    std::vector<double> inputs;      ///< [time, input]
    std::vector<double> targets;     ///< [time, output]; 0 where mask is 0
    std::vector<std::uint8_t> mask;  ///< [time, output]; 1 where there is an error
    /// [time, output]: of errors, above 0; empty: all are 1.
    std::vector<double> weights = {};

    /// What the error at place i counts; 0 where there is none.
    double weight(std::size_t i) const {
        return mask[i] == 0 ? 0.0 : weights.empty() ? 1.0 : weights[i];
    }
};

/// A trial that shows what to hold, waits, and goes on.
struct TrialParts {
    StepWindow stimulus;  ///< the first one
    StepWindow delay;     ///< right after it; inputs are 0
};

/// How a kind of task draws its training trials, each step by itself, for whoever draws them in the
/// task's place and knows the kind.
class TrialRecipe {
  public:
    virtual ~TrialRecipe() = default;
    /// The same trials with an error of every output at every step.
    virtual std::unique_ptr<const TrialRecipe> with_error_everywhere() const = 0;
};

/// A training trial by name, for whoever draws it by its task's recipe.
struct TrialDraw {
    const TrialRecipe* recipe = nullptr;
    RandomKey key;
    int trial = 0;
    int type = 0;
    bool operator==(const TrialDraw&) const = default;
};

/// How well a network can do a task. A trial's score is the share of its decisions that are right.
struct SuccessRule {
    const char* decision = "";  ///< what is right, in words
    double chance = 0.0;        ///< mean score of the best answer that does not look at the inputs
    double solved = 1.0;        ///< a task counts as solved from this mean score on
};

class Task {
  public:
    virtual ~Task() = default;

    virtual TaskShape shape() const = 0;

    /// Distinct trial types, as values of Trial::type.
    virtual const std::vector<int>& types() const = 0;

    /// Names of the outputs, in order; empty: they have numbers only.
    virtual std::vector<std::string> output_names() const { return {}; }

    /// Blocks of consecutive steps in which any output has an error, in order. The last one is the
    /// one that acceptance judges.
    virtual std::vector<StepWindow> error_epochs() const = 0;

    /// The parts that `trials` of this task have in common; nothing if they have none. A task that
    /// does not say otherwise has its trials searched: the first stretch of steps at which all
    /// inputs of all trials are 0, with an input just before and just after it in every trial, that
    /// ends before the last error epoch begins, and the steps with an input in every trial just
    /// before it. Trials of one type have none (their stimuli come at random times, or go on all
    /// the time).
    virtual std::optional<TrialParts> parts(std::span<const Trial> trials) const;

    /// Number of the item, from 0 on, that a trial asks to be held over the delay of its parts:
    /// equal for trials that ask for the same. Nothing: the task tells it of none of its trials.
    virtual std::optional<int> memory(const Trial& trial) const {
        static_cast<void>(trial);
        return std::nullopt;
    }

    /// Types of training trials 0 ... count-1 of the network with this key.
    virtual std::vector<int> training_order(RandomKey key, int count) const = 0;

    /// Training trial `trial`, whose type is `type` (from training_order).
    virtual void training_trial(RandomKey key, int trial, int type, Trial& out) const = 0;

    /// A further trial of a given type; `draw` numbers independent stimuli within `purpose`.
    virtual void test_trial(RandomKey key, Purpose purpose, int draw, int type,
                            Trial& out) const = 0;

    /// Group of each output: outputs with equal masks in every trial share a group (and one P under
    /// FORCE). Groups are numbered from 0 in order of their first output.
    virtual std::vector<int> output_groups() const = 0;
    /// Whether outputs of two groups may have an error at the same step of a training trial.
    virtual bool groups_overlap() const = 0;

    virtual SuccessRule success() const = 0;
    /// Score of one trial, 0 to 1, from the outputs [time, output] at all its steps. NaN outputs
    /// count as wrong.
    virtual double score(const Trial& trial, std::span<const double> outputs) const = 0;
    /// Whether targets are one-hot wherever there is an error, with equal masks for all outputs of
    /// a step: what the cross-entropy loss asks for.
    virtual bool targets_are_classes() const { return false; }
    /// Whether some errors count more than others, which FORCE knows nothing of.
    virtual bool weighs_errors() const { return false; }
    /// Trials whose end states stand for what the network remembers: one of each type, or several
    /// draws where all trials are of one type.
    int conclusions() const {
        return types().size() > 1 ? static_cast<int>(types().size()) : single_type_conclusions;
    }
    static constexpr int single_type_conclusions = 8;

    /// How training trials may be drawn in place of training_trial(), to the same bits; null: not
    /// at all.
    virtual const TrialRecipe* recipe() const { return nullptr; }
};

/// Trials read from a file; host/store reads it (tasks know no file formats).
struct TrialList {
    TaskShape shape;
    std::vector<Trial> trials;
};
using TrialsLoader = std::function<TrialList(const std::string& path)>;

/// How durations become steps.
struct TimeSteps {
    double tau = 1.0;
    double dt = 0.1;

    TimeSteps(const NetworkConfig& network = {}) : tau(network.tau), dt(network.dt) {}
    auto operator<=>(const TimeSteps&) const = default;
};

/// Everything that a task is made of, and nothing else reaches a maker: equal settings make equal
/// tasks.
struct TaskSettings {
    TaskConfig task;
    TimeSteps time;
    ErrorSchedule schedule = ErrorSchedule::epochs;

    auto operator<=>(const TaskSettings&) const = default;
};
TaskSettings task_settings(const NetworkSpec& spec);

/// Builds a task (registry of kinds). Throws usage errors (bad durations, symmetric Gaussian
/// classes) and file errors (missing data).
/// With training.error: everywhere, every step of every trial carries an error (targets 0 outside
/// the task's own epochs): plain FORCE. error_epochs() still gives the task's own epochs.
std::shared_ptr<const Task> make_task(const TaskConfig& task, const TimeSteps& time,
                                      ErrorSchedule schedule, const TrialsLoader& loader = {});

/// The tasks of a population, each made once and shared by all networks with equal settings; any
/// thread may ask.
class TaskCache {
  public:
    explicit TaskCache(TrialsLoader loader = {}) : loader_(std::move(loader)) {}
    std::shared_ptr<const Task> of(const NetworkSpec& spec);

  private:
    TrialsLoader loader_;
    std::mutex mutex_;
    std::map<TaskSettings, std::shared_ptr<const Task>> tasks_;
};

/// Trials that training sees: those of FORCE, or all iterations' batches (one batch at least).
int training_trials(const TrainingConfig& training);

}  // namespace shoal
