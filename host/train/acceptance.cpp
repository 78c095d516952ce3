// SPDX-License-Identifier: MIT
#include "train/acceptance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

/// Inputs of the conclusion trials, one after the other, and the trial of each type to take the
/// state of.
struct ConclusionRun {
    std::vector<double> inputs;
    std::vector<int> first_trial_of_type;  ///< [type]: 0-based number of the trial
};

ConclusionRun conclusion_run(const Candidate& candidate) {
    const auto& types = candidate.task->types();
    const auto count = static_cast<std::uint32_t>(types.size()) * conclusion_trials_per_type;
    const auto order = random_permutation(candidate.key, Purpose::conclusion_order, count);
    ConclusionRun run;
    run.first_trial_of_type.assign(types.size(), -1);
    Trial trial;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t type = order[i] % types.size();
        candidate.task->test_trial(candidate.key, Purpose::conclusion_stimulus, static_cast<int>(i),
                                   types[type], trial);
        run.inputs.insert(run.inputs.end(), trial.inputs.begin(), trial.inputs.end());
        if (run.first_trial_of_type[type] < 0) {
            run.first_trial_of_type[type] = static_cast<int>(i);
        }
    }
    return run;
}

std::vector<std::vector<double>> conclusions_of(Backend& backend,
                                                std::span<const Candidate> candidates) {
    std::vector<ConclusionRun> runs(candidates.size());
    std::vector<SimulationRequest> requests(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        runs[i] = conclusion_run(candidate);
        const int steps = candidate.task->shape().steps;
        const auto trials = candidate.task->types().size() * conclusion_trials_per_type;
        SimulationRequest& request = requests[i];
        request.network = candidate.model;
        request.steps = steps * static_cast<int>(trials);
        request.initial_states = candidate.model->initial_state;
        request.inputs = {runs[i].inputs.data()};
        for (const int trial : runs[i].first_trial_of_type) {
            request.states_at.push_back((trial + 1) * steps);
        }
        std::sort(request.states_at.begin(), request.states_at.end());
    }
    const auto results = backend.simulate(requests);
    std::vector<std::vector<double>> conclusions(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const auto units = to_size(candidates[i].model->units);
        const int steps = candidates[i].task->shape().steps;
        for (const int trial : runs[i].first_trial_of_type) {
            const auto& at = requests[i].states_at;
            const auto which = static_cast<std::size_t>(
                std::find(at.begin(), at.end(), (trial + 1) * steps) - at.begin());
            const double* state = results[i].states.data() + which * units;
            conclusions[i].insert(conclusions[i].end(), state, state + units);
        }
    }
    return conclusions;
}

/// Sum of squared errors and number of terms of one run over the last error epoch.
struct RunError {
    double sum = 0.0;
    double terms = 0.0;
};

RunError run_error(const Trial& trial, const double* outputs, StepWindow epoch, std::size_t width) {
    RunError error;
    for (int t = epoch.begin; t < epoch.end; ++t) {
        for (std::size_t o = 0; o < width; ++o) {
            const std::size_t at = to_size(t) * width + o;
            if (trial.mask[at] != 0) {
                const double difference =
                    outputs[to_size(t - epoch.begin) * width + o] - trial.targets[at];
                error.sum += difference * difference;
                error.terms += 1.0;
            }
        }
    }
    return error;
}

}  // namespace

std::uint64_t test_bytes(const Task& task, int units) {
    const TaskShape shape = task.shape();
    const auto number = [](int i) { return static_cast<std::uint64_t>(i); };
    const std::uint64_t kinds = task.types().size();
    const std::uint64_t trials = kinds * acceptance_stimuli;
    const std::uint64_t runs = trials * kinds;
    const StepWindow judged = task.error_epochs().back();
    const std::uint64_t trial =
        number(shape.steps) * (8 * number(shape.inputs) + 9 * number(shape.outputs));
    const std::uint64_t recorded = 8 * number(shape.steps - judged.begin) * number(shape.outputs);
    // Per run: initial and final state in double, state, rates and recurrent input in working
    // precision.
    const std::uint64_t per_run = 2 * 8 * number(units) + 3 * 8 * number(units) + recorded;
    return trials * trial + runs * per_run;
}

Acceptance judge(const std::vector<double>& rms, const std::vector<double>& sums) {
    check(!rms.empty() && rms.size() == sums.size(), "judge: one sum per run");
    const auto runs = static_cast<double>(rms.size());
    const auto share = [&](auto&& failed, const std::vector<double>& values) {
        return static_cast<double>(std::count_if(values.begin(), values.end(), failed)) / runs;
    };
    Acceptance verdict;
    // Written with !(a < b) so that NaN fails.
    verdict.fraction_failed = share([](double e) { return !(e < acceptance_threshold); }, rms);
    verdict.accepted = verdict.fraction_failed == 0.0;
    verdict.accepted_lax =
        share([](double e) { return !(e <= acceptance_threshold); }, rms) <= lax_share;
    for (const double threshold : {0.005, 0.01, 0.05, 0.1}) {
        verdict.authors_fractions.push_back(
            share([&](double sum) { return !(std::sqrt(sum / runs) <= threshold); }, sums));
    }
    std::vector<double> sorted = rms;
    std::replace_if(
        sorted.begin(), sorted.end(), [](double e) { return std::isnan(e); },
        std::numeric_limits<double>::infinity());
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    verdict.median_error =
        sorted.size() % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
    return verdict;
}

std::vector<TestOutcome> test_networks(Backend& backend, std::span<const Candidate> candidates) {
    auto conclusions = conclusions_of(backend, candidates);

    std::vector<std::vector<Trial>> trials(
        candidates.size());  // [candidate][stimulus * types + type]
    std::vector<SimulationRequest> requests(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        const auto& types = candidate.task->types();
        const auto kinds = types.size();
        const auto units = static_cast<std::ptrdiff_t>(candidate.model->units);
        trials[i].resize(to_size(acceptance_stimuli) * kinds);
        for (std::size_t s = 0; s < trials[i].size(); ++s) {
            candidate.task->test_trial(candidate.key, Purpose::acceptance_stimulus,
                                       static_cast<int>(s), types[s % kinds], trials[i][s]);
        }
        SimulationRequest& request = requests[i];
        request.network = candidate.model;
        request.steps = candidate.task->shape().steps;
        request.outputs_from = candidate.task->error_epochs().back().begin;
        for (std::size_t c = 0; c < kinds; ++c) {
            const auto from = conclusions[i].begin() + static_cast<std::ptrdiff_t>(c) * units;
            for (const Trial& trial : trials[i]) {
                request.initial_states.insert(request.initial_states.end(), from, from + units);
                request.inputs.push_back(trial.inputs.data());
            }
        }
    }
    const auto results = backend.simulate(requests);

    std::vector<TestOutcome> outcomes(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Task& task = *candidates[i].task;
        const StepWindow epoch = task.error_epochs().back();
        const auto width = to_size(task.shape().outputs);
        const std::size_t recorded = to_size(task.shape().steps - requests[i].outputs_from) * width;
        const AcceptRule& rule = candidates[i].rule;
        ScoreSum score(rule, task.shape().outputs);
        std::vector<double> rms;
        std::vector<double> sums;
        for (std::size_t run = 0; run < requests[i].inputs.size(); ++run) {
            const Trial& trial = trials[i][run % trials[i].size()];
            const double* outputs = results[i].outputs.data() + run * recorded;
            const RunError error = run_error(trial, outputs, epoch, width);
            const bool failed = results[i].diverged_at[run] >= 0;
            const std::span judged(outputs, to_size(epoch.end - epoch.begin) * width);
            score.add(trial, epoch, failed ? std::span<const double>{} : judged);
            sums.push_back(failed ? infinity : error.sum);
            rms.push_back(failed ? infinity : std::sqrt(error.sum / error.terms));
        }
        outcomes[i].conclusions = std::move(conclusions[i]);
        outcomes[i].acceptance = judge(rms, sums);
        settle(rule, score.value(), outcomes[i].acceptance);
    }
    return outcomes;
}

}  // namespace shoal
