// SPDX-License-Identifier: MIT
#include "analysis/experiments/condition_trials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/dynamics/dynamics.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr int most_delay_samples = 100;

// Steps begin < s <= end, evenly spread, the end among them.
std::vector<int> spread_steps(StepWindow window) {
    const int length = window.end - window.begin;
    const int count = std::min(length, most_delay_samples);
    std::vector<int> steps;
    for (int i = 1; i <= count; ++i) {
        steps.push_back(window.begin + length * i / count);
    }
    return steps;
}

// Which of `all` conditions are taken, ascending.
std::vector<std::size_t> selection(std::size_t all) {
    const std::size_t count = std::min(all, most_conditions);
    std::vector<std::size_t> taken(count);
    for (std::size_t i = 0; i < count; ++i) {
        taken[i] = i * all / count;
    }
    return taken;
}

void draw_conditions(const AnalysisInput& input, ConditionTrials& conditions) {
    const auto units = to_size(input.model.units);
    const auto& types = input.task->types();
    const std::size_t all = input.conclusions.size() / units * types.size();
    const auto taken = selection(all);
    if (taken.size() < all) {
        add_limit(
            conditions.limits,
            fmt::format("Behavioural tests: {} of {} conditions were tested.", taken.size(), all));
    }
    conditions.trials.resize(taken.size());
    for (std::size_t c = 0; c < taken.size(); ++c) {
        const std::size_t conclusion = taken[c] / types.size();
        input.task->test_trial(input.key, Purpose::condition_stimulus, static_cast<int>(conclusion),
                               types[taken[c] % types.size()], conditions.trials[c]);
        const double* state = input.conclusions.data() + conclusion * units;
        conditions.start.insert(conditions.start.end(), state, state + units);
    }
}

void choose_delay(const Task& task, ConditionTrials& conditions) {
    conditions.parts = task.parts(conditions.trials);
    if (conditions.parts) {
        conditions.delay = conditions.parts->delay;
        return;
    }
    conditions.delay = task.error_epochs().front();
    conditions.not_applicable =
        task.types().size() > 1
            ? "Not applicable to this task: its trials have no common stretch without input "
              "between two stimuli."
            : "Not applicable to this task: its trials are of one type, without a delay between "
              "two stimuli at fixed times.";
}

// Rates of a recorded state.
Eigen::VectorXd recorded_rates(const NetworkModel& model, const double* state) {
    return rates_of(model.cell, Eigen::Map<const Eigen::VectorXd>(state, model.units));
}

}  // namespace

bool has_failed(double end_output, double nominal) {
    // Written so that NaN fails.
    return !(std::abs(end_output - nominal) <= failure_distance);
}

SimulationRequest rest_of_trials(const NetworkModel& model, std::span<const Trial> trials,
                                 std::span<const std::size_t> condition_of,
                                 std::vector<double> states, int from, int trial_steps) {
    SimulationRequest request;
    request.network = &model;
    request.steps = trial_steps - from;
    request.outputs_from = request.steps - 1;
    request.initial_states = std::move(states);
    for (const std::size_t condition : condition_of) {
        request.inputs.push_back(trials[condition].inputs.data() +
                                 to_size(from) * to_size(model.inputs));
    }
    return request;
}

SimulationRequest without_input(const NetworkModel& model, std::vector<double> states, int steps) {
    SimulationRequest request;
    request.network = &model;
    request.steps = steps;
    request.outputs_from = steps - 1;
    request.inputs.assign(states.size() / to_size(model.units), nullptr);
    request.initial_states = std::move(states);
    return request;
}

RunEnds run_ends(const SimulationRequest& request, SimulationResult result) {
    const auto outputs = to_size(request.network->outputs);
    const std::size_t recorded = to_size(request.steps - request.outputs_from);
    RunEnds ends;
    for (std::size_t run = 0; run < request.inputs.size(); ++run) {
        const double z = result.outputs[((run + 1) * recorded - 1) * outputs];
        ends.outputs.push_back(result.diverged_at[run] < 0 ? z : nan);
    }
    ends.states = std::move(result.final_states);
    return ends;
}

ConditionTrials run_conditions(const AnalysisInput& input, Backend& behaviour) {
    check(input.model.outputs > 0, "a network with an output");
    check(!input.task->error_epochs().empty(), "a task has an epoch with an error");
    ConditionTrials conditions;
    draw_conditions(input, conditions);
    choose_delay(*input.task, conditions);

    const auto units = to_size(input.model.units);
    const auto outputs = to_size(input.model.outputs);
    const int steps = input.task->shape().steps;
    const std::size_t count = conditions.conditions();
    std::vector<std::size_t> each(count);
    for (std::size_t c = 0; c < count; ++c) {
        each[c] = c;
    }
    SimulationRequest request =
        rest_of_trials(input.model, conditions.trials, each, conditions.start, 0, steps);
    request.outputs_from = 0;
    const auto samples = spread_steps(conditions.delay);
    request.states_at = {conditions.delay.begin};
    request.states_at.insert(request.states_at.end(), samples.begin(), samples.end());
    SimulationResult result = behaviour.simulate({&request, 1}).front();

    conditions.delay_samples = static_cast<int>(samples.size());
    conditions.delay_rates.resize(input.model.units,
                                  static_cast<Eigen::Index>(count * samples.size()));
    const std::size_t recorded = request.states_at.size();
    const std::size_t width = to_size(steps) * outputs;
    std::size_t diverged = 0;
    for (std::size_t c = 0; c < count; ++c) {
        const double* states = result.states.data() + c * recorded * units;
        const double* last = states + (recorded - 1) * units;
        conditions.delay_start.insert(conditions.delay_start.end(), states, states + units);
        conditions.delay_end.insert(conditions.delay_end.end(), last, last + units);
        for (std::size_t s = 0; s < samples.size(); ++s) {
            conditions.delay_rates.col(static_cast<Eigen::Index>(c * samples.size() + s)) =
                recorded_rates(input.model, states + (s + 1) * units);
        }
        if (result.diverged_at[c] >= 0) {
            ++diverged;
            continue;
        }
        const std::span<const double> z(result.outputs.data() + c * width, width);
        conditions.score += input.task->score(conditions.trials[c], z) / static_cast<double>(count);
    }
    conditions.end_outputs = run_ends(request, std::move(result)).outputs;
    if (diverged > 0) {
        add_limit(conditions.limits,
                  fmt::format("Behavioural tests: {} of {} nominal trials left the range of "
                              "numbers; they count as failed throughout.",
                              diverged, count));
    }
    return conditions;
}

}  // namespace shoal
