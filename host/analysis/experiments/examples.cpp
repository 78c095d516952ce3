// SPDX-License-Identifier: MIT
#include "analysis/experiments/examples.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/sampled_runs.hpp"
#include "analysis/linear/principal_axes.hpp"
#include "core/error.hpp"

namespace shoal {

namespace {

constexpr int shown_lengths = 10;  // trial lengths of extended delay

// States at the start of the first error epoch: after conclusion c the network is shown what comes
// before it in a trial of type number c. Where it opens the trial there is nothing to show: the
// conclusions themselves.
std::vector<double> delay_states(const AnalysisInput& input, std::size_t runs, Backend& exact) {
    const int stimulus_steps = input.task->error_epochs().front().begin;
    if (stimulus_steps == 0) {
        return input.conclusions;
    }
    SimulationRequest request;
    request.network = &input.model;
    request.steps = stimulus_steps;
    request.initial_states = input.conclusions;
    std::vector<Trial> trials(runs);
    const auto& types = input.task->types();
    for (std::size_t run = 0; run < runs; ++run) {
        input.task->test_trial(input.key, Purpose::example_stimulus, static_cast<int>(run),
                               types[run % types.size()], trials[run]);
        request.inputs.push_back(trials[run].inputs.data());
    }
    return exact.simulate({&request, 1}).front().final_states;
}

}  // namespace

ExampleTrajectories example_trajectories(const AnalysisInput& input, Mechanism mechanism,
                                         Backend& exact) {
    const NetworkModel& model = input.model;
    const Eigen::Index units = model.units;
    const std::size_t runs = input.conclusions.size() / static_cast<std::size_t>(units);
    const int interval_steps = std::max(1, static_cast<int>(std::lround(model.tau / model.dt)));
    const int later_samples = shown_lengths * input.task->shape().steps / interval_steps;
    const int samples = later_samples + 1;

    std::vector<int> steps;
    for (int sample = 1; sample <= later_samples; ++sample) {
        steps.push_back(sample * interval_steps);
    }
    const Eigen::MatrixXd states =
        sampled_runs(model, delay_states(input, runs, exact), steps, exact);
    const Eigen::Index columns = states.cols();
    const Eigen::MatrixXd rates = rates_of(model.cell, states);
    const PrincipalAxes principal = principal_axes(rates);
    const Eigen::MatrixXd scores = principal.scores(rates);
    const Eigen::VectorXd outputs =
        rates.transpose() * Eigen::Map<const Eigen::VectorXd>(model.readout.data(), units);

    ExampleTrajectories example;
    example.uid = model.uid;
    example.mechanism = mechanism;
    example.sample_interval = interval_steps * model.dt;
    example.samples = samples;
    example.conclusions = static_cast<int>(runs);
    example.components = static_cast<int>(scores.rows());
    example.variance_explained = principal.variance_explained;
    for (Eigen::Index column = 0; column < columns; ++column) {
        example.outputs.push_back(static_cast<float>(outputs[column]));
        for (Eigen::Index k = 0; k < scores.rows(); ++k) {
            example.components_of_r.push_back(static_cast<float>(scores(k, column)));
        }
    }
    return example;
}

}  // namespace shoal
