// SPDX-License-Identifier: MIT
// What is kept of a network's attractors: one record each, and how its runs were shared out.
#pragma once

#include <array>
#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/names.hpp"
#include "records/described.hpp"

namespace shoal {

/// Where a run ends. A slow transient still drifts when its time is up, a far run left the range of
/// numbers: neither is an attractor, and no AttractorRecord is of these kinds.
enum class AttractorKind {
    fixed_point,
    limit_cycle,
    torus,
    chaotic,
    slow_transient,
    far,
    undecided  ///< moves for good; its exponents are not known well enough to say what it is
};
template <>
inline constexpr auto rows_of<AttractorKind> =
    std::to_array<Named<AttractorKind>>({{AttractorKind::fixed_point, "fixed_point"},
                                         {AttractorKind::limit_cycle, "limit_cycle"},
                                         {AttractorKind::torus, "torus"},
                                         {AttractorKind::chaotic, "chaotic"},
                                         {AttractorKind::slow_transient, "slow_transient"},
                                         {AttractorKind::far, "far"},
                                         {AttractorKind::undecided, "undecided"}});

/// What a run starts from.
enum class StartKind { memory, conclusion, random };
template <>
inline constexpr auto rows_of<StartKind> =
    std::to_array<Named<StartKind>>({{StartKind::memory, "memory"},
                                     {StartKind::conclusion, "conclusion"},
                                     {StartKind::random, "random"}});

/// One attractor of the autonomous network. Empty vectors: not measured.
struct AttractorRecord {
    AttractorKind kind = AttractorKind::fixed_point;
    int point = -1;             ///< fixed points: index among the network's points
    std::vector<double> state;  ///< [unit]
    double period = -1.0;
    double period_error = -1.0;
    double flow_period = -1.0;
    double flow_period_error = -1.0;
    double residual = -1.0;
    std::vector<double> multipliers;      ///< [multiplier, part]
    std::vector<double> multiplier_logs;  ///< [multiplier]
    double trivial_multiplier_error = -1.0;
    std::vector<double> frequencies;
    std::vector<double> rotation_numbers;
    std::vector<double> rotation_errors;
    std::vector<double> exponents;
    std::vector<double> exponent_errors;
    std::vector<double> adjoint_exponents;
    double mean_trace = 0.0;
    double kaplan_yorke = -1.0;
    double neutral_exponent = 0.0;
    bool neutral_is_zero = false;
    int memory_starts = 0;
    int conclusion_starts = 0;
    int random_starts = 0;
    std::string limits;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, AttractorRecord>
void describe(Record& record, Visit&& visit) {
    visit("kind", record.kind, Meaning{"what it is"});
    visit("point", record.point,
          Meaning{"index of the fixed point among the network's points, -1: not a fixed point"});
    visit("state", record.state, Meaning{"a state on it", {"unit"}});
    visit("period", record.period,
          Meaning{"period of the cycle as the network runs, in its Euler steps: the mean around a "
                  "closed curve, or a whole number of steps, time; -1: none"});
    visit("period_error", record.period_error, Meaning{"its error, time; -1: not known"});
    visit("flow_period", record.flow_period,
          Meaning{"period of the cycle of the continuous flow that the steps approximate, time; "
                  "-1: analysed as a map, or not refined"});
    visit("flow_period_error", record.flow_period_error,
          Meaning{"change of flow_period with integration steps half as long, time; -1: none"});
    visit(
        "residual", record.residual,
        Meaning{"RMS over units of what is missing after one period (of the flow's, flow_period); "
                "-1: not refined"});
    visit("multipliers", record.multipliers,
          Meaning{"Floquet multipliers of the cycle, leading ones by falling modulus",
                  {"multiplier", "part"}});
    visit(
        "multiplier_logs", record.multiplier_logs,
        Meaning{"natural logarithms of their moduli, also where these are too small for a number; "
                "-infinity: 0 to rounding",
                {"multiplier"}});
    visit("trivial_multiplier_error", record.trivial_multiplier_error,
          Meaning{"distance of the multiplier along the velocity from 1 (flows): a self-check; -1: "
                  "none"});
    visit("frequencies", record.frequencies,
          Meaning{"base frequencies, radians per time, by falling power", {"frequency"}});
    visit("rotation_numbers", record.rotation_numbers,
          Meaning{"flows: base frequencies after the first over the first; maps: turns per step",
                  {"rotation"}});
    visit("rotation_errors", record.rotation_errors, Meaning{"their errors", {"rotation"}});
    visit("exponents", record.exponents,
          Meaning{"leading Lyapunov exponents of the Euler map, per time (times dt: per step)",
                  {"exponent"}});
    visit("exponent_errors", record.exponent_errors,
          Meaning{"their standard errors", {"exponent"}});
    visit("adjoint_exponents", record.adjoint_exponents,
          Meaning{"the same from adjoint frames carried backward over the end of the run, per time",
                  {"exponent"}});
    visit("mean_trace", record.mean_trace,
          Meaning{"mean trace of the flow's Jacobian along the run, per time"});
    visit("kaplan_yorke", record.kaplan_yorke,
          Meaning{"Kaplan-Yorke dimension, -1: more than the exponents measured, or none were"});
    visit("neutral_exponent", record.neutral_exponent,
          Meaning{"the exponent next to 0, per time: 0 for a flow that moves, nearly so for its "
                  "Euler map"});
    visit("neutral_is_zero", record.neutral_is_zero,
          Meaning{"whether it is 0 within the larger of 0.001 per tau and three standard errors"});
    visit("memory_starts", record.memory_starts,
          Meaning{"runs from memory states (start of delay 1) that end here"});
    visit("conclusion_starts", record.conclusion_starts,
          Meaning{"runs from conclusions that end here"});
    visit("random_starts", record.random_starts, Meaning{"runs from random states that end here"});
    visit("limits", record.limits, Meaning{"limits that cut work, empty if none did"});
}

/// How the runs of one network were shared out.
struct CensusSummary {
    int attractors = 0;  ///< distinct
    int unreached = 0;   ///< of them: proved stable points that no run ended on
    int fixed_points = 0;
    int limit_cycles = 0;
    int tori = 0;
    int chaotic = 0;
    int undecided = 0;
    /// Runs by where they end.
    int fixed_point_runs = 0;
    int limit_cycle_runs = 0;
    int torus_runs = 0;
    int chaotic_runs = 0;
    int slow_transient_runs = 0;
    int far_runs = 0;
    int undecided_runs = 0;
    /// Runs by where they start.
    int memory_runs = 0;
    int conclusion_runs = 0;
    int random_runs = 0;
    std::vector<int> start_kinds;     ///< [start], StartKind
    std::vector<int> end_kinds;       ///< [start], AttractorKind
    std::vector<int> end_attractors;  ///< [start]: index of the record, -1: none
    std::string limits;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, CensusSummary>
void describe(Record& record, Visit&& visit) {
    visit("attractors", record.attractors,
          Meaning{"distinct attractors: those that runs end on, and proved stable points"});
    visit("unreached", record.unreached,
          Meaning{"proved stable points among them that no run ends on"});
    visit("fixed_points", record.fixed_points, Meaning{"fixed points among them"});
    visit("limit_cycles", record.limit_cycles, Meaning{"limit cycles among them"});
    visit("tori", record.tori, Meaning{"tori among them"});
    visit("chaotic", record.chaotic, Meaning{"chaotic attractors among them"});
    visit("undecided", record.undecided,
          Meaning{"motions among them that are a torus or chaos: the exponents do not tell"});
    visit("fixed_point_runs", record.fixed_point_runs, Meaning{"runs that end on fixed points"});
    visit("limit_cycle_runs", record.limit_cycle_runs, Meaning{"runs that end on limit cycles"});
    visit("torus_runs", record.torus_runs, Meaning{"runs that end on tori"});
    visit("chaotic_runs", record.chaotic_runs, Meaning{"runs that end in chaos"});
    visit("slow_transient_runs", record.slow_transient_runs,
          Meaning{"runs that still drift when their time is up: on no attractor yet"});
    visit("far_runs", record.far_runs, Meaning{"runs that left the range of numbers"});
    visit("undecided_runs", record.undecided_runs,
          Meaning{"runs that end on motions that are a torus or chaos"});
    visit("memory_runs", record.memory_runs, Meaning{"runs from memory states"});
    visit("conclusion_runs", record.conclusion_runs, Meaning{"runs from conclusions"});
    visit("random_runs", record.random_runs, Meaning{"runs from random states"});
    visit("start_kinds", record.start_kinds, Meaning{of_each_run<StartKind>(), {"start"}});
    visit("end_kinds", record.end_kinds, Meaning{of_each_run<AttractorKind>(), {"start"}});
    visit("end_attractors", record.end_attractors,
          Meaning{"of each run: index of its attractor's record, -1: none", {"start"}});
    visit("limits", record.limits, Meaning{"limits that cut work, empty if none did"});
}

}  // namespace shoal
