// SPDX-License-Identifier: MIT
#include "analysis/dynamics/sampled_runs.hpp"

#include <algorithm>
#include <cstddef>

namespace shoal {

Eigen::MatrixXd sampled_runs(const NetworkModel& model, const std::vector<double>& starts,
                             const std::vector<int>& steps, Backend& exact) {
    const Eigen::Index units = model.units;
    const Eigen::Index runs = static_cast<Eigen::Index>(starts.size()) / units;
    const auto later = static_cast<Eigen::Index>(steps.size());
    if (steps.empty()) {
        return Eigen::Map<const Eigen::MatrixXd>(starts.data(), units, runs);
    }
    SimulationRequest request;
    request.network = &model;
    request.steps = steps.back();
    request.initial_states = starts;
    request.inputs.assign(static_cast<std::size_t>(runs), nullptr);
    request.states_at = steps;
    const SimulationResult result = exact.simulate({&request, 1}).front();

    Eigen::MatrixXd states(units, runs * (later + 1));
    for (Eigen::Index run = 0; run < runs; ++run) {
        states.col(run * (later + 1)) =
            Eigen::Map<const Eigen::VectorXd>(starts.data() + run * units, units);
        states.middleCols(run * (later + 1) + 1, later) = Eigen::Map<const Eigen::MatrixXd>(
            result.states.data() + run * later * units, units, later);
    }
    return states;
}

std::vector<int> sample_steps(int begin, int end, int trial_steps) {
    const int stride = std::max(1, trial_steps / 4);
    std::vector<int> steps;
    for (int step = begin + stride; step < end; step += stride) {
        steps.push_back(step);
    }
    steps.push_back(end);
    return steps;
}

}  // namespace shoal
