// SPDX-License-Identifier: MIT
#include "analysis/free_analysis.hpp"

#include <cmath>
#include <utility>

#include "analysis/attractor_census.hpp"
#include "analysis/fixed_point_search.hpp"
#include "analysis/full_analysis.hpp"
#include "analysis/point_records.hpp"
#include "analysis/search_starts.hpp"

namespace shoal {

namespace {

constexpr int random_searches = 256;
constexpr int random_runs = 32;
constexpr int noisy_copies_of_starts = 4;
constexpr double start_noise = 0.5;

// The same network with its input as a bias: an autonomous one.
NetworkModel with_input_as_bias(NetworkModel model, const Dynamics& dynamics) {
    model.bias.assign(dynamics.drive().begin(), dynamics.drive().end());
    model.inputs = 0;
    model.input.clear();
    return model;
}

CensusResult run_census(const FreeNetwork& network, const Dynamics& dynamics,
                        const std::vector<FixedPoint>& points, const Eigen::MatrixXd& random,
                        Backend& exact) {
    CensusInput request;
    request.model = with_input_as_bias(network.model, dynamics);
    request.trial_steps = network.trial_steps;
    request.key = network.key;
    request.starts = starts_of(StartKind::memory, network.starts);
    const auto more = starts_of(StartKind::random, random);
    request.starts.insert(request.starts.end(), more.begin(), more.end());
    for (const FixedPoint& point : points) {
        request.known.push_back({state_of(point), is_stable(point, dynamics)});
    }
    return census(request, exact);
}

}  // namespace

DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact) {
    const Dynamics dynamics(network.model, network.constant_input);
    const Eigen::MatrixXd random = random_starts(dynamics, random_searches, network.key);
    const Eigen::MatrixXd noisy =
        noisy_copies(network.starts, noisy_copies_of_starts, start_noise, network.key);
    Eigen::MatrixXd starts(dynamics.units(), network.starts.cols() + noisy.cols() + random.cols());
    starts << network.starts, noisy, random;

    DynamicsAnalysis analysis;
    const SearchResult search = search_fixed_points(dynamics, starts);
    analysis.search = search.summary;
    for (const FoundPoint& found : search.points) {
        analysis.points.push_back(fixed_point_of(found, dynamics));
        analysis.proofs.push_back(static_cast<const PointProof&>(found));
    }
    CensusResult found =
        run_census(network, dynamics, analysis.points,
                   random.leftCols(std::min<Eigen::Index>(random_runs, random.cols())), exact);
    for (const ReachedPoint& point : found.new_points) {
        analysis.points.push_back(fixed_point_of(point, dynamics));
        analysis.proofs.emplace_back();
    }
    analysis.attractors = std::move(found.attractors);
    analysis.census = std::move(found.summary);
    const std::vector<int> wanted =
        points_of_interest(analysis.points, analysis.proofs, analysis.attractors);
    analysis.modes = modes_at(network.model, dynamics, analysis.points, wanted,
                              network.trial_steps * network.model.dt);
    return analysis;
}

}  // namespace shoal
