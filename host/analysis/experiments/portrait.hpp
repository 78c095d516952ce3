// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "backend/backend.hpp"
#include "model/network.hpp"
#include "records/attractor_records.hpp"
#include "records/portrait_records.hpp"
#include "records/records.hpp"

namespace shoal {

inline constexpr int portrait_paths = 16;         ///< most paths drawn
inline constexpr int portrait_lengths = 20;       ///< trial lengths that a path is followed
inline constexpr int portrait_samples = 100;      ///< of a path, ever wider apart
inline constexpr int portrait_orbits = 8;         ///< most moving attractors drawn
inline constexpr int portrait_orbit_steps = 200;  ///< samples of an orbit

/// Follows the first of `starts` (states, one per column) without input by `exact` (fp64) and puts
/// them, the points and the moving attractors into the principal components of the paths' rates.
/// Paths that leave the range of numbers are NaN from there on and count nowhere; if all do, or
/// there are none, the components are those of the points' rates. Pure function of its input.
Portrait draw_portrait(const NetworkModel& model, const Eigen::MatrixXd& starts, int trial_steps,
                       const std::vector<FixedPoint>& points,
                       const std::vector<AttractorRecord>& attractors, Backend& exact);

}  // namespace shoal
