// SPDX-License-Identifier: MIT
// What is kept of each network: the rows behind population.h5, analysis.h5 and population.csv.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "core/names.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

enum class Status { pending, trained, diverged };
template <>
inline constexpr auto rows_of<Status> = std::to_array<Named<Status>>(
    {{Status::pending, "pending"}, {Status::trained, "trained"}, {Status::diverged, "diverged"}});

/// Acceptance test of host/MATHEMATICS.md, A.6.
struct Acceptance {
    /// force: all runs below 0.1; bptt: mean score at the solved level
    bool accepted = false;
    /// force: at most 5 % of the runs above 0.1; bptt: fraction_failed at most 5 %
    bool accepted_lax = false;
    /// force: share of runs at or above 0.1; bptt: 1 - mean score
    double fraction_failed = 1.0;
    double median_error = 0.0;  ///< median over runs of the RMS error (force: in the response)
    /// force: the authors' statistic e = sqrt(sum of squared errors over the response steps /
    /// runs): share of runs above 0.005, 0.01, 0.05, 0.1.
    std::vector<double> authors_fractions;
};

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

enum class Mechanism { none, direct, slow_manifold, limit_cycle, torus, mixed, chaotic, far };
template <>
inline constexpr auto rows_of<Mechanism> =
    std::to_array<Named<Mechanism>>({{Mechanism::none, "none"},
                                     {Mechanism::direct, "direct"},
                                     {Mechanism::slow_manifold, "slow_manifold"},
                                     {Mechanism::limit_cycle, "limit_cycle"},
                                     {Mechanism::torus, "torus"},
                                     {Mechanism::mixed, "mixed"},
                                     {Mechanism::chaotic, "chaotic"},
                                     {Mechanism::far, "far"}});
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

/// Evidence of one conclusion's autonomous run.
struct DelayRun {
    std::vector<double> speeds;    ///< |F| after 0, 1, 5, 10, 20, 30, 40, 50 trial lengths
    double end_output = 0.0;       ///< z_o (output 0) after 50 trial lengths
    double output_variance = 0.0;  ///< of z_o over the last two trial lengths
    bool settled = false;          ///< reached a fixed point (state, not only z)
    int attractor = -1;            ///< index of the fixed point reached, or -1
    double settling_time = -1.0;   ///< time until the speed stayed below the threshold, or -1
};

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

/// An analysis that has not come to its end.
struct BegunAnalysis {
    std::string uid;
    std::string part;          ///< the last one that is finished
    NetworkAnalysis analysis;  ///< as that part left it
};

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
