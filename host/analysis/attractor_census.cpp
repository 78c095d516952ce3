// SPDX-License-Identifier: MIT
#include "analysis/attractor_census.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

#include "analysis/attractors.hpp"
#include "analysis/limit_cycle.hpp"
#include "analysis/mechanism.hpp"
#include "analysis/recurrence.hpp"
#include "analysis/torus.hpp"
#include "core/error.hpp"

namespace shoal {

namespace {

constexpr int recurrence_lengths = 10;     // longest period looked for, in trial lengths
constexpr int period_multiples = 4;        // of a return that a longer cycle may close after
constexpr double period_tolerance = 0.1;   // share that refining may change
constexpr double place_tolerance = 0.2;    // of the orbit's extent, likewise
constexpr double steady_tolerance = 0.02;  // share that a steady speed may change
constexpr double marginal_tolerance = 1e-9;

void add_limit(std::string& limits, const std::string& limit) {
    if (!limit.empty()) {
        limits += (limits.empty() ? "" : " ") + limit;
    }
}

std::vector<double> values_of(const Eigen::VectorXd& vector) {
    return {vector.begin(), vector.end()};
}

std::vector<std::string> names_of(const std::vector<CensusStart>& starts) {
    int counts[3] = {};
    std::vector<std::string> names;
    for (const CensusStart& start : starts) {
        int& count = counts[static_cast<int>(start.kind)];
        names.push_back(fmt::format("{} start {}", name_of(start.kind), count++));
    }
    return names;
}

Settling begin_settling(const CensusInput& input, const Dynamics& dynamics) {
    std::vector<Eigen::VectorXd> starts;
    for (const CensusStart& start : input.starts) {
        starts.push_back(start.state);
    }
    std::vector<ReachedPoint> known;
    for (const KnownPoint& point : input.known) {
        ReachedPoint reached;
        reached.root.state = point.state;
        reached.root.converged = true;
        reached.stable = point.stable;
        known.push_back(std::move(reached));
    }
    const std::vector<double> speeds(starts.size(), std::numeric_limits<double>::infinity());
    return {input.model, dynamics, input.trial_steps,      0,
            starts,      speeds,   names_of(input.starts), std::move(known)};
}

/// What a run that moves is on.
struct Motion {
    AttractorRecord record;
    std::vector<std::size_t> runs;
    std::optional<ClosedOrbit> orbit;  ///< of the first run, if it returns
};

class Census {
  public:
    Census(const CensusInput& input, Backend& exact)
        : input_(input),
          exact_(exact),
          dynamics_(input.model),
          settling_(begin_settling(input, dynamics_)),
          kinds_(input.starts.size(), AttractorKind::slow_transient),
          attractors_(input.starts.size(), -1) {}

    CensusResult take();

  private:
    void find_motions();
    bool joins(std::size_t run);
    bool take_cycle(std::size_t run, Motion& motion, double period);
    void measure_rest(std::vector<Motion> alone);
    void measure(Motion& motion);
    bool is_positive(const AttractorRecord& record) const;
    int zeros_of(const AttractorRecord& record) const;
    void judge_followed(Motion& motion);
    void take_frequencies(Motion& motion, int count);
    int marginal_point_at(const FollowedRun& run) const;
    void take_points();
    void take_ends();

    const CensusInput& input_;
    Backend& exact_;
    Dynamics dynamics_;
    Settling settling_;
    std::vector<Motion> motions_;
    std::vector<AttractorKind> kinds_;  ///< [run]
    std::vector<int> attractors_;       ///< [run]: index of the record
    CensusResult result_;
};

// Whether the orbit passes this state, and where the state is after one and two thirds of a period.
bool follows(const Dynamics& dynamics, const ClosedOrbit& orbit, Eigen::VectorXd state) {
    const int third = static_cast<int>(orbit.rates.size()) / 3;
    for (int part = 0; part < 3; ++part) {
        if (!lies_on(dynamics, orbit, dynamics.rates(state))) {
            return false;
        }
        for (int step = 0; step < third; ++step) {
            state = dynamics.step(state);
        }
    }
    return true;
}

double distance_from(const ClosedOrbit& orbit, const Eigen::VectorXd& rates) {
    double least = std::numeric_limits<double>::infinity();
    for (const Eigen::VectorXd& passed : orbit.rates) {
        least = std::min(least, rms(passed - rates));
    }
    return least;
}

bool Census::joins(std::size_t run) {
    const auto found = std::find_if(motions_.begin(), motions_.end(), [&](const Motion& motion) {
        return motion.orbit && follows(dynamics_, *motion.orbit, settling_.runs()[run].state);
    });
    if (found == motions_.end()) {
        return false;
    }
    found->runs.push_back(run);
    return true;
}

// Refines a cycle of about this period near the run's end; true if it is one and stable.
bool Census::take_cycle(std::size_t run, Motion& motion, double period) {
    RefinedCycle cycle = refine_cycle(dynamics_, settling_.runs()[run].state, period);
    const bool isolated = cycle.converged && cycle.unstable == 0 && cycle.neutral == 0;
    const bool same_period = std::abs(cycle.period - period) <= period_tolerance * period;
    if (!isolated || !same_period ||
        (motion.orbit && distance_from(*motion.orbit, dynamics_.rates(cycle.state)) >
                             place_tolerance * motion.orbit->extent)) {
        return false;
    }
    AttractorRecord& record = motion.record;
    record.kind = AttractorKind::limit_cycle;
    record.state = values_of(cycle.state);
    record.period = cycle.period;
    record.period_error = cycle.period_error;
    record.residual = cycle.residual;
    record.trivial_multiplier_error = dynamics_.is_map() ? -1.0 : cycle.trivial_error;
    for (const std::complex<double>& multiplier : cycle.multipliers) {
        record.multipliers.insert(record.multipliers.end(), {multiplier.real(), multiplier.imag()});
    }
    add_limit(record.limits, cycle.limits);
    return true;
}

void Census::find_motions() {
    std::vector<Motion> rest;  // one run each
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        if (settling_.runs()[run].fate != RunFate::moving || joins(run)) {
            continue;
        }
        Motion motion;
        motion.runs = {run};
        motion.orbit = trace_orbit(dynamics_, settling_.runs()[run].state,
                                   recurrence_lengths * input_.trial_steps);
        bool refined = false;
        for (int multiple = 1; motion.orbit && !refined && multiple <= period_multiples;
             ++multiple) {
            refined = take_cycle(run, motion, multiple * motion.orbit->period);
        }
        (refined ? motions_ : rest).push_back(std::move(motion));
    }
    for (Motion& motion : motions_) {
        measure(motion);
    }
    measure_rest(std::move(rest));
}

void Census::measure(Motion& motion) {
    const LyapunovSpectrum spectrum = lyapunov_spectrum(
        dynamics_, settling_.runs()[motion.runs.front()].state, input_.spectrum, input_.key);
    AttractorRecord& record = motion.record;
    if (record.state.empty()) {
        record.state = values_of(spectrum.end_state);
    }
    record.exponents = spectrum.exponents;
    record.exponent_errors = spectrum.errors;
    record.adjoint_exponents = spectrum.adjoint_exponents;
    record.mean_trace = spectrum.mean_trace;
    record.kaplan_yorke = spectrum.kaplan_yorke;
    record.neutral_exponent = spectrum.neutral_exponent;
    record.neutral_is_zero = spectrum.neutral_is_zero;
    add_limit(record.limits, spectrum.limits);
}

bool Census::is_positive(const AttractorRecord& record) const {
    return !record.exponents.empty() &&
           record.exponents.front() >
               exponent_resolution(record.exponent_errors.front(), dynamics_.tau());
}

int Census::zeros_of(const AttractorRecord& record) const {
    int zeros = 0;
    for (std::size_t i = 0; i < record.exponents.size(); ++i) {
        const double resolution = exponent_resolution(record.exponent_errors[i], dynamics_.tau());
        zeros += std::abs(record.exponents[i]) <= resolution ? 1 : 0;
    }
    return zeros;
}

// Motions of one run each that are on no refined cycle.
void Census::measure_rest(std::vector<Motion> alone) {
    std::vector<MovingRun> runs;
    for (const Motion& motion : alone) {
        const FollowedRun& run = settling_.runs()[motion.runs.front()];
        runs.push_back({run.state, run.window_means});
    }
    const std::vector<int> groups = runs.empty() ? std::vector<int>{} : group_by_means(runs);
    std::vector<Motion> merged;
    for (std::size_t i = 0; i < alone.size(); ++i) {
        const auto group = static_cast<std::size_t>(groups[i]);
        if (group == merged.size()) {
            merged.push_back(std::move(alone[i]));
        } else {
            merged[group].runs.push_back(alone[i].runs.front());
        }
    }
    std::vector<std::size_t> unclear;
    for (Motion& motion : merged) {
        measure(motion);
        if (is_positive(motion.record)) {
            motion.record.kind = AttractorKind::chaotic;
        } else {
            unclear.insert(unclear.end(), motion.runs.begin(), motion.runs.end());
        }
    }
    settling_.follow_to_cap(exact_, unclear);
    for (Motion& motion : merged) {
        if (motion.record.kind != AttractorKind::chaotic) {
            judge_followed(motion);
        }
        if (!motion.runs.empty()) {
            motions_.push_back(std::move(motion));
        }
    }
}

// After 400 trial lengths: keeps the runs that move at a steady speed, and says what they are on.
void Census::judge_followed(Motion& motion) {
    std::vector<std::size_t> steady;
    for (const std::size_t run : motion.runs) {
        const FollowedRun& followed = settling_.runs()[run];
        if (followed.fate != RunFate::moving) {
            continue;
        }
        const double change = followed.later_speed / followed.earlier_speed - 1.0;
        if (std::abs(change) <= steady_tolerance) {
            steady.push_back(run);
        } else {
            add_limit(result_.summary.limits,
                      fmt::format("The run from start {} moves, but its speed still changes by "
                                  "{:.2g} % after {} trial lengths: a slow transient.",
                                  run, 100.0 * change, followed.lengths));
        }
    }
    motion.runs = steady;
    if (steady.empty()) {
        return;
    }
    AttractorRecord& record = motion.record;
    const int zeros = zeros_of(record);
    if (zeros >= 2) {
        record.kind = AttractorKind::torus;
        take_frequencies(motion, zeros);
    } else if (zeros == 1 || motion.orbit) {
        record.kind = AttractorKind::limit_cycle;
        if (dynamics_.is_map()) {
            take_frequencies(motion, 1);
            record.period =
                record.frequencies.empty() ? -1.0 : 2.0 * std::numbers::pi / record.frequencies[0];
            add_limit(record.limits, "A closed curve that the map turns along, no periodic orbit.");
        } else {
            record.period = motion.orbit ? motion.orbit->period : -1.0;
            add_limit(record.limits,
                      motion.orbit
                          ? "The flow has no isolated stable cycle near this one of the Euler map: "
                            "not refined."
                          : fmt::format("No return within {} trial lengths: not refined.",
                                        recurrence_lengths));
        }
    } else {
        add_limit(
            result_.summary.limits,
            fmt::format("The run from start {} moves at a steady speed, but all exponents are "
                        "below 0 and it does not return: counted as a slow transient.",
                        steady.front()));
        motion.runs.clear();
    }
}

void Census::take_frequencies(Motion& motion, int count) {
    AttractorRecord& record = motion.record;
    const std::size_t run = motion.runs.front();
    const BaseFrequencies base = base_frequencies(dynamics_, settling_.runs()[run].state, count);
    record.frequencies = base.frequencies;
    record.rotation_numbers = base.rotation_numbers;
    record.rotation_errors = base.rotation_errors;
    add_limit(record.limits, base.limits);
    if (count != 2 || dynamics_.is_map() || base.rotation_numbers.size() != 1) {
        return;
    }
    const auto locking = find_locking(base.rotation_numbers[0], base.rotation_errors[0]);
    if (locking &&
        take_cycle(run, motion, locking->rounds * 2.0 * std::numbers::pi / base.frequencies[0])) {
        add_limit(record.limits, fmt::format("Locked {} : {}.", locking->turns, locking->rounds));
    }
}

int Census::marginal_point_at(const FollowedRun& run) const {
    const double trial_time = input_.trial_steps * dynamics_.dt();
    for (std::size_t i = input_.known.size(); i < settling_.points().size(); ++i) {
        const ReachedPoint& point = settling_.points()[i];
        const MapSpectrum map = euler_map(point.spectrum, dynamics_.dt());
        if (run.speed * trial_time <= distinct_distance && !map.eigenvalues.empty() &&
            std::abs(map.eigenvalues.front()) <= 1.0 + marginal_tolerance &&
            rms(dynamics_.rates(point.root.state) - dynamics_.rates(run.state)) <=
                distinct_distance) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

void Census::take_points() {
    std::vector<std::vector<std::size_t>> ended(settling_.points().size());
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        const FollowedRun& followed = settling_.runs()[run];
        int point = followed.fate == RunFate::settled ? followed.point : -1;
        if (followed.fate == RunFate::drifting) {
            point = marginal_point_at(followed);
            if (point >= 0) {
                add_limit(result_.summary.limits,
                          fmt::format("The run from start {} stands on a marginal point, which may "
                                      "be one of a continuum.",
                                      run));
            }
        }
        if (followed.fate == RunFate::diverged) {
            kinds_[run] = AttractorKind::far;
        }
        if (point >= 0) {
            ended[static_cast<std::size_t>(point)].push_back(run);
        }
    }
    std::vector<Motion> all;
    for (std::size_t point = 0; point < ended.size(); ++point) {
        if (!ended[point].empty()) {
            Motion still;
            still.record.kind = AttractorKind::fixed_point;
            still.record.point = static_cast<int>(point);
            still.record.state = values_of(settling_.points()[point].root.state);
            still.runs = ended[point];
            all.push_back(std::move(still));
        }
    }
    std::sort(motions_.begin(), motions_.end(),
              [](const Motion& a, const Motion& b) { return a.runs.front() < b.runs.front(); });
    std::move(motions_.begin(), motions_.end(), std::back_inserter(all));
    motions_ = std::move(all);
}

void Census::take_ends() {
    CensusSummary& summary = result_.summary;
    for (std::size_t i = 0; i < motions_.size(); ++i) {
        AttractorRecord& record = motions_[i].record;
        for (const std::size_t run : motions_[i].runs) {
            kinds_[run] = record.kind;
            attractors_[run] = static_cast<int>(i);
            const StartKind start = input_.starts[run].kind;
            record.memory_starts += start == StartKind::memory ? 1 : 0;
            record.conclusion_starts += start == StartKind::conclusion ? 1 : 0;
            record.random_starts += start == StartKind::random ? 1 : 0;
        }
        summary.fixed_points += record.kind == AttractorKind::fixed_point ? 1 : 0;
        summary.limit_cycles += record.kind == AttractorKind::limit_cycle ? 1 : 0;
        summary.tori += record.kind == AttractorKind::torus ? 1 : 0;
        summary.chaotic += record.kind == AttractorKind::chaotic ? 1 : 0;
        result_.attractors.push_back(std::move(record));
    }
    summary.attractors = static_cast<int>(motions_.size());
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        const AttractorKind kind = kinds_[run];
        summary.fixed_point_runs += kind == AttractorKind::fixed_point ? 1 : 0;
        summary.limit_cycle_runs += kind == AttractorKind::limit_cycle ? 1 : 0;
        summary.torus_runs += kind == AttractorKind::torus ? 1 : 0;
        summary.chaotic_runs += kind == AttractorKind::chaotic ? 1 : 0;
        summary.slow_transient_runs += kind == AttractorKind::slow_transient ? 1 : 0;
        summary.far_runs += kind == AttractorKind::far ? 1 : 0;
        const StartKind start = input_.starts[run].kind;
        summary.memory_runs += start == StartKind::memory ? 1 : 0;
        summary.conclusion_runs += start == StartKind::conclusion ? 1 : 0;
        summary.random_runs += start == StartKind::random ? 1 : 0;
        summary.start_kinds.push_back(static_cast<int>(start));
        summary.end_kinds.push_back(static_cast<int>(kind));
        summary.end_attractors.push_back(attractors_[run]);
    }
}

CensusResult Census::take() {
    settling_.follow(exact_, Settling::Until::moving_is_clear);
    find_motions();
    take_points();
    take_ends();
    add_limit(result_.summary.limits, settling_.limits());
    const auto& points = settling_.points();
    result_.new_points.assign(points.begin() + static_cast<std::ptrdiff_t>(input_.known.size()),
                              points.end());
    return std::move(result_);
}

}  // namespace

CensusResult census(const CensusInput& input, Backend& exact) {
    check(exact.precision() == Precision::fp64, "an exact backend in float64");
    check(input.trial_steps > 0, "a trial of at least one step");
    for (const CensusStart& start : input.starts) {
        check(start.state.size() == input.model.units, "starts of the network's size");
    }
    return Census(input, exact).take();
}

}  // namespace shoal
