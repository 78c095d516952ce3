// SPDX-License-Identifier: MIT
#include "analysis/experiments/forgetting.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr double extension_stride = 0.5;     // tau
constexpr double longest_extension = 199.5;  // tau

enum class Failure { none, fixed_time, asymptotic };

// z_o at the end of every trial with an extension, [condition, extension], and the states there.
RunEnds extended_trials(const AnalysisInput& input, const ConditionTrials& conditions,
                        const std::vector<int>& steps, Backend& behaviour) {
    SimulationRequest wait = without_input(input.model, conditions.delay_end, steps.back());
    wait.states_at = steps;
    SimulationResult waited = behaviour.simulate({&wait, 1}).front();

    std::vector<std::size_t> condition_of;
    for (std::size_t c = 0; c < conditions.conditions(); ++c) {
        condition_of.insert(condition_of.end(), steps.size(), c);
    }
    const SimulationRequest rest =
        rest_of_trials(input.model, conditions.trials, condition_of, std::move(waited.states),
                       conditions.delay.end, input.task->shape().steps);
    RunEnds ends = run_ends(rest, std::move(behaviour.simulate({&rest, 1}).front()));
    for (std::size_t run = 0; run < ends.outputs.size(); ++run) {
        const int diverged = waited.diverged_at[condition_of[run]];
        if (diverged >= 0 && diverged < steps[run % steps.size()]) {
            ends.outputs[run] = std::numeric_limits<double>::quiet_NaN();
        }
    }
    return ends;
}

// [condition, extension]
std::vector<Failure> failures(const AnalysisInput& input, const ConditionTrials& conditions,
                              const std::vector<int>& steps, Backend& behaviour) {
    const RunEnds ends = extended_trials(input, conditions, steps, behaviour);
    const auto units = static_cast<std::size_t>(input.model.units);
    const auto nominal = [&](std::size_t run) {
        return conditions.end_outputs[run / steps.size()];
    };
    std::vector<std::size_t> failed;
    std::vector<double> states;
    for (std::size_t run = 0; run < ends.outputs.size(); ++run) {
        if (has_failed(ends.outputs[run], nominal(run))) {
            failed.push_back(run);
            const double* state = ends.states.data() + run * units;
            states.insert(states.end(), state, state + units);
        }
    }
    std::vector<Failure> kinds(ends.outputs.size(), Failure::none);
    if (failed.empty()) {
        return kinds;
    }
    const SimulationRequest later =
        without_input(input.model, std::move(states), input.task->shape().steps);
    const RunEnds later_ends = run_ends(later, std::move(behaviour.simulate({&later, 1}).front()));
    for (std::size_t i = 0; i < failed.size(); ++i) {
        const double distance = std::abs(later_ends.outputs[i] - nominal(failed[i]));
        // A run that was out of range once stays failed for good; NaN is asymptotic, too.
        const bool returns =
            distance <= asymptotic_distance && !std::isnan(ends.outputs[failed[i]]);
        kinds[failed[i]] = returns ? Failure::fixed_time : Failure::asymptotic;
    }
    return kinds;
}

// The extension by which half of the conditions have failed.
void set_median(ForgettingRecord& record) {
    std::vector<std::pair<double, int>> sorted;
    for (std::size_t c = 0; c < record.survival.size(); ++c) {
        sorted.emplace_back(record.survival[c], record.censored[c]);
    }
    std::sort(sorted.begin(), sorted.end());
    const auto& median = sorted[(sorted.size() - 1) / 2];
    record.median_survival = median.first;
    record.median_censored = median.second != 0;
}

}  // namespace

std::vector<int> extension_steps(const NetworkModel& model) {
    const double steps_per_tau = model.tau / model.dt;
    const int stride = std::max(1, static_cast<int>(std::lround(extension_stride * steps_per_tau)));
    constexpr double rounding = 1e-9;  // 199.5 tau may come out just below a whole number of steps
    const int longest = static_cast<int>(longest_extension * steps_per_tau + rounding);
    std::vector<int> steps;
    for (int step = stride; step <= longest; step += stride) {
        steps.push_back(step);
    }
    return steps;
}

ForgettingRecord measure_forgetting(const AnalysisInput& input, const ConditionTrials& conditions,
                                    Backend& behaviour) {
    ForgettingRecord record;
    record.limits = conditions.limits;
    record.nominal_score = conditions.score;
    if (!conditions.parts) {
        add_limit(record.limits, "Forgetting: " + conditions.not_applicable);
        return record;
    }
    record.applicable = true;
    const std::vector<int> steps = extension_steps(input.model);
    const std::vector<Failure> kinds = failures(input, conditions, steps, behaviour);
    const std::size_t count = conditions.conditions();
    for (std::size_t e = 0; e < steps.size(); ++e) {
        record.extensions.push_back(steps[e] * input.model.dt);
        int failed = 0;
        int asymptotic = 0;
        for (std::size_t c = 0; c < count; ++c) {
            failed += kinds[c * steps.size() + e] != Failure::none ? 1 : 0;
            asymptotic += kinds[c * steps.size() + e] == Failure::asymptotic ? 1 : 0;
        }
        record.failed_share.push_back(failed / static_cast<double>(count));
        record.asymptotic_share.push_back(asymptotic / static_cast<double>(count));
    }
    for (std::size_t c = 0; c < count; ++c) {
        const auto begin = kinds.begin() + static_cast<std::ptrdiff_t>(c * steps.size());
        const auto end = begin + static_cast<std::ptrdiff_t>(steps.size());
        const auto first = std::find_if(begin, end, [](Failure f) { return f != Failure::none; });
        const bool survived = first == end;
        record.survival.push_back(survived
                                      ? record.extensions.back()
                                      : record.extensions[static_cast<std::size_t>(first - begin)]);
        record.censored.push_back(survived ? 1 : 0);
        record.asymptotic.push_back(survived ? -1 : *first == Failure::asymptotic ? 1 : 0);
    }
    set_median(record);
    return record;
}

}  // namespace shoal
