// SPDX-License-Identifier: MIT
#include "analysis/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "analysis/attractors/attractors.hpp"
#include "analysis/attractors/mechanism.hpp"
#include "analysis/attractors/point_records.hpp"
#include "analysis/attractors/rules.hpp"
#include "analysis/attractors/sensitivity.hpp"
#include "analysis/attractors/settling.hpp"
#include "analysis/dynamics/adjoint.hpp"
#include "analysis/dynamics/lyapunov.hpp"
#include "analysis/dynamics/recurrence.hpp"
#include "analysis/experiments/behaviour.hpp"
#include "core/error.hpp"
#include "records/limits.hpp"
#include "records/time_axes.hpp"

namespace shoal {

namespace {

constexpr int speed_lengths[] = {0, 1, 5, 10, 20, 30, 40, 50};

// RMS speed of every sample of a run.
std::vector<double> sample_speeds(const Dynamics& dynamics, const Eigen::MatrixXd& samples) {
    std::vector<double> speeds;
    for (Eigen::Index i = 0; i < samples.cols(); ++i) {
        speeds.push_back(rms(dynamics.velocity(samples.col(i))));
    }
    return speeds;
}

// Time from which on the speed stays below the threshold, interpolated on a logarithmic scale
// between two samples; -1 if it does not.
double settling_time(const std::vector<double>& speeds, const std::vector<int>& steps, double dt,
                     double threshold) {
    std::size_t first = speeds.size();
    while (first > 0 && speeds[first - 1] < threshold) {
        --first;
    }
    if (first == speeds.size()) {
        return -1.0;
    }
    if (first == 0) {
        return 0.0;
    }
    const double before = std::log(speeds[first - 1] / threshold);
    const double after = std::log(threshold / std::max(speeds[first], 1e-300));
    const double part = before / (before + after);
    return dt * (steps[first - 1] + part * (steps[first] - steps[first - 1]));
}

// Speeds, end and settling of every conclusion's run, before it is known where the run ends.
std::vector<DelayRun> delay_evidence(const Dynamics& dynamics, const DelayRuns& delays,
                                     int trial_steps) {
    // |F|_2 from the RMS over units of dx/dt; for a map F is the displacement of one step.
    const double scale = std::sqrt(static_cast<double>(dynamics.units())) *
                         (dynamics.is_map() ? dynamics.dt() : 1.0);
    const double threshold = distinct_distance / (trial_steps * dynamics.dt());
    std::vector<DelayRun> runs;
    for (std::size_t i = 0; i < delays.samples.size(); ++i) {
        DelayRun run;
        const std::vector<double> speeds = sample_speeds(dynamics, delays.samples[i]);
        for (const int length : speed_lengths) {
            const auto at = std::lower_bound(delays.sample_steps.begin(), delays.sample_steps.end(),
                                             length * trial_steps);
            run.speeds.push_back(
                scale * speeds[static_cast<std::size_t>(at - delays.sample_steps.begin())]);
        }
        run.end_output = delays.rule_b.end_outputs[i];
        run.output_variance = delays.rule_b.variances[i];
        run.settling_time = settling_time(speeds, delays.sample_steps, dynamics.dt(), threshold);
        runs.push_back(std::move(run));
    }
    return runs;
}

Settling begin_settling(const AnalysisInput& input, const Dynamics& dynamics,
                        const DelayRuns& delays) {
    const int trial_steps = input.task->shape().steps;
    const auto stretch = static_cast<Eigen::Index>(
        sample_steps(40 * trial_steps, 50 * trial_steps, trial_steps).size());
    std::vector<Eigen::VectorXd> starts;
    std::vector<double> speeds;
    for (const Eigen::MatrixXd& samples : delays.samples) {
        starts.push_back(samples.col(samples.cols() - 1));
        speeds.push_back(rms_speed(dynamics, samples.rightCols(stretch)));
    }
    return {input.model, dynamics, trial_steps, delay_lengths, starts, speeds};
}

std::vector<MovingRun> moving_runs(const DelayRuns& delays, const std::vector<FollowedRun>& runs) {
    std::vector<MovingRun> moving;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (runs[i].fate == RunFate::moving) {
            moving.push_back({runs[i].state, delays.window_means[i]});
        }
    }
    return moving;
}

// Exponents and period of the first run that keeps moving, if there is one.
void measure_motion(const AnalysisInput& input, const Dynamics& dynamics, const Settling& settling,
                    Evidence& evidence, NetworkAnalysis& analysis) {
    const auto run =
        std::find_if(settling.runs().begin(), settling.runs().end(),
                     [](const FollowedRun& each) { return each.fate == RunFate::moving; });
    if (run == settling.runs().end()) {
        return;
    }
    const LyapunovResult lyapunov = lyapunov_exponents(dynamics, run->state, input.key);
    evidence.exponents = lyapunov.exponents;
    evidence.exponent_errors = lyapunov.errors;
    const auto index = std::distance(settling.runs().begin(), run);
    if (lyapunov.exponents.empty()) {
        add_limit(analysis.limits, "The exponents are not finite.");
        return;
    }
    if (!lyapunov.resolved) {
        add_limit(
            analysis.limits,
            fmt::format("The exponents of the run from conclusion {} are not resolved to 0.001 "
                        "per tau after {:.0f}.",
                        index, lyapunov.duration));
    }
    // A positive exponent leaves no period to look for.
    if (lyapunov.exponents.front() <=
        exponent_resolution(lyapunov.errors.front(), dynamics.tau())) {
        const auto orbit = trace_orbit(dynamics, lyapunov.end_state,
                                       recurrence_lengths * input.task->shape().steps);
        evidence.period = orbit ? orbit->period : -1.0;
    }
}

std::vector<RunFate> fates_of(const Settling& settling) {
    std::vector<RunFate> fates;
    for (const FollowedRun& run : settling.runs()) {
        fates.push_back(run.fate);
    }
    return fates;
}

// Mean over outputs of the adjoint's norm against lag, along the first conclusion's run.
std::vector<double> learning_signal(const AnalysisInput& input, const Dynamics& dynamics) {
    const int steps = adjoint_lengths * input.task->shape().steps;
    const Eigen::Map<const Eigen::VectorXd> start(input.conclusions.data(), dynamics.units());
    const LinearizedRun run(dynamics, start, steps);
    const Eigen::MatrixXd directions = readout_directions(input.model, run.end_state());
    const auto lags = logarithmic_lags(steps);
    const Eigen::MatrixXd norms = adjoint_norms(run, directions, lags);
    const double read_out = norms.row(0).sum();  // each counts 1 there, or 0
    std::vector<double> means;
    for (Eigen::Index i = 0; i < norms.rows() && read_out > 0.0; ++i) {
        means.push_back(norms.row(i).sum() / read_out);
    }
    return means;
}

bool converges_after_all(const Evidence& evidence) {
    return !evidence.exponents.empty() && evidence.period < 0.0 &&
           evidence.exponents.front() <
               -exponent_resolution(evidence.exponent_errors.front(), evidence.tau);
}

}  // namespace

NetworkAnalysis analyze_network(const AnalysisInput& input, const AnalysisConfig& config,
                                Backend& behaviour, Backend& exact) {
    return judge_network(input, config, behaviour, exact).analysis;
}

JudgedNetwork judge_network(const AnalysisInput& input, const AnalysisConfig& config,
                            Backend& behaviour, Backend& exact) {
    check(input.model.outputs > 0, "a network with an output");
    check(exact.precision() == Precision::fp64, "an exact backend in float64");
    const int trial_steps = input.task->shape().steps;

    NetworkAnalysis analysis;
    analysis.uid = input.model.uid;
    const DelayRuns delays = run_delays(input, behaviour);
    analysis.rule_b = delays.rule_b.label;
    analysis.distinct_outputs_b = delays.rule_b.distinct;
    if (config.rule_a || config.level == AnalysisLevel::full) {
        const RuleOutcome outcome = run_rule_a(input, behaviour);
        analysis.rule_a = outcome.label;
        analysis.distinct_outputs_a = outcome.distinct;
    }
    const Saturation saturation = measure_saturation(input, behaviour);
    analysis.saturated_delay = saturation.delay;
    analysis.saturated_response = saturation.response;

    const Dynamics dynamics(input.model);
    analysis.runs = delay_evidence(dynamics, delays, trial_steps);
    if (delays.diverged_at.front() < 0) {
        analysis.adjoint_norms = learning_signal(input, dynamics);
    }
    Evidence evidence;
    evidence.tau = dynamics.tau();
    // Outputs of tasks with classes may be logits, for which no finite size is far.
    const bool logits = input.task->targets_are_classes();
    evidence.largest_output =
        logits && std::isfinite(delays.rule_b.largest_output) ? 0.0 : delays.rule_b.largest_output;
    Settling settling = begin_settling(input, dynamics, delays);
    const bool followed_on = evidence.largest_output <= far_output;
    if (followed_on) {
        settling.follow(exact, Settling::Until::moving_is_clear);
        measure_motion(input, dynamics, settling, evidence, analysis);
        if (converges_after_all(evidence)) {
            settling.follow(exact, Settling::Until::cap);
        }
    }
    add_limit(analysis.limits, settling.limits());

    evidence.fates = fates_of(settling);
    for (std::size_t i = 0; i < delays.diverged_at.size(); ++i) {
        if (delays.diverged_at[i] >= 0) {
            evidence.fates[i] = RunFate::diverged;
        }
    }
    for (std::size_t i = 0; i < analysis.runs.size(); ++i) {
        const FollowedRun& followed = settling.runs()[i];
        DelayRun& run = analysis.runs[i];
        run.settled = followed.fate == RunFate::settled;
        run.attractor = followed.point;
        if (!run.settled) {
            run.settling_time = -1.0;
        } else if (run.settling_time < 0.0) {
            run.settling_time = followed.lengths * trial_steps * dynamics.dt();
        }
    }
    for (const ReachedPoint& point : settling.points()) {
        evidence.fixed_points += point.reached_from.empty() ? 0 : 1;
        analysis.points.push_back(fixed_point_of(point, dynamics));
    }
    const MechanismVerdict verdict = decide_mechanism(evidence);
    analysis.mechanism = verdict.mechanism;
    analysis.evidence = verdict.evidence;
    const int moving_attractors = count_moving_attractors(
        dynamics, moving_runs(delays, settling.runs()), recurrence_lengths * trial_steps);
    analysis.attractors = evidence.fixed_points + moving_attractors;
    if (moving_attractors > 1 && !evidence.exponents.empty()) {
        add_limit(
            analysis.limits,
            fmt::format("The runs that keep moving are on {} attractors; exponents and period "
                        "are those of the first run's alone.",
                        moving_attractors));
    }
    analysis.exponents = evidence.exponents;
    analysis.exponent_errors = evidence.exponent_errors;
    if (analysis.mechanism == Mechanism::limit_cycle) {
        analysis.period = evidence.period;
        if (analysis.period < 0.0) {
            add_limit(analysis.limits, fmt::format("No period up to {} trial lengths was found.",
                                                   recurrence_lengths));
        }
    }
    return {std::move(analysis),
            collect_evidence(dynamics, settling, evidence, delays.rule_b, followed_on)};
}

}  // namespace shoal
