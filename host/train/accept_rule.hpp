// SPDX-License-Identifier: MIT
// When a trained network is accepted (host/MATHEMATICS.md, B.5): key training.accept.
#pragma once

#include <span>
#include <vector>

#include "records/records.hpp"
#include "task/task.hpp"

namespace shoal {

/// training.accept with its defaults filled in.
struct AcceptRule {
    AcceptScore score = AcceptScore::task;
    double at_least = 1.0;
    double tolerance = 0.1;
};

/// By default the task's own score is held against the task's solved level (under FORCE, where all
/// runs must be right, against 1), and any other against 0.95. For trials from a file `task` means
/// accuracy where the loss is cross-entropy. A usage error where accuracy is asked for and targets
/// are no classes.
AcceptRule accept_rule(const NetworkSpec& spec, const Task& task);

/// The score of a network in all of its test trials, added one after the other; of trials, the
/// steps and outputs with an error count, by their weights.
class ScoreSum {
  public:
    ScoreSum(const AcceptRule& rule, int outputs);

    /// Outputs [time, output] at the steps of a window; none: the network diverged.
    void add(const Trial& trial, StepWindow window, std::span<const double> outputs);

    /// accuracy: share of steps whose largest output is that of the class. within: share of trials
    /// with an RMS error below the tolerance. r2: 1 - (squared errors) / (squared differences of
    /// targets from their means over all trials, each output's own), -infinity once a trial has
    /// diverged. NaN where nothing was asked, for a constant target (r2), and for the score `task`,
    /// which the task itself has.
    double value() const;

  private:
    void add_accuracy(const Trial& trial, std::size_t first, std::span<const double> outputs);
    void add_within(const Trial& trial, std::size_t first, std::size_t size,
                    std::span<const double> outputs);
    void add_r2(const Trial& trial, std::size_t first, std::span<const double> outputs);

    AcceptRule rule_;
    std::size_t width_;
    double right_ = 0.0;
    double all_ = 0.0;
    double squared_error_ = 0.0;
    /// [output]: weights, weighted means and squared differences of targets.
    std::vector<double> weight_, mean_, spread_;
};

/// Decides by the rule: for the score `task` by fraction_failed as it stands, else by `score`, from
/// which fraction_failed follows (1 - score, at most 1) and accepted_lax (at most lax_share).
void settle(const AcceptRule& rule, double score, Acceptance& verdict);

inline constexpr double lax_share = 0.05;

}  // namespace shoal
