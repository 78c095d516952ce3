// SPDX-License-Identifier: MIT
// What a network does when it is left alone or shown a trial, run on the training backend in
// training precision (Ghazizadeh & Ching 2021, the published battery).
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/attractors/rules.hpp"
#include "analysis/dynamics/sampled_runs.hpp"
#include "analysis/experiments/analysis_input.hpp"
#include "backend/backend.hpp"

namespace shoal {

/// Trial lengths of an autonomous run.
inline constexpr int delay_lengths = 50;

/// Autonomous runs (inputs 0, readout fed back) from the conclusions, over delay_lengths trial
/// lengths.
struct DelayRuns {
    RuleOutcome rule_b;
    std::vector<int> sample_steps;         ///< ascending, first 0, last the end
    std::vector<Eigen::MatrixXd> samples;  ///< [conclusion]: states, one column per sample
    /// [conclusion]: time means of r over trial lengths 20-30, 30-40 and 40-50, one column each.
    std::vector<Eigen::MatrixXd> window_means;
    std::vector<int> diverged_at;  ///< [conclusion]: step, or -1
};
DelayRuns run_delays(const AnalysisInput& input, Backend& behaviour);

/// Rule A: 20 copies of the origin and of each conclusion, N(0, 0.5^2) added to the state, drawn
/// from (key, rule_a_perturbation, copy, start, unit).
RuleOutcome run_rule_a(const AnalysisInput& input, Backend& behaviour);

/// Share of units with |time mean of r| > 0.8 in the first and last error epoch of a trial: mean
/// over one trial of every type after every conclusion, stimuli drawn from (key, example_stimulus,
/// conclusion).
struct Saturation {
    double delay = 0.0;     ///< first
    double response = 0.0;  ///< last
};
Saturation measure_saturation(const AnalysisInput& input, Backend& behaviour);

}  // namespace shoal
