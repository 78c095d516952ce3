// SPDX-License-Identifier: MIT
// Slow directions, slow manifolds, and how far a verdict hangs on its thresholds.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/names.hpp"
#include "model/system.hpp"
#include "records/described.hpp"
#include "records/records.hpp"

namespace shoal {

/// What a state is: x, before tanh, for current cells; h, the rates themselves, for rate cells.
enum class StateSpace { before_tanh, rates };
template <>
inline constexpr auto rows_of<StateSpace> = std::to_array<Named<StateSpace>>(
    {{StateSpace::before_tanh, "before_tanh"}, {StateSpace::rates, "rates"}});

/// The slowest directions at one state, the two of a conjugate pair as one mode (im > 0).
/// Vectors are of the state space: J r = lambda r, l' J = lambda l', |r| = 1, l . r = sum l_i r_i =
/// 1 without conjugation.
struct SlowModes {
    int point = -1;  ///< index of the fixed or slow point, set by whoever asked
    /// Whose eigenvalues: of dF/dx, per unit of time, or of the Euler step I + dt dF/dx, per step.
    SystemKind convention = SystemKind::flow;
    StateSpace state_space = StateSpace::before_tanh;
    double dt = 0.0;
    int slow = 0;                     ///< eigenvalues slower than a trial, all of them
    int inputs = 0;                   ///< columns of alignments with inputs
    int outputs = 0;                  ///< columns of alignments with readouts and feedbacks
    std::vector<double> eigenvalues;  ///< [mode, part], slowest first
    std::vector<double> right;        ///< [mode, unit, part]
    std::vector<double> left;         ///< [mode, unit, part]
    /// [mode]: time in which the mode falls to 1/e; negative: in which it grows by e; infinity
    std::vector<double> time_constants;
    std::vector<double> conditions;  ///< [mode]: |l| |r| / |l . r|, 1 for a normal matrix
    /// [mode]: larger of |J r - lambda r| / |r| and the same of l, over the norm of J
    std::vector<double> residuals;
    std::vector<double> right_readout;   ///< [mode, output]: of r with what the readout reads
    std::vector<double> right_feedback;  ///< [mode, output]: of r with what feedback drives
    std::vector<double> right_input;     ///< [mode, input]: of r with what an input drives
    std::vector<double> left_feedback;   ///< [mode, output]: of l with what feedback drives
    std::vector<double> left_input;      ///< [mode, input]: of l with what an input drives
    std::string limits;
};

/// How one memory travels during a delay without end.
struct ManifoldPath {
    int memory = -1;        ///< item held, as the caller numbers them; -1: not told
    int end_point = -1;     ///< index of the point it ends on, as the caller numbers them; -1: none
    bool rests = false;     ///< moves less than 1e-3 RMS in a trial when last seen
    double followed = 0.0;  ///< time until it rested, diverged, or was followed no longer
    double length = 0.0;    ///< of the path, |dx|_2
    std::vector<double> speeds;          ///< |F|_2 at the times of the manifold; NaN: diverged
    std::vector<double> nearest;         ///< RMS distance of its rates from the nearest other path
    std::vector<double> spectrum_times;  ///< when its Jacobian was looked at
    std::vector<double> growth_rates;    ///< [time, rate]: leading ones, per unit of time, falling
    std::vector<double> gaps;            ///< [time]: decay rate after the gap over that before it
    std::vector<int> dimensions;         ///< [time]: directions before the gap
    double predicted_survival = -1.0;    ///< extra delay until the linearised answer leaves
    double projected_survival = -1.0;    ///< extra delay until the state is nearer another memory
    double measured_survival = -1.0;     ///< as the caller measured it
};

struct SlowManifold {
    std::vector<double> times;        ///< since the start of delay 1; the first 0
    int rates_per_time = 0;           ///< growth rates kept of each spectrum
    std::vector<double> merge_times;  ///< [pair]: since when two paths are one, -1: they are not
    double first_merge = -1.0;        ///< of any two paths
    double first_confusion = -1.0;    ///< of two paths with different memories
    double all_merged = -1.0;         ///< of all paths
    int ends = 0;                     ///< groups of paths that have merged when last seen
    std::vector<ManifoldPath> paths;  ///< [condition]
    std::string limits;
};

/// What a conclusion's autonomous run was doing when it was last seen.
enum class RunFate {
    settled,   ///< on a stable fixed point
    drifting,  ///< too slow, or still slowing too much, to be called moving; not on a stable point
    moving,    ///< keeps a steady speed
    diverged,  ///< left the range of numbers
};
template <>
inline constexpr auto rows_of<RunFate> =
    std::to_array<Named<RunFate>>({{RunFate::settled, "settled"},
                                   {RunFate::drifting, "drifting"},
                                   {RunFate::moving, "moving"},
                                   {RunFate::diverged, "diverged"}});

/// What a verdict and the label of rule B were decided from.
struct VerdictEvidence {
    std::vector<int> fates;     ///< [run], RunFate
    std::vector<int> points;    ///< [run]: index of the fixed point settled on, -1: none
    std::vector<double> moves;  ///< [run]: RMS move in one trial at the last speed
    std::vector<double>
        earlier_moves;                ///< [run]: the same at the speed of the last stretch but one
    std::vector<double> later_moves;  ///< [run]: and of the last stretch
    std::vector<double> root_distances;    ///< [run]: from the root nearby, infinity: none
    std::vector<int> root_stable;          ///< [run]: 1 if that root is stable
    std::vector<double> root_separations;  ///< [pair of runs]: between their roots, infinity: none
    double largest_output = 0.0;  ///< that the verdict looks at: 0 where outputs are logits
    bool followed = true;         ///< whether runs were followed beyond 50 trial lengths
    std::vector<double> exponents;
    std::vector<double> exponent_errors;
    double period = -1.0;
    double flow_period = -1.0;
    double tau = 1.0;
    bool refined_cycle = false;            ///< on a stable cycle, refined by shooting
    std::vector<double> end_outputs;       ///< [run]: z_o after 50 trial lengths
    std::vector<double> output_variances;  ///< [run]
    double largest_output_seen = 0.0;      ///< that rule B looks at
};

enum class VerdictThreshold {
    far,
    distinct,
    settled_distance,
    settled_move,
    moving_move,
    slowing,
    exponent_floor,
    exponent_errors,
    direct_from,
    rule_b_variance,
    rule_b_decimals,
    rule_b_direct_from,
};
template <>
inline constexpr auto rows_of<VerdictThreshold> = std::to_array<Named<VerdictThreshold>>(
    {{VerdictThreshold::far, "far"},
     {VerdictThreshold::distinct, "distinct"},
     {VerdictThreshold::settled_distance, "settled_distance"},
     {VerdictThreshold::settled_move, "settled_move"},
     {VerdictThreshold::moving_move, "moving_move"},
     {VerdictThreshold::slowing, "slowing"},
     {VerdictThreshold::exponent_floor, "exponent_floor"},
     {VerdictThreshold::exponent_errors, "exponent_errors"},
     {VerdictThreshold::direct_from, "direct_from"},
     {VerdictThreshold::rule_b_variance, "rule_b_variance"},
     {VerdictThreshold::rule_b_decimals, "rule_b_decimals"},
     {VerdictThreshold::rule_b_direct_from, "rule_b_direct_from"}});

/// Labels with one threshold moved and all others as they are.
struct SensitivityRow {
    VerdictThreshold threshold = VerdictThreshold::far;
    double factor = 1.0;  ///< of the threshold; of counts and decimals what is added (0: nothing)
    double value = 0.0;   ///< of the threshold then
    Mechanism mechanism = Mechanism::none;  ///< none: undecided without further runs, too
    RuleLabel rule_b = RuleLabel::not_run;
};

struct SensitivityMap {
    double robust = 1.0;         ///< share of moved thresholds that leave the verdict
    double robust_rule_b = 1.0;  ///< share that leave the label of rule B
    std::vector<SensitivityRow> rows;
};

// ---- what the fields mean ---------------------------------------------------------------------

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SlowModes>
void describe(Record& record, Visit&& visit) {
    visit("point", record.point, Meaning{"index of the point"});
    visit("convention", record.convention, Meaning{"eigenvalues of the flow or of the map"});
    visit("state_space", record.state_space, Meaning{"space of the vectors"});
    visit("dt", record.dt, Meaning{"time step"});
    visit("slow", record.slow, Meaning{"eigenvalues slower than a trial"});
    visit("inputs", record.inputs, Meaning{"inputs of the network"});
    visit("outputs", record.outputs, Meaning{"outputs of the network"});
    visit("eigenvalues", record.eigenvalues,
          Meaning{"per unit of time (flow) or per step (map), im >= 0", {"mode", "part"}});
    visit("right", record.right, Meaning{"right eigenvectors, length 1", {"mode", "unit", "part"}});
    visit("left", record.left,
          Meaning{"left eigenvectors, left . right = 1", {"mode", "unit", "part"}});
    visit("time_constants", record.time_constants,
          Meaning{"time to fall to 1/e, negative: to grow by e", {"mode"}});
    visit("conditions", record.conditions, Meaning{"condition of the eigenvalue", {"mode"}});
    visit("residuals", record.residuals, Meaning{"relative residual of the vectors", {"mode"}});
    visit("right_readout", record.right_readout,
          Meaning{"|cosine| of right vector and readout, [mode, output]", {"mode_output"}});
    visit("right_feedback", record.right_feedback,
          Meaning{"|cosine| of right vector and feedback, [mode, output]", {"mode_output"}});
    visit("right_input", record.right_input,
          Meaning{"|cosine| of right vector and input, [mode, input]", {"mode_input"}});
    visit("left_feedback", record.left_feedback,
          Meaning{"|cosine| of left vector and feedback, [mode, output]", {"mode_output"}});
    visit("left_input", record.left_input,
          Meaning{"|cosine| of left vector and input, [mode, input]", {"mode_input"}});
    visit("limits", record.limits, Meaning{"what cut work"});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, ManifoldPath>
void describe(Record& record, Visit&& visit) {
    visit("memory", record.memory, Meaning{"item held, -1: not told"});
    visit("end_point", record.end_point, Meaning{"point the path ends on, -1: none"});
    visit("rests", record.rests, Meaning{"whether it moves less than 1e-3 RMS in a trial"});
    visit("followed", record.followed, Meaning{"time it was followed"});
    visit("length", record.length, Meaning{"length of the path, |dx|"});
    visit("speeds", record.speeds, Meaning{"|F| along the path", {"manifold_time"}});
    visit("nearest", record.nearest,
          Meaning{"RMS distance of rates from the nearest other path", {"manifold_time"}});
    visit("spectrum_times", record.spectrum_times,
          Meaning{"times of the spectra", {"spectrum_time"}});
    visit("growth_rates", record.growth_rates,
          Meaning{"leading growth rates per unit of time, [time, rate]", {"spectrum_rate"}});
    visit("gaps", record.gaps,
          Meaning{"decay rate after the gap over that before it", {"spectrum_time"}});
    visit("dimensions", record.dimensions,
          Meaning{"directions slower than the gap", {"spectrum_time"}});
    visit("predicted_survival", record.predicted_survival,
          Meaning{"extra delay until the linearised answer has left, -1: never"});
    visit("projected_survival", record.projected_survival,
          Meaning{"extra delay until the state is nearer another memory, -1: never"});
    visit("measured_survival", record.measured_survival,
          Meaning{"extra delay that was survived, -1: not measured"});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SlowManifold>
void describe(Record& record, Visit&& visit) {
    visit("times", record.times, Meaning{"time since delay 1 began", {"manifold_time"}});
    visit("rates_per_time", record.rates_per_time, Meaning{"growth rates of each spectrum"});
    visit("merge_times", record.merge_times,
          Meaning{"since when two paths are one, -1: they are not; (0,1) (0,2) ... (1,2) ...",
                  {"path_pair"}});
    visit("first_merge", record.first_merge, Meaning{"time at which the first two merge"});
    visit("first_confusion", record.first_confusion,
          Meaning{"time at which two with different memories merge, -1: never"});
    visit("all_merged", record.all_merged, Meaning{"time at which all have merged, -1: never"});
    visit("ends", record.ends, Meaning{"groups of merged paths when last seen"});
    visit("limits", record.limits, Meaning{"what cut work"});
    visit("paths", record.paths, Meaning{"of memories, one each", {"path"}});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, VerdictEvidence>
void describe(Record& record, Visit&& visit) {
    visit("fates", record.fates, Meaning{of_each_run<RunFate>(), {"run"}});
    visit("points", record.points, Meaning{"fixed point settled on, -1: none", {"run"}});
    visit("moves", record.moves, Meaning{"RMS move in a trial at the last speed", {"run"}});
    visit("earlier_moves", record.earlier_moves,
          Meaning{"the same at the speed of the last stretch but one", {"run"}});
    visit("later_moves", record.later_moves, Meaning{"and of the last stretch", {"run"}});
    visit("root_distances", record.root_distances,
          Meaning{"RMS distance of rates from the root nearby", {"run"}});
    visit("root_stable", record.root_stable, Meaning{"1: that root is stable", {"run"}});
    visit("root_separations", record.root_separations,
          Meaning{"RMS distance between the roots of two runs; (0,1) (0,2) ...", {"run_pair"}});
    visit("largest_output", record.largest_output, Meaning{"largest |z_o| of the verdict"});
    visit("followed", record.followed, Meaning{"whether runs were followed on"});
    visit("exponents", record.exponents, Meaning{"Lyapunov exponents per time", {"exponent"}});
    visit("exponent_errors", record.exponent_errors,
          Meaning{"their standard errors", {"exponent"}});
    visit("period", record.period, Meaning{"of a recurrent run, -1: none seen"});
    visit("flow_period", record.flow_period,
          Meaning{"of the flow's cycle that its steps approximate, -1: none, or not refined"});
    visit("tau", record.tau, Meaning{"time constant"});
    visit("refined_cycle", record.refined_cycle,
          Meaning{"whether it is on a stable cycle, refined by shooting"});
    visit("end_outputs", record.end_outputs, Meaning{"z_o after 50 trial lengths", {"run"}});
    visit("output_variances", record.output_variances,
          Meaning{"variance of z_o over the last two", {"run"}});
    visit("largest_output_seen", record.largest_output_seen, Meaning{"largest |z_o| of rule B"});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SensitivityRow>
void describe(Record& record, Visit&& visit) {
    visit("threshold", record.threshold, Meaning{"threshold that is moved"});
    visit("factor", record.factor, Meaning{"its factor; of counts what is added"});
    visit("value", record.value, Meaning{"the threshold then"});
    visit("mechanism", record.mechanism, Meaning{"verdict then"});
    visit("rule_b", record.rule_b, Meaning{"label of rule B then"});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SensitivityMap>
void describe(Record& record, Visit&& visit) {
    visit("robust", record.robust, Meaning{"share of moved thresholds that leave the verdict"});
    visit("robust_rule_b", record.robust_rule_b, Meaning{"share that leave the label of rule B"});
    visit("thresholds", record.rows, Meaning{"what each threshold moves", {"moved_threshold"}});
}

}  // namespace shoal
