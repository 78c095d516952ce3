// SPDX-License-Identifier: MIT
#include "analysis/attractors/attractors.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/attractors/settling.hpp"
#include "analysis/dynamics/recurrence.hpp"

namespace shoal {

namespace {

std::optional<int> count_orbits(const Dynamics& dynamics, const std::vector<MovingRun>& runs,
                                int steps) {
    std::vector<ClosedOrbit> orbits;
    for (const MovingRun& run : runs) {
        const Eigen::VectorXd rates = dynamics.rates(run.state);
        if (std::none_of(orbits.begin(), orbits.end(), [&](const ClosedOrbit& orbit) {
                return lies_on(dynamics, orbit, rates);
            })) {
            auto orbit = trace_orbit(dynamics, run.state, steps);
            if (!orbit) {
                return std::nullopt;
            }
            orbits.push_back(std::move(*orbit));
        }
    }
    return static_cast<int>(orbits.size());
}

}  // namespace

std::vector<int> group_by_means(const std::vector<MovingRun>& runs) {
    std::vector<Eigen::VectorXd> means;
    double variance = 0.0;  // of a run's mean, RMS over units, pooled over runs
    for (const MovingRun& run : runs) {
        const auto windows = static_cast<double>(run.window_means.cols());
        means.push_back(run.window_means.rowwise().mean());
        const double scatter = (run.window_means.colwise() - means.back()).squaredNorm() /
                               static_cast<double>(run.window_means.rows());
        variance += scatter / (windows * (windows - 1.0)) / static_cast<double>(runs.size());
    }
    const double same = std::max(distinct_distance, 3.0 * std::sqrt(2.0 * variance));
    std::vector<Eigen::VectorXd> distinct;
    std::vector<int> groups;
    for (const Eigen::VectorXd& mean : means) {
        const auto found =
            std::find_if(distinct.begin(), distinct.end(),
                         [&](const Eigen::VectorXd& other) { return rms(mean - other) <= same; });
        groups.push_back(static_cast<int>(found - distinct.begin()));
        if (found == distinct.end()) {
            distinct.push_back(mean);
        }
    }
    return groups;
}

int count_moving_attractors(const Dynamics& dynamics, const std::vector<MovingRun>& runs,
                            int steps) {
    if (runs.empty()) {
        return 0;
    }
    if (const auto orbits = count_orbits(dynamics, runs, steps)) {
        return *orbits;
    }
    const std::vector<int> groups = group_by_means(runs);
    return 1 + *std::max_element(groups.begin(), groups.end());
}

}  // namespace shoal
