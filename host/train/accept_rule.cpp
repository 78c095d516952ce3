// SPDX-License-Identifier: MIT
#include "train/accept_rule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

constexpr double usual_level = 0.95;

}  // namespace

AcceptRule accept_rule(const NetworkSpec& spec, const Task& task) {
    const TrainingConfig& training = spec.training;
    const bool by_gradients = training.method == TrainingMethod::bptt;
    AcceptRule rule;
    rule.score = training.accept.score;
    rule.tolerance = training.accept.tolerance;
    if (rule.score == AcceptScore::task && spec.task.kind == TaskKind::file && by_gradients &&
        training.loss == Loss::cross_entropy) {
        rule.score = AcceptScore::accuracy;
    }
    const double own_level = by_gradients ? task.success().solved : 1.0;
    rule.at_least = training.accept.at_least.value_or(
        rule.score == AcceptScore::task ? own_level : usual_level);
    if (rule.score == AcceptScore::accuracy && !task.targets_are_classes()) {
        throw usage_error(
            "training.accept.score: accuracy wants targets that are one-hot at every step with an "
            "error, with the same mask for all outputs; the task's are not");
    }
    return rule;
}

ScoreSum::ScoreSum(const AcceptRule& rule, int outputs)
    : rule_(rule), width_(to_size(outputs)), weight_(width_), mean_(width_), spread_(width_) {}

void ScoreSum::add(const Trial& trial, StepWindow window, std::span<const double> outputs) {
    const std::size_t first = to_size(window.begin) * width_;
    const std::size_t size = to_size(window.end - window.begin) * width_;
    switch (rule_.score) {
        case AcceptScore::task:
            break;
        case AcceptScore::accuracy:
            for (std::size_t at = 0; at < size; at += width_) {
                all_ += trial.weight(first + at);
            }
            add_accuracy(trial, first, outputs);
            break;
        case AcceptScore::within:
            add_within(trial, first, size, outputs);
            break;
        case AcceptScore::r2:
            add_r2(trial, first, outputs);
            if (outputs.empty()) {
                squared_error_ = std::numeric_limits<double>::infinity();
            }
            break;
    }
}

void ScoreSum::add_accuracy(const Trial& trial, std::size_t first,
                            std::span<const double> outputs) {
    for (std::size_t at = 0; at < outputs.size(); at += width_) {
        const double* target = trial.targets.data() + first + at;
        const double* z = outputs.data() + at;
        const auto wanted =
            static_cast<std::size_t>(std::max_element(target, target + width_) - target);
        bool largest = true;  // of NaN none is
        for (std::size_t o = 0; o < width_; ++o) {
            largest = largest && (o == wanted || z[o] < z[wanted]);
        }
        right_ += largest ? trial.weight(first + at) : 0.0;
    }
}

void ScoreSum::add_within(const Trial& trial, std::size_t first, std::size_t size,
                          std::span<const double> outputs) {
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
        const double weight = trial.weight(first + i);
        weights += weight;
        if (weight > 0.0 && !outputs.empty()) {
            const double error = outputs[i] - trial.targets[first + i];
            sum += weight * error * error;
        }
    }
    if (weights > 0.0) {  // a trial may have nothing to judge
        all_ += 1.0;
        right_ += !outputs.empty() && std::sqrt(sum / weights) < rule_.tolerance ? 1.0 : 0.0;
    }
}

void ScoreSum::add_r2(const Trial& trial, std::size_t first, std::span<const double> outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const double weight = trial.weight(first + i);
        if (weight == 0.0) {
            continue;
        }
        const std::size_t o = i % width_;
        const double target = trial.targets[first + i];
        squared_error_ += weight * (outputs[i] - target) * (outputs[i] - target);
        // Weighted mean and spread in one pass (West, Comm. ACM 1979).
        const double before = target - mean_[o];
        weight_[o] += weight;
        mean_[o] += before * weight / weight_[o];
        spread_[o] += weight * before * (target - mean_[o]);
    }
}

double ScoreSum::value() const {
    if (rule_.score == AcceptScore::r2) {
        const double spread = std::accumulate(spread_.begin(), spread_.end(), 0.0);
        return spread > 0.0 ? 1.0 - squared_error_ / spread
                            : std::numeric_limits<double>::quiet_NaN();
    }
    return right_ / all_;  // NaN where nothing was asked
}

void settle(const AcceptRule& rule, double score, Acceptance& verdict) {
    if (rule.score != AcceptScore::task) {
        const double failed = 1.0 - score;
        verdict.fraction_failed = failed < 1.0 ? failed : 1.0;  // NaN fails
        verdict.accepted_lax = verdict.fraction_failed <= lax_share;
    }
    // Scores are means of rounded shares.
    verdict.accepted = 1.0 - verdict.fraction_failed >= rule.at_least - 1e-12;
}

}  // namespace shoal
