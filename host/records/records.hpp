// SPDX-License-Identifier: MIT
// What is kept of each network: the rows behind population.h5, analysis.h5 and population.csv.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "config/spec.hpp"
#include "core/names.hpp"
#include "model/network.hpp"
#include "records/described.hpp"
#include "task/task.hpp"

namespace shoal {

enum class Status { pending, trained, diverged };
template <>
inline constexpr auto rows_of<Status> = std::to_array<Named<Status>>(
    {{Status::pending, "pending"}, {Status::trained, "trained"}, {Status::diverged, "diverged"}});

/// Acceptance test of host/MATHEMATICS.md, A.6.
struct Acceptance {
    /// force: all runs below 0.1; bptt: mean score at the solved level; or by training.accept
    bool accepted = false;
    /// force: at most 5 % of the runs above 0.1; bptt: fraction_failed at most 5 %
    bool accepted_lax = false;
    /// force: share of runs at or above 0.1; bptt: 1 - mean score; or 1 - that of training.accept
    double fraction_failed = 1.0;
    double median_error = 0.0;  ///< median over runs of the RMS error (force: in the response)
    /// force: the authors' statistic e = sqrt(sum of squared errors over the response steps /
    /// runs): share of runs above 0.005, 0.01, 0.05, 0.1.
    std::vector<double> authors_fractions;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, Acceptance>
void describe(Record& record, Visit&& visit) {
    visit("accepted", record.accepted,
          Meaning{"force: every test run's error below 0.1; bptt: mean score at the solved level"});
    visit("accepted_lax", record.accepted_lax, Meaning{"fraction_failed at most 5 %"});
    visit("fraction_failed", record.fraction_failed,
          Meaning{"force: share of test runs with error at or above 0.1; bptt: 1 - mean score"});
    visit("median_error", record.median_error,
          Meaning{"median over test runs of the RMS error (force: in the response)"});
    visit(
        "authors_fractions", record.authors_fractions,
        Meaning{"share of test runs whose sqrt(sum of squared errors / runs) exceeds the threshold",
                {"threshold"}});
}

/// A network after training (or after it diverged).
struct TrainedNetwork {
    std::string uid;
    Status status = Status::pending;
    int trials_done = 0;              ///< force: trials; bptt: iterations
    std::int64_t diverged_step = -1;  ///< global step (bptt: iteration); -1: did not diverge
    std::vector<double> readout;      ///< [output, unit]; for diverged: last good
    std::vector<double> state;        ///< [unit], end of training; for diverged: last good
    /// bptt: all weights as WeightLayout orders them, without factors; for diverged: last good.
    std::vector<double> weights;
    std::vector<double> conclusions;  ///< [conclusion, unit]; empty if diverged
    std::vector<float> error_curve;   ///< force, [trial, output]: RMS over the masked steps
    std::vector<float> loss_curve;    ///< bptt, [iteration]: loss of the task without penalties
    Acceptance acceptance;            ///< meaningful if trained
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, TrainedNetwork>
void describe(Record& record, Visit&& visit) {
    visit("uid", record.uid, Meaning{"identity of the network"});
    visit("status", record.status, Meaning{"trained, diverged or pending"});
    visit("trials_done", record.trials_done,
          Meaning{"training trials (bptt: iterations) completed"});
    visit("diverged_step", record.diverged_step,
          Meaning{"global step (bptt: iteration) at which the network diverged, -1: it did not"});
    visit("readout", record.readout, Meaning{"trained readout", {"output", "unit"}});
    visit(
        "state", record.state,
        Meaning{"state at the end of training; bptt: the state that trials start from", {"unit"}});
    visit("conclusions", record.conclusions,
          Meaning{"first end-of-trial state of each trial type with frozen weights",
                  {"conclusion", "unit"}});
    visit("weights", record.weights, Meaning{"bptt: all weights", {"weight"}});
    visit("error_curve", record.error_curve,
          Meaning{"RMS error over the trial's steps that carry an error, before their updates",
                  {"trial", "output"}});
    visit("loss_curve", record.loss_curve,
          Meaning{"loss of the task over the iteration's batch, before its update", {"iteration"}});
    visit("acceptance", record.acceptance, Meaning{"the test, meaningful if trained"});
}

enum class Mechanism {
    none,
    direct,
    slow_manifold,
    limit_cycle,
    torus,
    mixed,
    chaotic,
    far,
    undecided  ///< moves for good; its exponents do not say whether on a torus or in chaos
};
template <>
inline constexpr auto rows_of<Mechanism> =
    std::to_array<Named<Mechanism>>({{Mechanism::none, "none"},
                                     {Mechanism::direct, "direct"},
                                     {Mechanism::slow_manifold, "slow_manifold"},
                                     {Mechanism::limit_cycle, "limit_cycle"},
                                     {Mechanism::torus, "torus"},
                                     {Mechanism::mixed, "mixed"},
                                     {Mechanism::chaotic, "chaotic"},
                                     {Mechanism::far, "far"},
                                     {Mechanism::undecided, "undecided"}});
enum class RuleLabel { not_run, direct, manifold, limit_cycle, mixed, far };
template <>
inline constexpr auto rows_of<RuleLabel> =
    std::to_array<Named<RuleLabel>>({{RuleLabel::not_run, ""},
                                     {RuleLabel::direct, "direct"},
                                     {RuleLabel::manifold, "manifold"},
                                     {RuleLabel::limit_cycle, "limit_cycle"},
                                     {RuleLabel::mixed, "mixed"},
                                     {RuleLabel::far, "far"}});
enum class PointLabel { proved, converged, slow };
template <>
inline constexpr auto rows_of<PointLabel> =
    std::to_array<Named<PointLabel>>({{PointLabel::proved, "proved"},
                                      {PointLabel::converged, "converged"},
                                      {PointLabel::slow, "slow"}});

/// A fixed or slow point found in float64.
struct FixedPoint {
    std::vector<double> state;  ///< [unit]
    double speed = 0.0;         ///< |F(x)|_2
    PointLabel label = PointLabel::converged;
    /// Eigenvalues of the flow's Jacobian dF/dx (of a map its own), [unit, 2]: re, im,
    /// ordered by falling real part (map: falling modulus), conjugate pairs with im > 0 first.
    std::vector<double> eigenvalues;
    int unstable = 0;               ///< eigenvalues with re > 0 (map: modulus > 1)
    std::vector<int> reached_from;  ///< conclusions whose delay run ends here
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, FixedPoint>
void describe(Record& record, Visit&& visit) {
    visit("state", record.state, Meaning{"", {"unit"}});
    visit("speed", record.speed, Meaning{"|F| at the point"});
    visit("label", record.label, Meaning{"proved, converged or slow"});
    visit("eigenvalues", record.eigenvalues, Meaning{"of the Jacobian", {"unit", "part"}});
    visit("unstable", record.unstable,
          Meaning{"eigenvalues with positive real part (map: modulus above 1)"});
    visit("reached_from", record.reached_from,
          Meaning{
              "1: the delay run from this conclusion ends here", {"conclusion"}, Kept::as_truths});
}

/// Evidence of one conclusion's autonomous run.
struct DelayRun {
    std::vector<double> speeds;    ///< |F| after 0, 1, 5, 10, 20, 30, 40, 50 trial lengths
    double end_output = 0.0;       ///< z_o (output 0) after 50 trial lengths
    double output_variance = 0.0;  ///< of z_o over the last two trial lengths
    bool settled = false;          ///< reached a fixed point (state, not only z)
    int attractor = -1;            ///< index of the fixed point reached, or -1
    double settling_time = -1.0;   ///< time until the speed stayed below the threshold, or -1
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, DelayRun>
void describe(Record& record, Visit&& visit) {
    visit("speeds", record.speeds, Meaning{"|F| along the delay run", {"time"}});
    visit("end_output", record.end_output, Meaning{"first output at the end of the delay run"});
    visit("output_variance", record.output_variance,
          Meaning{"variance of the first output over the last two trial lengths"});
    visit("settled", record.settled,
          Meaning{"1: the state reached a fixed point", {}, Kept::in_a_byte});
    visit("attractor", record.attractor,
          Meaning{"the fixed point reached, by its position among the network's points, -1: none"});
    visit("settling_time", record.settling_time,
          Meaning{"time after which the speed stayed below the threshold, -1: none"});
}

struct FullAnalysis;

/// Analysis of one accepted network.
struct NetworkAnalysis {
    std::string uid;
    Mechanism mechanism = Mechanism::none;
    RuleLabel rule_a = RuleLabel::not_run;
    RuleLabel rule_b = RuleLabel::not_run;
    int distinct_outputs_a = -1;      ///< n of rule A, -1: not run
    int distinct_outputs_b = -1;      ///< n of rule B
    int attractors = -1;              ///< distinct attractors reached by the conclusions
    double saturated_delay = 0.0;     ///< share of units with |mean r| > 0.8 in delay 1
    double saturated_response = 0.0;  ///< the same in the response
    std::vector<double>
        exponents;  ///< leading Lyapunov exponents (per time), if a run did not settle
    std::vector<double> exponent_errors;  ///< their standard errors
    double period = -1.0;                 ///< of a limit cycle, -1: none
    /// Learning signal (host/MATHEMATICS.md, B.1) at lags logarithmic_lags(adjoint_lengths trial
    /// lengths): norm of the adjoint of an output's gradient, of length 1 at lag 0, along the first
    /// conclusion's autonomous run; mean over outputs that are read out. Empty: that run diverged,
    /// or none is.
    std::vector<double> adjoint_norms;
    std::vector<DelayRun> runs;  ///< [conclusion]
    std::vector<FixedPoint> points;
    std::string evidence;  ///< why this verdict
    std::string limits;    ///< limits that cut work, empty if none did
    /// Level full only (full_records.hpp); never changed once it is here.
    std::shared_ptr<const FullAnalysis> full;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, NetworkAnalysis>
void describe(Record& record, Visit&& visit) {
    visit("uid", record.uid, Meaning{"identity of the network"});
    visit("mechanism", record.mechanism, Meaning{"how the network remembers"});
    visit("rule_a", record.rule_a, Meaning{"label of the perturbed runs, empty: not run"});
    visit("rule_b", record.rule_b, Meaning{"label of the unperturbed runs"});
    visit("distinct_outputs_a", record.distinct_outputs_a,
          Meaning{"distinct end outputs by rule A, -1: not run"});
    visit("distinct_outputs_b", record.distinct_outputs_b,
          Meaning{"distinct end outputs by rule B"});
    visit("attractors", record.attractors,
          Meaning{"distinct attractors reached by the conclusions"});
    visit("saturated_delay", record.saturated_delay,
          Meaning{"share of units with |mean r| > 0.8 in delay 1"});
    visit("saturated_response", record.saturated_response,
          Meaning{"share of units with |mean r| > 0.8 in the response"});
    visit("exponents", record.exponents,
          Meaning{"leading Lyapunov exponents, per time", {"exponent"}});
    visit("exponent_errors", record.exponent_errors,
          Meaning{"standard errors of the exponents", {"exponent"}});
    visit("period", record.period,
          Meaning{"period of a limit cycle as the network runs, in its steps, -1: none"});
    visit("adjoint_norm", record.adjoint_norms,
          Meaning{"norm of the gradient of an output, lag before it, along the first delay run; 1 "
                  "at lag 0, mean over outputs",
                  {"lag"}});
    visit("runs", record.runs,
          Meaning{"delay runs made, one a conclusion", {"conclusion"}, Kept::beside});
    visit("fixed_points", record.points, Meaning{"fixed and slow points", {"point"}, Kept::apart});
    visit("evidence", record.evidence, Meaning{"why this verdict"});
    visit("limits", record.limits, Meaning{"limits that cut work, empty: none"});
    visit("full", record.full, Meaning{"what level full adds"});
}

/// An analysis that has not come to its end.
struct BegunAnalysis {
    std::string uid;
    std::string part;          ///< the last one that is finished
    NetworkAnalysis analysis;  ///< as that part left it
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, BegunAnalysis>
void describe(Record& record, Visit&& visit) {
    visit("uid", record.uid, Meaning{"identity of the network"});
    visit("part", record.part, Meaning{"the last one that is finished"});
    visit("analysis", record.analysis, Meaning{"as that part left it"});
}

/// Delays drawn in the report: one network's autonomous runs from its conclusions.
struct ExampleTrajectories {
    std::string uid;
    Mechanism mechanism = Mechanism::none;
    double sample_interval = 0.0;  ///< time between samples
    int samples = 0;
    int conclusions = 0;
    int components = 0;                      ///< leading principal components kept
    std::vector<float> outputs;              ///< [conclusion, sample]: z_o
    std::vector<float> components_of_r;      ///< [conclusion, sample, component]
    std::vector<double> variance_explained;  ///< [component]
};

}  // namespace shoal
