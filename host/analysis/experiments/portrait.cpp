// SPDX-License-Identifier: MIT
#include "analysis/experiments/portrait.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "analysis/attractors/point_records.hpp"
#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/sampled_runs.hpp"
#include "analysis/linear/principal_axes.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

// Steps of samples over portrait_lengths trials, evenly in log(1 + t / T), each at most once.
std::vector<int> sampled_steps(int trial_steps) {
    std::vector<int> steps;
    for (int sample = 1; sample < portrait_samples; ++sample) {
        const double share = static_cast<double>(sample) / (portrait_samples - 1);
        const int step = static_cast<int>(
            std::lround(trial_steps * std::expm1(share * std::log1p(portrait_lengths))));
        if (step > (steps.empty() ? 0 : steps.back())) {
            steps.push_back(step);
        }
    }
    return steps;
}

Eigen::MatrixXd finite_columns(const Eigen::MatrixXd& all) {
    Eigen::MatrixXd kept(all.rows(), all.cols());
    Eigen::Index count = 0;
    for (const auto& column : all.colwise()) {
        if (column.allFinite()) {
            kept.col(count++) = column;
        }
    }
    return kept.leftCols(count);
}

// portrait_orbit_steps states along a moving attractor.
Eigen::MatrixXd orbit_of(const Dynamics& dynamics, const AttractorRecord& attractor,
                         int trial_steps) {
    Eigen::VectorXd state =
        Eigen::Map<const Eigen::VectorXd>(attractor.state.data(), dynamics.units());
    const int steps =
        attractor.period > 0.0
            ? std::max(1, static_cast<int>(std::lround(attractor.period / dynamics.dt())))
            : 2 * trial_steps;
    Eigen::MatrixXd states(dynamics.units(), portrait_orbit_steps);
    int step = 0;
    for (int sample = 0; sample < portrait_orbit_steps; ++sample) {
        const auto until = static_cast<int>(static_cast<std::int64_t>(sample) * steps /
                                            (portrait_orbit_steps - 1));
        for (; step < until; ++step) {
            stop_point();
            state = dynamics.step(state);
        }
        states.col(sample) = state;
    }
    return states;
}

void append(const Eigen::MatrixXd& values, std::vector<double>& all) {
    all.insert(all.end(), values.data(), values.data() + values.size());
}

}  // namespace

Portrait draw_portrait(const NetworkModel& model, const Eigen::MatrixXd& starts, int trial_steps,
                       const std::vector<FixedPoint>& points,
                       const std::vector<AttractorRecord>& attractors, Backend& exact) {
    const Dynamics dynamics(model);
    Portrait portrait;
    Eigen::MatrixXd point_rates(dynamics.units(), static_cast<Eigen::Index>(points.size()));
    for (std::size_t i = 0; i < points.size(); ++i) {
        point_rates.col(static_cast<Eigen::Index>(i)) = dynamics.rates(state_of(points[i]));
    }
    Eigen::MatrixXd path_rates(dynamics.units(), 0);
    if (starts.cols() > 0) {
        const std::vector<int> steps = sampled_steps(trial_steps);
        const Eigen::Index paths = std::min<Eigen::Index>(starts.cols(), portrait_paths);
        const std::vector<double> shown(starts.data(), starts.data() + paths * starts.rows());
        path_rates = rates_of(dynamics, sampled_runs(model, shown, steps, exact));
        portrait.times.push_back(0.0);
        for (const int step : steps) {
            portrait.times.push_back(step * model.dt);
        }
    }
    const Eigen::MatrixXd finite = finite_columns(path_rates);
    const Eigen::MatrixXd& spread = finite.cols() > 0 ? finite : point_rates;
    if (spread.cols() == 0) {
        return {};
    }
    const PrincipalAxes principal = principal_axes(spread);
    portrait.components = static_cast<int>(principal.axes.cols());
    portrait.variance_explained = principal.variance_explained;
    append(principal.mean, portrait.centre);
    append(principal.axes, portrait.axes);
    append(principal.scores(path_rates), portrait.paths);
    append(principal.scores(point_rates), portrait.points);
    portrait.orbit_samples = portrait_orbit_steps;
    for (std::size_t i = 0; i < attractors.size(); ++i) {
        const bool moves = attractors[i].kind != AttractorKind::fixed_point &&
                           std::ssize(attractors[i].state) == dynamics.units();
        if (moves && std::ssize(portrait.orbit_attractors) < portrait_orbits) {
            portrait.orbit_attractors.push_back(static_cast<int>(i));
            append(principal.scores(
                       rates_of(dynamics, orbit_of(dynamics, attractors[i], trial_steps))),
                   portrait.orbits);
        }
    }
    return portrait;
}

}  // namespace shoal
