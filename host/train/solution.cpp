// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numbers.hpp"
#include "train/acceptance.hpp"

namespace shoal {
namespace {

/// Probabilities in place of outputs, where targets are classes.
void soften(std::span<double> outputs, std::size_t width) {
    for (std::size_t at = 0; at < outputs.size(); at += width) {
        double* z = outputs.data() + at;
        const double largest = *std::max_element(z, z + width);
        double sum = 0.0;
        for (std::size_t o = 0; o < width; ++o) {
            z[o] = std::exp(z[o] - largest);
            sum += z[o];
        }
        for (std::size_t o = 0; o < width; ++o) {
            z[o] /= sum;
        }
    }
}

double masked_rms(const Trial& trial, std::span<const double> outputs) {
    double sum = 0.0;
    double terms = 0.0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (trial.mask[i] != 0) {
            const double error = outputs[i] - trial.targets[i];
            sum += trial.weight(i) * error * error;
            terms += trial.weight(i);
        }
    }
    return std::sqrt(sum / terms);
}

/// Trials whose end states are the conclusions.
std::vector<std::size_t> conclusion_trials(const Task& task) {
    std::vector<std::size_t> trials;
    for (int i = 0; i < task.conclusions(); ++i) {
        trials.push_back(to_size(i));  // trials take the types in turn
    }
    return trials;
}

TestOutcome judge_solution(const Candidate& candidate, const std::vector<Trial>& trials,
                           SimulationResult& result) {
    const Task& task = *candidate.task;
    const auto units = to_size(candidate.model->units);
    const AcceptRule& rule = candidate.rule;
    const TaskShape shape = task.shape();
    const StepWindow whole{0, shape.steps};
    ScoreSum score(rule, shape.outputs);
    const std::size_t size = to_size(shape.steps) * to_size(shape.outputs);
    TestOutcome outcome;
    std::vector<double> errors;
    double failed = 0.0;
    for (std::size_t i = 0; i < trials.size(); ++i) {
        const std::span<double> outputs(result.outputs.data() + i * size, size);
        if (result.diverged_at[i] >= 0) {
            errors.push_back(std::numeric_limits<double>::infinity());
            failed += 1.0;
            score.add(trials[i], whole, {});
            continue;
        }
        score.add(trials[i], whole, outputs);
        failed += 1.0 - task.score(trials[i], outputs);
        if (candidate.probabilities) {
            soften(outputs, to_size(shape.outputs));
        }
        const double error = masked_rms(trials[i], outputs);
        if (!std::isnan(error)) {  // a trial may have nothing to judge
            errors.push_back(error);
        }
    }
    std::sort(errors.begin(), errors.end());
    for (const std::size_t trial : conclusion_trials(task)) {
        const double* state = result.final_states.data() + trial * units;
        outcome.conclusions.insert(outcome.conclusions.end(), state, state + units);
    }
    Acceptance& verdict = outcome.acceptance;
    verdict.fraction_failed = failed / static_cast<double>(trials.size());
    verdict.accepted_lax = verdict.fraction_failed <= lax_share;
    settle(rule, score.value(), verdict);
    verdict.median_error =
        errors.empty() ? std::numeric_limits<double>::quiet_NaN()
                       : 0.5 * (errors[(errors.size() - 1) / 2] + errors[errors.size() / 2]);
    return outcome;
}

}  // namespace

std::uint64_t solution_test_bytes(const Task& task, int units) {
    const TaskShape shape = task.shape();
    const auto number = [](int i) { return static_cast<std::uint64_t>(i); };
    const std::uint64_t trial =
        number(shape.steps) * (8 * number(shape.inputs) + 17 * number(shape.outputs));
    return solution_trials * (trial + 5 * 8 * number(units));
}

std::vector<TestOutcome> test_solutions(Backend& backend, std::span<const Candidate> candidates) {
    std::vector<std::vector<Trial>> trials(candidates.size());
    std::vector<SimulationRequest> requests(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        const auto& types = candidate.task->types();
        SimulationRequest& request = requests[i];
        request.network = candidate.model;
        request.steps = candidate.task->shape().steps;
        request.outputs_from = 0;
        trials[i].resize(solution_trials);
        for (std::size_t k = 0; k < trials[i].size(); ++k) {
            candidate.task->test_trial(candidate.key, Purpose::validation_trial,
                                       static_cast<int>(k), types[k % types.size()], trials[i][k]);
            request.inputs.push_back(trials[i][k].inputs.data());
            request.initial_states.insert(request.initial_states.end(),
                                          candidate.model->initial_state.begin(),
                                          candidate.model->initial_state.end());
        }
    }
    auto results = backend.simulate(requests);
    std::vector<TestOutcome> outcomes;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        outcomes.push_back(judge_solution(candidates[i], trials[i], results[i]));
    }
    return outcomes;
}

}  // namespace shoal
