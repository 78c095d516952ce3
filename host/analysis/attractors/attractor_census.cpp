// SPDX-License-Identifier: MIT
#include "analysis/attractors/attractor_census.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "analysis/attractors/attractors.hpp"
#include "analysis/attractors/moving_attractor.hpp"
#include "analysis/dynamics/recurrence.hpp"
#include "analysis/dynamics/tangent.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr int period_multiples = 4;        // of a return that a longer cycle may close after
constexpr int approach_rounds = 10;        // of an orbit before it is taken for a cycle's
constexpr double closer_return = 0.5;      // of the first return's distance
constexpr double steady_tolerance = 0.02;  // share that a steady speed may change

std::vector<std::string> names_of(const std::vector<CensusStart>& starts) {
    int counts[3] = {};
    std::vector<std::string> names;
    for (const CensusStart& start : starts) {
        int& count = counts[static_cast<int>(start.kind)];
        names.push_back(fmt::format("{} start {}", name_of(start.kind), count++));
    }
    return names;
}

Settling begin_settling(const CensusInput& input, const Dynamics& dynamics,
                        const std::vector<std::string>& names) {
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
    return {input.model, dynamics,         input.trial_steps,           0, starts, speeds,
            names,       std::move(known), Settling::Approach::drifting};
}

class Census {
  public:
    Census(const CensusInput& input, Backend& exact)
        : input_(input),
          exact_(exact),
          dynamics_(input.model, {}, input.as),
          names_(names_of(input.starts)),
          settling_(begin_settling(input, dynamics_, names_)),
          kinds_(input.starts.size(), AttractorKind::slow_transient),
          attractors_(input.starts.size(), -1) {}

    CensusResult take();

  private:
    void find_motions();
    bool joins(std::size_t run, std::vector<Motion>& motions) const;
    std::optional<ClosedOrbit> settled_orbit(std::size_t run);
    std::vector<double> periods_of(std::size_t run, const ClosedOrbit& orbit) const;
    void measure_rest(std::vector<Motion> apart);
    bool turns_chaotic(Motion& motion);
    void judge_followed(Motion& motion);
    void take_points();
    void take_attractors();
    void take_runs();

    const CensusInput& input_;
    Backend& exact_;
    Dynamics dynamics_;
    std::vector<std::string> names_;  ///< [run], of its start
    Settling settling_;
    std::vector<Eigen::VectorXd> states_;  ///< [run]: where it is now
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
            stop_point();
            state = dynamics.step(state);
        }
    }
    return true;
}

// The state after so many rounds of an orbit.
Eigen::VectorXd carried_around(const Dynamics& dynamics, const ClosedOrbit& orbit,
                               const Eigen::VectorXd& state, int rounds) {
    TangentStepper stepper(dynamics, state, Eigen::MatrixXd(dynamics.units(), 0));
    stepper.advance(rounds * static_cast<int>(orbit.rates.size() - 1));
    return stepper.state();
}

bool Census::joins(std::size_t run, std::vector<Motion>& motions) const {
    const auto found = std::find_if(motions.begin(), motions.end(), [&](const Motion& motion) {
        return motion.orbit && follows(dynamics_, *motion.orbit, states_[run]);
    });
    if (found == motions.end()) {
        return false;
    }
    found->runs.push_back(run);
    return true;
}

// The orbit that the run has come onto, if it has: by chance a torus or chaos comes back once, too,
// and refining what is no cycle is dear. So it must pass there again in the next round, and come
// back after as long when it has had some rounds to come closer.
std::optional<ClosedOrbit> Census::settled_orbit(std::size_t run) {
    const int longest = recurrence_lengths * input_.trial_steps;
    Eigen::VectorXd& state = states_[run];
    const auto orbit = trace_orbit(dynamics_, state, longest);
    if (!orbit || !follows(dynamics_, *orbit, carried_around(dynamics_, *orbit, state, 1))) {
        return std::nullopt;
    }
    state = carried_around(dynamics_, *orbit, state, approach_rounds);
    const auto later = trace_orbit(dynamics_, state, longest);
    const bool same =
        later && std::abs(later->period - orbit->period) <= orbit_tolerance * orbit->period;
    return same ? later : std::nullopt;
}

// Periods to try: that of the first return, and multiples after which the run comes back much
// closer.
std::vector<double> Census::periods_of(std::size_t run, const ClosedOrbit& orbit) const {
    const double longest = recurrence_lengths * input_.trial_steps * dynamics_.dt();
    const int rounds = std::clamp(static_cast<int>(longest / orbit.period), 1, period_multiples);
    const std::vector<double> distances = return_distances(dynamics_, orbit, states_[run], rounds);
    std::vector<double> periods = {orbit.period};
    for (int multiple = 2; multiple <= rounds; ++multiple) {
        if (distances[static_cast<std::size_t>(multiple) - 1] < closer_return * distances[0]) {
            periods.push_back(multiple * orbit.period);
        }
    }
    return periods;
}

void Census::find_motions() {
    std::vector<Motion> rest;  // on no refined cycle
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        if (settling_.runs()[run].fate != RunFate::moving || joins(run, motions_) ||
            joins(run, rest)) {
            continue;
        }
        Motion motion;
        motion.runs = {run};
        motion.orbit = settled_orbit(run);
        if (motion.orbit && (joins(run, motions_) || joins(run, rest))) {
            continue;
        }
        bool refined = false;
        for (const double period :
             motion.orbit ? periods_of(run, *motion.orbit) : std::vector<double>()) {
            refined = refined || refine_motion(dynamics_, states_[run], period, motion);
        }
        (refined ? motions_ : rest).push_back(std::move(motion));
    }
    for (Motion& motion : motions_) {
        measure_exponents(dynamics_, states_[motion.runs.front()], input_.spectrum, input_.key,
                          motion);
    }
    measure_rest(std::move(rest));
}

// Motions that are on no refined cycle, of runs that were not seen to pass each other.
void Census::measure_rest(std::vector<Motion> apart) {
    std::vector<MovingRun> runs;
    for (const Motion& motion : apart) {
        const FollowedRun& run = settling_.runs()[motion.runs.front()];
        runs.push_back({run.state, run.window_means});
    }
    const std::vector<int> groups = runs.empty() ? std::vector<int>{} : group_by_means(runs);
    std::vector<Motion> merged;
    for (std::size_t i = 0; i < apart.size(); ++i) {
        const auto group = static_cast<std::size_t>(groups[i]);
        if (group == merged.size()) {
            merged.push_back(std::move(apart[i]));
        } else {
            merged[group].runs.insert(merged[group].runs.end(), apart[i].runs.begin(),
                                      apart[i].runs.end());
        }
    }
    std::vector<std::size_t> unclear;
    for (Motion& motion : merged) {
        measure_exponents(dynamics_, states_[motion.runs.front()], input_.spectrum, input_.key,
                          motion);
        if (is_chaotic(motion.record, dynamics_.tau())) {
            motion.record.kind = AttractorKind::chaotic;
        } else {
            unclear.push_back(motion.runs.front());
        }
    }
    settling_.follow_to_cap(exact_, unclear);
    for (Motion& motion : merged) {
        if (motion.record.kind != AttractorKind::chaotic && !turns_chaotic(motion)) {
            judge_followed(motion);
        }
        if (!motion.runs.empty()) {
            motions_.push_back(std::move(motion));
        }
    }
}

// Where a motion's exponents stayed unknown they may have been measured on the way to what it ends
// on: they are measured again where its first run has been followed to. Whether they now say chaos.
bool Census::turns_chaotic(Motion& motion) {
    const FollowedRun& run = settling_.runs()[motion.runs.front()];
    if (motion.exponents_known || run.fate != RunFate::moving) {
        return false;
    }
    motion.record = {};
    measure_exponents(dynamics_, run.state, input_.spectrum, input_.key, motion);
    if (!is_chaotic(motion.record, dynamics_.tau())) {
        return false;
    }
    motion.record.kind = AttractorKind::chaotic;
    return true;
}

// Whether its first run is steady after 400 trial lengths speaks for all; if it is not, the others
// are followed, too. Keeps those that are, and says what they are on.
void Census::judge_followed(Motion& motion) {
    const auto is_steady = [&](std::size_t run) {
        const FollowedRun& followed = settling_.runs()[run];
        return followed.fate == RunFate::moving &&
               std::abs(followed.later_speed / followed.earlier_speed - 1.0) <= steady_tolerance;
    };
    const bool speaks = is_steady(motion.runs.front());
    if (!speaks) {
        settling_.follow_to_cap(exact_, motion.runs);
    }
    std::vector<std::size_t> steady;
    for (const std::size_t run : motion.runs) {
        const FollowedRun& followed = settling_.runs()[run];
        if (followed.fate != RunFate::moving) {
            continue;
        }
        const double change = followed.later_speed / followed.earlier_speed - 1.0;
        if (speaks || is_steady(run)) {
            steady.push_back(run);
        } else {
            add_limit(result_.summary.limits,
                      fmt::format("The run from {} moves, but its speed still changes by "
                                  "{:.2g} % after {} trial lengths: a slow transient.",
                                  names_[run], 100.0 * change, followed.lengths));
        }
    }
    motion.runs = steady;
    if (steady.empty()) {
        return;
    }
    if (!name_motion(dynamics_, settling_.runs()[steady.front()].state, motion)) {
        add_limit(result_.summary.limits,
                  fmt::format("The run from {} moves at a steady speed, but all exponents are "
                              "below 0 and it does not return: counted as a slow transient.",
                              names_[steady.front()]));
        motion.runs.clear();
    }
}

void Census::take_points() {
    std::vector<std::vector<std::size_t>> ended(settling_.points().size());
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        const FollowedRun& followed = settling_.runs()[run];
        if (followed.fate == RunFate::settled) {
            ended[static_cast<std::size_t>(followed.point)].push_back(run);
        } else if (followed.fate == RunFate::diverged) {
            kinds_[run] = AttractorKind::far;
        }
    }
    std::vector<Motion> all;
    for (std::size_t point = 0; point < ended.size(); ++point) {
        const bool exists =
            point < input_.known.size() && input_.known[point].proved && input_.known[point].stable;
        if (exists || !ended[point].empty()) {
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

// What there is, and which runs ended there.
void Census::take_attractors() {
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
        summary.unreached += motions_[i].runs.empty() ? 1 : 0;
        summary.fixed_points += record.kind == AttractorKind::fixed_point ? 1 : 0;
        summary.limit_cycles += record.kind == AttractorKind::limit_cycle ? 1 : 0;
        summary.tori += record.kind == AttractorKind::torus ? 1 : 0;
        summary.chaotic += record.kind == AttractorKind::chaotic ? 1 : 0;
        summary.undecided += record.kind == AttractorKind::undecided ? 1 : 0;
        result_.attractors.push_back(std::move(record));
    }
    summary.attractors = static_cast<int>(motions_.size());
}

// Where every run came from and what it ended in.
void Census::take_runs() {
    CensusSummary& summary = result_.summary;
    for (std::size_t run = 0; run < input_.starts.size(); ++run) {
        const AttractorKind kind = kinds_[run];
        summary.fixed_point_runs += kind == AttractorKind::fixed_point ? 1 : 0;
        summary.limit_cycle_runs += kind == AttractorKind::limit_cycle ? 1 : 0;
        summary.torus_runs += kind == AttractorKind::torus ? 1 : 0;
        summary.chaotic_runs += kind == AttractorKind::chaotic ? 1 : 0;
        summary.slow_transient_runs += kind == AttractorKind::slow_transient ? 1 : 0;
        summary.far_runs += kind == AttractorKind::far ? 1 : 0;
        summary.undecided_runs += kind == AttractorKind::undecided ? 1 : 0;
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
    for (const FollowedRun& run : settling_.runs()) {
        states_.push_back(run.state);
    }
    find_motions();
    take_points();
    take_attractors();
    take_runs();
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

std::vector<CensusStart> starts_of(StartKind kind, const Eigen::MatrixXd& states) {
    std::vector<CensusStart> starts;
    for (Eigen::Index i = 0; i < states.cols(); ++i) {
        starts.push_back({kind, states.col(i)});
    }
    return starts;
}

}  // namespace shoal
