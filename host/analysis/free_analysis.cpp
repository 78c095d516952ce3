// SPDX-License-Identifier: MIT
#include "analysis/free_analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/attractors/attractor_census.hpp"
#include "analysis/attractors/census_verdict.hpp"
#include "analysis/attractors/path_merging.hpp"
#include "analysis/attractors/point_records.hpp"
#include "analysis/dynamics/sampled_runs.hpp"
#include "analysis/full_analysis.hpp"
#include "analysis/parts.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/search_starts.hpp"

namespace shoal {

namespace {

constexpr int free_runs = 32;
constexpr int noisy_copies_of_starts = 4;

constexpr const char* free_parts[] = {"search", "census", "modes", "verdict"};

// The same network with its input as a bias: an autonomous one.
NetworkModel with_input_as_bias(NetworkModel model, const Dynamics& dynamics) {
    model.bias.assign(dynamics.drive().begin(), dynamics.drive().end());
    model.inputs = 0;
    model.input.clear();
    return model;
}

CensusResult run_census(const FreeNetwork& network, const NetworkModel& autonomous,
                        const Dynamics& dynamics, const std::vector<FixedPoint>& points,
                        const Eigen::MatrixXd& random, Backend& exact) {
    CensusInput request;
    request.model = autonomous;
    request.as = network.as;
    request.trial_steps = network.trial_steps;
    request.key = network.key;
    request.starts = starts_of(StartKind::memory, network.starts);
    const auto more = starts_of(StartKind::random, random);
    request.starts.insert(request.starts.end(), more.begin(), more.end());
    for (const FixedPoint& point : points) {
        request.known.push_back(
            {state_of(point), is_stable(point, dynamics), point.label == PointLabel::proved});
    }
    return census(request, exact);
}

int count_distinct(const Dynamics& dynamics, const Eigen::MatrixXd& states) {
    Eigen::MatrixXd rates(states.rows(), states.cols());
    for (Eigen::Index i = 0; i < states.cols(); ++i) {
        rates.col(i) = dynamics.rates(states.col(i));
    }
    PathMerging paths(static_cast<std::size_t>(states.cols()));
    paths.see(0.0, rates);
    const std::vector<int> groups = paths.groups();
    return groups.empty() ? 0 : 1 + *std::max_element(groups.begin(), groups.end());
}

DistinctStates distinct_states(const FreeNetwork& network, const NetworkModel& autonomous,
                               const Dynamics& dynamics, Backend& exact) {
    if (network.starts.cols() == 0) {
        return {};
    }
    const std::vector<double> starts(network.starts.data(),
                                     network.starts.data() + network.starts.size());
    const Eigen::MatrixXd seen =
        sampled_runs(autonomous, starts, {network.trial_steps}, exact);  // before, after, ...
    const auto after = Eigen::seq(1, Eigen::last, 2);
    return {count_distinct(dynamics, network.starts),
            count_distinct(dynamics, seen(Eigen::all, after))};
}

// Runs are Euler steps: where these and the flow disagree about a point, so do its runs.
std::string step_limits(const std::vector<FixedPoint>& points, const Dynamics& dynamics) {
    const auto differ = std::count_if(points.begin(), points.end(), [&](const FixedPoint& point) {
        return point.label != PointLabel::slow && !point.eigenvalues.empty() &&
               (point.unstable == 0) != is_stable(point, dynamics);
    });
    return dynamics.is_map() || differ == 0
               ? std::string()
               : fmt::format(
                     "At {} of {} points the flow and its Euler step of {:g} disagree on "
                     "stability: where runs end there is the step's doing.",
                     differ, points.size(), dynamics.dt());
}

}  // namespace

DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact) {
    PartObserver nobody;
    return analyze_dynamics(network, exact, nobody, nullptr);
}

DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact,
                                  PartObserver& observer, const BegunAnalysis* begun) {
    const Dynamics dynamics(network.model, network.constant_input, network.as);
    const NetworkModel autonomous = with_input_as_bias(network.model, dynamics);

    Parts parts(free_parts, observer, begun);
    NetworkAnalysis analysis;  // what of it is known without a task
    analysis.uid = network.model.uid;
    FullAnalysis full;
    if (parts.begun() != nullptr) {
        analysis = parts.begun()->analysis;
        check(analysis.full != nullptr, "an analysis of any weights that was begun");
        full = *analysis.full;
    }
    const auto search = [&](const Eigen::MatrixXd& reached) {
        const Eigen::MatrixXd noisy =
            noisy_copies(network.starts, noisy_copies_of_starts, start_noise, network.key);
        SearchOptions options;
        options.drawn = usual_starts(dynamics.units());
        options.key = network.key;
        options.effort = network.effort;
        const SearchResult result = search_fixed_points(dynamics,
                                                        {{SearchStart::given, network.starts},
                                                         {SearchStart::noisy, noisy},
                                                         {SearchStart::reached, reached}},
                                                        options);
        full.search = result.summary;
        analysis.points.clear();
        full.proofs.clear();
        for (const FoundPoint& found : result.points) {
            analysis.points.push_back(fixed_point_of(found, dynamics));
            full.proofs.push_back(static_cast<const PointProof&>(found));
        }
    };
    parts.run("search", analysis, full, [&] { search(Eigen::MatrixXd(dynamics.units(), 0)); });
    parts.run("census", analysis, full, [&] {
        const Eigen::MatrixXd random =
            mixed_starts(dynamics, network.effort * free_runs, network.key);
        CensusResult found = census_and_search(
            full.search,
            [&] {
                return run_census(network, autonomous, dynamics, analysis.points, random, exact);
            },
            search);
        for (const ReachedPoint& point : found.new_points) {
            analysis.points.push_back(census_point_of(point, dynamics));
            full.proofs.emplace_back();
        }
        full.attractors = std::move(found.attractors);
        full.census = std::move(found.summary);
    });
    const double trial_time = network.trial_steps * network.model.dt;
    parts.run("modes", analysis, full, [&] {
        const std::vector<int> wanted =
            points_of_interest(analysis.points, full.proofs, full.attractors);
        full.modes = modes_at(network.model, dynamics, analysis.points, wanted, trial_time);
    });
    FreeVerdict verdict;
    parts.run(
        "verdict", analysis, full,
        [&] {
            verdict = judge_memories(full.census, full.attractors,
                                     distinct_states(network, autonomous, dynamics, exact),
                                     trial_time, dynamics.tau());
            verdict.attractors = attractors_sentence(full.census, full.attractors);
            verdict.limits = step_limits(analysis.points, dynamics);
        },
        Parts::Result::computed_again);
    return {std::move(analysis.points), std::move(full.proofs),     std::move(full.search),
            std::move(full.modes),      std::move(full.attractors), std::move(full.census),
            std::move(verdict)};
}

}  // namespace shoal
