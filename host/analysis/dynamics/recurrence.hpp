// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

/// A periodic orbit, followed once around.
struct ClosedOrbit {
    double period = 0.0;
    double extent = 0.0;  ///< largest RMS distance of its rates from those at its start
    std::vector<Eigen::VectorXd>
        rates;  ///< [step], from the start on to the first step of the next round
};

/// Longest period looked for, in trial lengths.
inline constexpr int recurrence_lengths = 10;

/// How far from an orbit, as a share of its extent, counts as being on it.
inline constexpr double orbit_tolerance = 0.02;

/// Follows the run from `start` until it comes back to where it was; nothing if it does not within
/// `steps` Euler steps. Flows: the first passage through the plane through `start` normal to its
/// velocity, in that direction, at which the interpolated rates are within orbit_tolerance of those
/// at `start`, and what the chord between two steps misses of an arc: about (omega dt)^2 / 8 of the
/// extent, which is little but where dt is close to tau. Maps: the first step whose rates are
/// within 1e-6 of the extent.
std::optional<ClosedOrbit> trace_orbit(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                       int steps);

/// How close the run from `start`, where the orbit was traced from, passes there again after 1 ...
/// `rounds` periods: RMS distance of rates; of maps just then, of flows the least within a tenth of
/// a period (at least a step) of each.
std::vector<double> return_distances(const Dynamics& dynamics, const ClosedOrbit& orbit,
                                     const Eigen::VectorXd& start, int rounds);

/// RMS distance of rates from an orbit: from its steps (maps), or from the chords between them but
/// for what these miss of the arcs.
double distance_from(const Dynamics& dynamics, const ClosedOrbit& orbit,
                     const Eigen::VectorXd& rates);

/// Whether it is within orbit_tolerance of the extent.
bool lies_on(const Dynamics& dynamics, const ClosedOrbit& orbit, const Eigen::VectorXd& rates);

}  // namespace shoal
