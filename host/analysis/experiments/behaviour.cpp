// SPDX-License-Identifier: MIT
#include "analysis/experiments/behaviour.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "core/error.hpp"

namespace shoal {

namespace {

constexpr int judged_lengths = 2;  // at the end of a run
constexpr int rule_a_copies = 20;
constexpr double rule_a_spread = 0.5;
constexpr double saturated_rate = 0.8;

std::size_t conclusion_count(const AnalysisInput& input) {
    return input.conclusions.size() / static_cast<std::size_t>(input.model.units);
}

SimulationRequest autonomous_request(const AnalysisInput& input, std::vector<double> states) {
    const int trial_steps = input.task->shape().steps;
    SimulationRequest request;
    request.network = &input.model;
    request.steps = delay_lengths * trial_steps;
    request.inputs.assign(states.size() / static_cast<std::size_t>(input.model.units), nullptr);
    request.initial_states = std::move(states);
    request.outputs_from = (delay_lengths - judged_lengths) * trial_steps;
    return request;
}

// Output 0 of every recorded step, [run, step].
std::vector<double> first_output(const SimulationResult& result, int outputs) {
    std::vector<double> first;
    for (std::size_t at = 0; at < result.outputs.size(); at += static_cast<std::size_t>(outputs)) {
        first.push_back(result.outputs[at]);
    }
    return first;
}

double saturated_share(std::span<const double> mean_rates) {
    const auto saturated = std::count_if(mean_rates.begin(), mean_rates.end(), [](double rate) {
        return std::abs(rate) > saturated_rate;
    });
    return static_cast<double>(saturated) / static_cast<double>(mean_rates.size());
}

}  // namespace

DelayRuns run_delays(const AnalysisInput& input, Backend& behaviour) {
    const int trial_steps = input.task->shape().steps;
    SimulationRequest request = autonomous_request(input, input.conclusions);
    for (const int begin : {20, 30, 40}) {
        request.mean_rates.push_back({begin * trial_steps, (begin + 10) * trial_steps});
    }
    // Every trial length from the start on, and more often over the last ten.
    for (int length = 1; length <= 40; ++length) {
        request.states_at.push_back(length * trial_steps);
    }
    const auto dense = sample_steps(40 * trial_steps, 50 * trial_steps, trial_steps);
    request.states_at.insert(request.states_at.end(), dense.begin(), dense.end());
    const SimulationResult result = behaviour.simulate({&request, 1}).front();

    DelayRuns runs;
    runs.diverged_at = result.diverged_at;
    runs.rule_b = apply_rule(rule_b, first_output(result, input.model.outputs), result.diverged_at);
    runs.sample_steps = {0};
    runs.sample_steps.insert(runs.sample_steps.end(), request.states_at.begin(),
                             request.states_at.end());
    const Eigen::Index units = input.model.units;
    const auto recorded = static_cast<Eigen::Index>(request.states_at.size());
    for (std::size_t run = 0; run < conclusion_count(input); ++run) {
        const auto at = static_cast<Eigen::Index>(run);
        Eigen::MatrixXd samples(units, recorded + 1);
        samples.col(0) =
            Eigen::Map<const Eigen::VectorXd>(input.conclusions.data() + at * units, units);
        samples.rightCols(recorded) = Eigen::Map<const Eigen::MatrixXd>(
            result.states.data() + at * recorded * units, units, recorded);
        runs.samples.push_back(std::move(samples));
        const auto windows = static_cast<Eigen::Index>(request.mean_rates.size());
        runs.window_means.push_back(Eigen::Map<const Eigen::MatrixXd>(
            result.mean_rates.data() + at * windows * units, units, windows));
    }
    return runs;
}

RuleOutcome run_rule_a(const AnalysisInput& input, Backend& behaviour) {
    const auto units = static_cast<std::size_t>(input.model.units);
    const std::size_t starts = conclusion_count(input) + 1;  // the origin first
    std::vector<double> states;
    states.reserve(starts * rule_a_copies * units);
    for (std::size_t start = 0; start < starts; ++start) {
        for (std::uint32_t copy = 0; copy < rule_a_copies; ++copy) {
            for (std::size_t unit = 0; unit < units; ++unit) {
                const double base =
                    start == 0 ? 0.0 : input.conclusions[(start - 1) * units + unit];
                const double normal = standard_normal(random_bits(
                    input.key, Purpose::rule_a_perturbation, copy,
                    static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(unit)));
                states.push_back(base + rule_a_spread * normal);
            }
        }
    }
    const SimulationRequest request = autonomous_request(input, std::move(states));
    const SimulationResult result = behaviour.simulate({&request, 1}).front();
    return apply_rule(rule_a, first_output(result, input.model.outputs), result.diverged_at);
}

Saturation measure_saturation(const AnalysisInput& input, Backend& behaviour) {
    const auto units = static_cast<std::size_t>(input.model.units);
    const auto& types = input.task->types();
    const std::vector<StepWindow> epochs = input.task->error_epochs();
    const std::size_t conclusions = conclusion_count(input);
    check(!epochs.empty(), "a task has an epoch with an error");

    SimulationRequest request;
    request.network = &input.model;
    request.steps = input.task->shape().steps;
    request.mean_rates = {epochs.front(), epochs.back()};
    std::vector<Trial> trials(conclusions * types.size());
    for (std::size_t run = 0; run < trials.size(); ++run) {
        const std::size_t conclusion = run / types.size();
        input.task->test_trial(input.key, Purpose::example_stimulus, static_cast<int>(conclusion),
                               types[run % types.size()], trials[run]);
        request.inputs.push_back(trials[run].inputs.data());
        const auto from =
            input.conclusions.begin() + static_cast<std::ptrdiff_t>(conclusion * units);
        request.initial_states.insert(request.initial_states.end(), from,
                                      from + static_cast<std::ptrdiff_t>(units));
    }
    const SimulationResult result = behaviour.simulate({&request, 1}).front();

    Saturation saturation;
    const auto runs = static_cast<double>(trials.size());
    const std::span<const double> means(result.mean_rates);
    for (std::size_t run = 0; run < trials.size(); ++run) {
        saturation.delay += saturated_share(means.subspan(2 * run * units, units)) / runs;
        saturation.response += saturated_share(means.subspan((2 * run + 1) * units, units)) / runs;
    }
    return saturation;
}

}  // namespace shoal
