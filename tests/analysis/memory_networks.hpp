// SPDX-License-Identifier: MIT
// Small networks that do sequential-sum's trials and remember in a way known in closed form.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/experiments/condition_trials.hpp"
#include "small_networks.hpp"

namespace shoal::test {

/// What runs behavioural tests here: the reference, as trained.
inline std::unique_ptr<Backend> single_precision() {
    return make_backend("reference", {Precision::fp32, 1, 0});
}

/// Trials of 7 tau: stimuli of 2, delays and response of 1; a digit is shown as (1, 0) or
/// (-0.9, 0), without scatter.
inline std::shared_ptr<const Task> short_sums(double dt = 0.1) {
    TaskConfig task;
    NetworkConfig network;
    network.dt = dt;
    task.source = StimulusSource::gaussians;
    task.gaussians.means = {{1.0, 0.0}, {-0.9, 0.0}};
    task.gaussians.std = 0.0;
    task.durations = {2.0, 1.0, 2.0, 1.0, 1.0};
    return make_task(task, network, ErrorSchedule::epochs);
}
inline constexpr int short_trial = 70;
inline constexpr int short_stimulus = 20;
inline constexpr int short_delay = 10;

/// z_o = `readout` times the rate of unit 0, which alone sees the first input, times `input`. The
/// conclusions are 0.
inline AnalysisInput sums_input(int units, std::vector<double> weights, double input,
                                double readout) {
    AnalysisInput result;
    result.model = network_of(units, std::move(weights), Cell::current);
    result.model.inputs = 2;
    result.model.outputs = 3;
    result.model.input.assign(static_cast<std::size_t>(2 * units), 0.0);
    result.model.input[0] = input;
    result.model.readout.assign(static_cast<std::size_t>(3 * units), 0.0);
    result.model.readout[0] = readout;
    result.conclusions.assign(static_cast<std::size_t>(4 * units), 0.0);
    result.task = short_sums();
    result.key = {7, 1};
    return result;
}

/// Unit 0 is latched by the first stimulus: tau dx/dt = -x + 2 tanh x + u. Inputs below the fold at
/// |u| = 0.5328 (where 2 (1 - tanh^2 x) = 1) do not unlatch it. Unit 1 is seen by nobody.
inline AnalysisInput latch() {
    return sums_input(2, diagonal({2.0, 0.5}), 0.3, 1.0);
}

/// Unit 0 forgets at rate 1 - w per tau: x(t + 1) = leak x(t) + 0.1 u(t) for |x| << 1. In units of
/// 1e-3, so that tanh x = x to 1e-6 of it.
inline constexpr double leak = 0.998;
inline AnalysisInput leaky() {
    return sums_input(1, diagonal({0.98}), 0.3e-3, 1e3);
}

/// A random network of the published kind; its trials differ by type and conclusion.
inline AnalysisInput random_sums(int units, double gain) {
    const auto n = static_cast<std::size_t>(units);
    AnalysisInput result = sums_input(units, normals(n * n, gain / std::sqrt(units), 1), 0.0, 0.0);
    result.model.input = normals(2 * n, 1.0, 2);
    result.model.readout = normals(3 * n, 1.0 / std::sqrt(units), 3);
    result.model.feedback = normals(3 * n, 0.1, 4);
    result.conclusions = normals(4 * n, 0.5, 5);
    return result;
}

}  // namespace shoal::test
