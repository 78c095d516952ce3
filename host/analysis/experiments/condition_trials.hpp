// SPDX-License-Identifier: MIT
// The trials that all behavioural tests start from: every trial type after every conclusion, run
// once as they are (the "nominal" trials).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/experiments/analysis_input.hpp"
#include "backend/backend.hpp"

namespace shoal {

/// Nominal trials. Runs start from a conclusion's state; stimuli are drawn from (key,
/// condition_stimulus, conclusion).
struct ConditionTrials {
    std::vector<Trial> trials;        ///< [condition]: conclusion outermost, then type
    std::optional<TrialParts> parts;  ///< nothing: what the tests change is not there
    std::string not_applicable;       ///< why not, in words
    StepWindow delay;                 ///< parts' delay, else the first error epoch
    std::vector<double> start;        ///< [condition, unit]: states before the first step
    std::vector<double> delay_start;  ///< [condition, unit]
    std::vector<double> delay_end;    ///< [condition, unit]
    std::vector<double> end_outputs;  ///< [condition]: z_o at the last step; NaN: left the range
    double score = 0.0;               ///< mean of the task's scores
    int delay_samples = 0;            ///< steps of the delay that were recorded, evenly spread
    Eigen::MatrixXd delay_rates;      ///< r, [unit, condition delay_samples + sample]
    std::string limits;

    std::size_t conditions() const { return trials.size(); }
};
ConditionTrials run_conditions(const AnalysisInput& input, Backend& behaviour);

/// Most conditions of a network; of tasks with more an even selection is taken.
inline constexpr std::size_t most_conditions = 64;

/// How far z_o at the end may be from the nominal one. A run out of range is NaN and has failed.
inline constexpr double failure_distance = 0.1;
bool has_failed(double end_output, double nominal);

/// What runs end as.
struct RunEnds {
    std::vector<double> outputs;  ///< [run]: z_o at the last step; NaN: left the range
    std::vector<double> states;   ///< [run, unit]
};
/// A request for trials from step `from` on: run i is at `states` ([run, unit]) and sees the
/// inputs of trial condition_of[i]. z_o is recorded at the last step. `model` and `trials` must
/// outlive it.
SimulationRequest rest_of_trials(const NetworkModel& model, std::span<const Trial> trials,
                                 std::span<const std::size_t> condition_of,
                                 std::vector<double> states, int from, int trial_steps);
/// A request for `steps` steps without input, z_o recorded at the last one.
SimulationRequest without_input(const NetworkModel& model, std::vector<double> states, int steps);
/// From the result of either.
RunEnds run_ends(const SimulationRequest& request, SimulationResult result);

}  // namespace shoal
