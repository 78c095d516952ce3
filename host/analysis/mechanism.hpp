// SPDX-License-Identifier: MIT
// From evidence to a verdict. The rules, in this order:
//   far            a run diverged, or |z_o| > 4 somewhere in the last two of the 50 trial lengths
//                  (tasks whose targets are classes aside: their outputs may be logits)
//   none           the numbers did not allow a verdict (no run could be followed)
//   mixed          some runs settle (or drift towards a point), others keep moving
//   no run keeps moving:
//     direct         the runs end on at least 3 distinct stable fixed points (with k < 3 trial
//     types: k,
//                    at least 2)
//     slow_manifold  fewer
//   every run keeps moving, by the Lyapunov exponents of one run:
//     chaotic        the largest is above zero
//     torus          at least two are zero
//     limit_cycle    one is zero, or none but the run comes back to where it was (a periodic orbit
//     of
//                    the discrete map has no zero exponent)
//     slow_manifold  all are below zero without recurrence: the run still converges
// An exponent is zero if |lambda| <= max(1e-3 / tau, 3 standard errors): the closed curve on which
// an Euler-discretised cycle lies has an exponent near 0 that resonance with the step makes
// slightly negative, and no run of affordable length resolves less.
#pragma once

#include <string>
#include <vector>

#include "store/records.hpp"

namespace shoal {

/// What a conclusion's autonomous run was doing when it was last seen.
enum class RunFate {
    settled,   ///< on a stable fixed point
    drifting,  ///< too slow, or still slowing too much, to be called moving; not on a stable point
    moving,    ///< keeps a steady speed
    diverged,  ///< left the range of numbers
};

struct Evidence {
    std::vector<RunFate> fates;           ///< [conclusion]
    double largest_output = 0.0;          ///< max |z_o| over the last two of 50 trial lengths
    int fixed_points = 0;                 ///< distinct stable ones reached
    std::vector<double> exponents;        ///< leading ones, falling, per time; empty: not measured
    std::vector<double> exponent_errors;  ///< their standard errors
    double period = -1.0;                 ///< of a recurrent run, -1: no recurrence seen
    double tau = 1.0;
};

struct Verdict {
    Mechanism mechanism = Mechanism::none;
    std::string evidence;  ///< one sentence
};

/// Largest |lambda| that counts as zero.
double exponent_resolution(double standard_error, double tau);

Verdict decide_mechanism(const Evidence& evidence);

}  // namespace shoal
