// SPDX-License-Identifier: MIT
// What a run that keeps moving is on.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/lyapunov_spectrum.hpp"
#include "analysis/dynamics/recurrence.hpp"
#include "records/attractor_records.hpp"

namespace shoal {

struct Motion {
    AttractorRecord record;
    std::vector<std::size_t> runs;     ///< that are on it
    std::optional<ClosedOrbit> orbit;  ///< of the first of them, if it returns
    bool exponents_known = false;      ///< all to the half-width that was asked for
};

/// Refines a cycle of about this period from the state. True, and in the record, if it converges
/// onto an isolated stable cycle whose period differs by at most two fifths, as a flow's does from
/// that of steps as long as tau, and which passes the orbit, if there is one, within a fifth of its
/// extent and half of what the state turns by in a step.
bool refine_motion(const Dynamics& dynamics, const Eigen::VectorXd& state, double period,
                   Motion& motion);

/// Measures the motion's exponents along the run from the state, for longer than was asked for
/// where its orbit is long.
void measure_exponents(const Dynamics& dynamics, const Eigen::VectorXd& state,
                       const SpectrumRequest& request, RandomKey key, Motion& motion);

/// Whether the largest exponent is above 0 beyond its error; false if none was measured.
bool is_chaotic(const AttractorRecord& record, double tau);

/// Says what a motion at a steady speed is that is neither chaotic nor on a refined cycle, by its
/// zero exponents: torus, limit cycle, or nothing (false): all are below 0 and it does not return.
/// Two or more exponents within errors of 0 make a torus only where these are within the floor: on
/// a torus errors fall like 1 / length, in weak chaos like its square root, and wide
/// errors around 0 say nothing.
bool name_motion(const Dynamics& dynamics, const Eigen::VectorXd& state, Motion& motion);

}  // namespace shoal
