// SPDX-License-Identifier: MIT
#include "analysis/full_analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "analysis/attractors/attractor_census.hpp"
#include "analysis/attractors/census_verdict.hpp"
#include "analysis/attractors/mechanism.hpp"
#include "analysis/attractors/point_records.hpp"
#include "analysis/attractors/sensitivity.hpp"
#include "analysis/attractors/slow_manifold.hpp"
#include "analysis/dynamics/slow_modes.hpp"
#include "analysis/experiments/condition_trials.hpp"
#include "analysis/experiments/delay_activity.hpp"
#include "analysis/experiments/forgetting.hpp"
#include "analysis/experiments/noise_robustness.hpp"
#include "analysis/experiments/portrait.hpp"
#include "analysis/experiments/silencing.hpp"
#include "analysis/parts.hpp"
#include "analysis/search/completeness.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/search_starts.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr int trial_samples = 8;   // states of one condition's trial
constexpr int trial_starts = 128;  // of the search, from trials
constexpr int noisy_starts = 64;   // copies of such states with noise
constexpr int search_rounds = 2;   // after a census
constexpr int random_runs = 16;    // of the census
constexpr std::size_t most_mode_points = 8;

constexpr const char* full_parts[] = {"first",     "nominal trials", "search",   "census",
                                      "modes",     "forgetting",     "manifold", "noise",
                                      "silencing", "activity",       "portrait"};

// [state, unit] as one column a state.
Eigen::MatrixXd columns_of(const std::vector<double>& states, Eigen::Index units) {
    return Eigen::Map<const Eigen::MatrixXd>(states.data(), units,
                                             static_cast<Eigen::Index>(states.size()) / units);
}

// States of the nominal trials, evenly over time, one column each.
Eigen::MatrixXd trial_states(const AnalysisInput& input, const ConditionTrials& conditions,
                             Backend& exact) {
    SimulationRequest request;
    request.network = &input.model;
    request.steps = input.task->shape().steps;
    request.initial_states = conditions.start;
    for (const Trial& trial : conditions.trials) {
        request.inputs.push_back(trial.inputs.data());
    }
    for (int sample = 1; sample <= trial_samples; ++sample) {
        const int step = std::max(1, sample * request.steps / trial_samples);
        if (request.states_at.empty() || step > request.states_at.back()) {
            request.states_at.push_back(step);
        }
    }
    return columns_of(exact.simulate({&request, 1}).front().states, input.model.units);
}

SearchResult search_from_trials(const AnalysisInput& input, const ConditionTrials& conditions,
                                const Dynamics& dynamics, const Eigen::MatrixXd& reached,
                                int effort, Backend& exact) {
    const Eigen::MatrixXd from_trials =
        some_columns(trial_states(input, conditions, exact), trial_starts, input.key);
    const Eigen::MatrixXd noisy =
        noisy_copies(some_columns(from_trials, noisy_starts, input.key), 1, start_noise, input.key);
    SearchOptions options;
    options.drawn = usual_starts(dynamics.units()) / 2;
    options.effort = effort;
    options.key = input.key;
    return search_fixed_points(dynamics,
                               {{SearchStart::given, from_trials},
                                {SearchStart::noisy, noisy},
                                {SearchStart::reached, reached}},
                               options);
}

// The points of the search in place of those that the delay runs reached, which become their
// reached_from; a reached point that the search does not have is kept behind them. Points of an
// earlier search go.
void merge_points(const SearchResult& search, const Dynamics& dynamics, NetworkAnalysis& analysis,
                  FullAnalysis& full) {
    full.search = search.summary;
    full.proofs.clear();
    std::vector<FixedPoint> points;
    for (const FoundPoint& found : search.points) {
        points.push_back(fixed_point_of(found, dynamics));
        full.proofs.push_back(static_cast<const PointProof&>(found));
    }
    std::vector<int> place;  // of reached points among all
    for (const FixedPoint& reached : analysis.points) {
        if (reached.reached_from.empty()) {
            place.push_back(-1);
            continue;
        }
        const Eigen::VectorXd rates = dynamics.rates(state_of(reached));
        const auto same = std::find_if(points.begin(), points.end(), [&](const FixedPoint& point) {
            return point.label != PointLabel::slow &&
                   rms(dynamics.rates(state_of(point)) - rates) <= distinct_distance;
        });
        place.push_back(static_cast<int>(same - points.begin()));
        if (same == points.end()) {
            points.push_back(reached);
            full.proofs.emplace_back();
        } else {
            same->reached_from.insert(same->reached_from.end(), reached.reached_from.begin(),
                                      reached.reached_from.end());
        }
    }
    for (DelayRun& run : analysis.runs) {
        run.attractor = run.attractor < 0 ? -1 : place[static_cast<std::size_t>(run.attractor)];
    }
    analysis.points = std::move(points);
}

Eigen::MatrixXd states_of(const std::vector<FixedPoint>& points, Eigen::Index units) {
    Eigen::MatrixXd states(units, static_cast<Eigen::Index>(points.size()));
    for (std::size_t i = 0; i < points.size(); ++i) {
        states.col(static_cast<Eigen::Index>(i)) = state_of(points[i]);
    }
    return states;
}

CensusResult run_census(const AnalysisInput& input, const Dynamics& dynamics,
                        const ConditionTrials& conditions, const NetworkAnalysis& analysis,
                        int effort, Backend& exact) {
    CensusInput request;
    request.model = input.model;
    request.trial_steps = input.task->shape().steps;
    request.key = input.key;
    for (const auto& more :
         {starts_of(StartKind::memory, columns_of(conditions.delay_start, input.model.units)),
          starts_of(StartKind::conclusion, columns_of(input.conclusions, input.model.units)),
          starts_of(StartKind::random, mixed_starts(dynamics, effort * random_runs, input.key))}) {
        request.starts.insert(request.starts.end(), more.begin(), more.end());
    }
    for (const FixedPoint& point : analysis.points) {
        request.known.push_back(
            {state_of(point), is_stable(point, dynamics), point.label == PointLabel::proved});
    }
    return census(request, exact);
}

// New points behind the others, so that records of attractors name the right ones.
void append_points(const std::vector<ReachedPoint>& more, const Dynamics& dynamics,
                   NetworkAnalysis& analysis, FullAnalysis& full) {
    for (const ReachedPoint& point : more) {
        analysis.points.push_back(census_point_of(point, dynamics));
        full.proofs.emplace_back();
    }
}

SlowManifold follow_memories(const AnalysisInput& input, const ConditionTrials& conditions,
                             const NetworkAnalysis& analysis, const FullAnalysis& full,
                             Backend& exact) {
    MemoryStates memories;
    memories.states = conditions.delay_start;
    memories.trial_steps = input.task->shape().steps;
    memories.delay_steps = conditions.delay.end - conditions.delay.begin;
    memories.rest_steps = memories.trial_steps - conditions.delay.end;
    for (const Trial& trial : conditions.trials) {
        const auto memory = conditions.parts ? input.task->memory(trial) : std::nullopt;
        if (memory) {
            memories.memories.push_back(*memory);
            memories.rest.push_back(trial.inputs.data() +
                                    static_cast<std::size_t>(conditions.delay.end) *
                                        static_cast<std::size_t>(input.model.inputs));
        }
    }
    for (const FixedPoint& point : analysis.points) {
        memories.points.push_back(state_of(point));
    }
    memories.measured_survival = full.forgetting.survival;
    return slow_manifold(input.model, memories, exact);
}

// Where a verdict was decided by the exponents of one run after a few trials, those of the
// attractor that most conclusions end on decide it.
void judge_by_census(const std::vector<AttractorRecord>& attractors, VerdictEvidence& evidence,
                     NetworkAnalysis& analysis) {
    const bool by_exponents =
        analysis.mechanism == Mechanism::limit_cycle || analysis.mechanism == Mechanism::torus ||
        analysis.mechanism == Mechanism::undecided || analysis.mechanism == Mechanism::chaotic;
    const AttractorRecord* most = main_motion(attractors, StartKind::conclusion);
    if (!by_exponents || most == nullptr) {
        return;
    }
    take_motion(*most, evidence);
    const MechanismVerdict verdict = decide_mechanism(evidence_under(evidence, {}));
    analysis.mechanism = verdict.mechanism;
    analysis.evidence = verdict.evidence;
    analysis.exponents = evidence.exponents;
    analysis.exponent_errors = evidence.exponent_errors;
    analysis.period = verdict.mechanism == Mechanism::limit_cycle ? evidence.period : -1.0;
}

std::string census_sentence(const CensusSummary& census) {
    return fmt::format(
        " {} memory states, {} conclusions and {} random states end on {} attractors ({} fixed "
        "points, {} limit cycles, {} tori, {} chaotic, {} torus or chaos); {} runs still drift, {} "
        "left the range.{}",
        census.memory_runs, census.conclusion_runs, census.random_runs,
        census.attractors - census.unreached, census.fixed_points - census.unreached,
        census.limit_cycles, census.tori, census.chaotic, census.undecided,
        census.slow_transient_runs, census.far_runs, unreached_sentence(census));
}

}  // namespace

CensusResult census_and_search(
    SearchSummary& summary, const std::function<CensusResult()>& run_census,
    const std::function<void(const Eigen::MatrixXd& reached)>& search_again) {
    CensusResult found = run_census();
    Eigen::MatrixXd reached;
    // On a continuum runs end between the zeros that are kept, which proves nothing.
    for (int round = 0; round < search_rounds && !found.new_points.empty() && summary.continua == 0;
         ++round) {
        for (const ReachedPoint& point : found.new_points) {
            reached.conservativeResize(point.root.state.size(), reached.cols() + 1);
            reached.rightCols(1) = point.root.state;
        }
        search_again(reached);
        found = run_census();
    }
    if (summary.continua == 0) {
        summary.reached_only = static_cast<int>(found.new_points.size());
        judge_completeness(summary);
    }
    return found;
}

std::vector<int> points_of_interest(const std::vector<FixedPoint>& points,
                                    const std::vector<PointProof>& proofs,
                                    const std::vector<AttractorRecord>& attractors) {
    std::vector<int> wanted;
    const auto add = [&](int point) {
        if (point >= 0 && std::find(wanted.begin(), wanted.end(), point) == wanted.end()) {
            wanted.push_back(point);
        }
    };
    for (const AttractorRecord& attractor : attractors) {
        add(attractor.point);
    }
    std::vector<int> proved;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].label == PointLabel::proved) {
            proved.push_back(static_cast<int>(i));
        }
    }
    std::stable_sort(proved.begin(), proved.end(), [&](int a, int b) {
        return proofs[static_cast<std::size_t>(a)].hits > proofs[static_cast<std::size_t>(b)].hits;
    });
    std::for_each(proved.begin(), proved.end(), add);
    return wanted;
}

std::vector<SlowModes> modes_at(const NetworkModel& model, const Dynamics& dynamics,
                                const std::vector<FixedPoint>& points,
                                const std::vector<int>& wanted, double trial_time) {
    std::vector<SlowModes> all;
    for (std::size_t i = 0; i < std::min(wanted.size(), most_mode_points); ++i) {
        const FixedPoint& point = points[static_cast<std::size_t>(wanted[i])];
        SlowModes modes = point.eigenvalues.empty()
                              ? slow_modes_at(model, dynamics, state_of(point), trial_time)
                              : slow_modes_at(model, dynamics, state_of(point),
                                              flow_spectrum_of(point, dynamics), trial_time);
        modes.point = wanted[i];
        all.push_back(std::move(modes));
    }
    return all;
}

NetworkAnalysis analyze_fully(const AnalysisInput& input, const AnalysisConfig& config,
                              Backend& behaviour, Backend& exact, PartObserver& observer,
                              const BegunAnalysis* begun) {
    Parts parts(full_parts, observer, begun);
    NetworkAnalysis analysis;
    const auto full = std::make_shared<FullAnalysis>();
    if (parts.begun() != nullptr) {
        analysis = parts.begun()->analysis;
        check(analysis.full != nullptr, "an analysis of level full that was begun");
        *full = *analysis.full;
    }
    const auto part = [&](const char* name, const auto& work,
                          Parts::Result result = Parts::Result::kept) {
        parts.run(name, analysis, *full, work, result);
    };
    part("first", [&] {
        JudgedNetwork judged = judge_network(input, config, behaviour, exact);
        analysis = std::move(judged.analysis);
        full->evidence = std::move(judged.evidence);
    });

    const Dynamics dynamics(input.model);
    const double trial_time = input.task->shape().steps * input.model.dt;
    ConditionTrials conditions;
    part(
        "nominal trials", [&] { conditions = run_conditions(input, behaviour); },
        Parts::Result::computed_again);
    const auto search = [&](const Eigen::MatrixXd& reached) {
        merge_points(search_from_trials(input, conditions, dynamics, reached, config.effort, exact),
                     dynamics, analysis, *full);
    };
    part("search", [&] { search(states_of(analysis.points, dynamics.units())); });
    part("census", [&] {
        CensusResult found = census_and_search(
            full->search,
            [&] { return run_census(input, dynamics, conditions, analysis, config.effort, exact); },
            [&](const Eigen::MatrixXd& reached) {
                Eigen::MatrixXd all = states_of(analysis.points, dynamics.units());
                all.conservativeResize(Eigen::NoChange, all.cols() + reached.cols());
                all.rightCols(reached.cols()) = reached;
                search(all);
            });
        full->attractors = std::move(found.attractors);
        full->census = std::move(found.summary);
        append_points(found.new_points, dynamics, analysis, *full);
        judge_by_census(full->attractors, full->evidence, analysis);
        full->sensitivity = sensitivity_map(full->evidence);
    });
    part("modes", [&] {
        const std::vector<int> wanted =
            points_of_interest(analysis.points, full->proofs, full->attractors);
        full->modes = modes_at(input.model, dynamics, analysis.points, wanted, trial_time);
        if (wanted.size() > full->modes.size()) {
            add_limit(analysis.limits, fmt::format("Slow modes are kept of {} points of {}.",
                                                   full->modes.size(), wanted.size()));
        }
    });
    part("forgetting",
         [&] { full->forgetting = measure_forgetting(input, conditions, behaviour); });
    part("manifold",
         [&] { full->manifold = follow_memories(input, conditions, analysis, *full, exact); });
    part("noise", [&] { full->noise = measure_noise_robustness(input, conditions, behaviour); });
    part("silencing", [&] { full->silencing = measure_silencing(input, conditions, behaviour); });
    part("activity", [&] {
        full->activity = measure_activity(
            conditions,
            efficiency(full->census.attractors, analysis.saturated_delay, conditions.score));
    });
    part("portrait", [&] {
        full->portrait =
            draw_portrait(input.model, columns_of(conditions.delay_start, dynamics.units()),
                          input.task->shape().steps, analysis.points, full->attractors, exact);
    });
    analysis.evidence += census_sentence(full->census);
    analysis.full = full;
    return analysis;
}

}  // namespace shoal
