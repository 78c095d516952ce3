// SPDX-License-Identifier: MIT
#include "analysis/census_starts.hpp"

#include <cmath>
#include <cstddef>

#include "core/error.hpp"

namespace shoal {

namespace {

Eigen::Map<const Eigen::MatrixXd> conclusions_of(const AnalysisInput& input) {
    const auto units = static_cast<Eigen::Index>(input.model.units);
    const auto count = static_cast<Eigen::Index>(input.conclusions.size()) / units;
    return {input.conclusions.data(), units, count};
}

}  // namespace

std::vector<CensusStart> memory_starts(const AnalysisInput& input, Backend& exact) {
    const auto conclusions = conclusions_of(input);
    const auto& types = input.task->types();
    const std::vector<StepWindow> epochs = input.task->error_epochs();
    check(!epochs.empty(), "a task has an epoch with an error");

    SimulationRequest request;
    request.network = &input.model;
    request.steps = epochs.front().begin;
    std::vector<Trial> trials(static_cast<std::size_t>(conclusions.cols()) * types.size());
    for (std::size_t run = 0; run < trials.size(); ++run) {
        const auto conclusion = static_cast<Eigen::Index>(run / types.size());
        input.task->test_trial(input.key, Purpose::example_stimulus, static_cast<int>(conclusion),
                               types[run % types.size()], trials[run]);
        request.inputs.push_back(trials[run].inputs.data());
        const Eigen::VectorXd from = conclusions.col(conclusion);
        request.initial_states.insert(request.initial_states.end(), from.begin(), from.end());
    }
    std::vector<double> ends = request.initial_states;
    std::vector<int> diverged_at(trials.size(), -1);
    if (request.steps > 0 && !trials.empty()) {
        SimulationResult result = exact.simulate({&request, 1}).front();
        ends = std::move(result.final_states);
        diverged_at = std::move(result.diverged_at);
    }
    std::vector<CensusStart> starts;
    for (std::size_t run = 0; run < trials.size(); ++run) {
        if (diverged_at[run] < 0) {
            const double* state = ends.data() + run * static_cast<std::size_t>(input.model.units);
            starts.push_back(
                {StartKind::memory, Eigen::Map<const Eigen::VectorXd>(state, input.model.units)});
        }
    }
    return starts;
}

std::vector<CensusStart> conclusion_starts(const AnalysisInput& input) {
    std::vector<CensusStart> starts;
    const auto conclusions = conclusions_of(input);
    for (Eigen::Index i = 0; i < conclusions.cols(); ++i) {
        starts.push_back({StartKind::conclusion, conclusions.col(i)});
    }
    return starts;
}

std::vector<CensusStart> random_starts(Eigen::Index units, int count, double scale, RandomKey key) {
    std::vector<CensusStart> starts;
    for (int number = 0; number < count; ++number) {
        Eigen::VectorXd state(units);
        for (Eigen::Index unit = 0; unit < units; ++unit) {
            state[unit] = scale * standard_normal(random_bits(key, Purpose::census_start, 0,
                                                              static_cast<std::uint32_t>(number),
                                                              static_cast<std::uint32_t>(unit)));
        }
        starts.push_back({StartKind::random, std::move(state)});
    }
    return starts;
}

double conclusion_scale(const AnalysisInput& input) {
    const auto conclusions = conclusions_of(input);
    if (conclusions.size() == 0 || !conclusions.allFinite()) {
        return 1.0;
    }
    return conclusions.norm() / std::sqrt(static_cast<double>(conclusions.size()));
}

}  // namespace shoal
