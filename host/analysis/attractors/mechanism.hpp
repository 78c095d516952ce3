// SPDX-License-Identifier: MIT
// From evidence to a verdict. The rules, in this order:
//   none           there is no run to judge by
//   far            a run diverged, or |z_o| > 4 somewhere in the last two of the 50 trial lengths
//                  (tasks whose targets are classes aside: their outputs may be logits)
//   no run keeps moving:
//     direct         the runs end on at least 3 distinct stable fixed points (k < 3 runs: on k, but
//                    at least 2)
//     slow_manifold  fewer
//   every run keeps moving, by the Lyapunov exponents of one run:
//     none           they could not be measured
//     chaotic        the largest is above zero
//     limit_cycle    the run is on a stable cycle that was refined by shooting
//     undecided      at least two may be zero, and the errors leave it open whether the largest is
//                    positive
//     torus          at least two are zero
//     limit_cycle    one is zero, or none but the run comes back to where it was (a periodic orbit
//                    of the discrete map has no zero exponent)
//     slow_manifold  all are below zero without recurrence: the run still converges
//   mixed          some runs settle (or drift towards a point), others keep moving
// An exponent is zero if |lambda| <= max(1e-3 / tau, 3 standard errors): the closed curve on which
// an Euler-discretised cycle lies has an exponent near 0 that resonance with the step makes
// slightly negative, and no run of affordable length resolves less. Where three errors are wider
// than that, it may be zero, and is not sure to be.
// Every number of these rules is a field of VerdictThresholds; sensitivity.hpp moves them.
#pragma once

#include <string>
#include <vector>

#include "analysis/attractors/rules.hpp"
#include "analysis/dynamics/growth.hpp"
#include "records/manifold_records.hpp"
#include "records/records.hpp"

namespace shoal {

/// The numbers that verdicts and labels turn on. Distances and moves are RMS over units, of rates
/// (distances) or of states (moves).
struct VerdictThresholds {
    double far_output = shoal::far_output;  ///< |z_o| above it is far
    double distinct_distance = 1e-3;        ///< fixed points no further apart are one
    double settled_distance = 1e-3;         ///< most that a settled run is away from its root
    double settled_move = 1e-3;             ///< a settled run moves less in one trial
    double moving_move = 0.1;               ///< a run that keeps moving moves more in one trial
    /// A run that keeps moving slows down by less than this share from one stretch to the next.
    double slowing = 0.05;
    ZeroExponents zero_exponents;  ///< which exponents are zero
    int direct_from = 3;           ///< distinct fixed points of "direct"
    Rule rule_b = shoal::rule_b;   ///< the published label
};

/// What an autonomous run was doing when it was last looked at.
struct LastLook {
    double move;           ///< in one trial, at its last speed
    double earlier_move;   ///< in one trial, at the RMS speed of its last stretch but one
    double later_move;     ///< the same of its last stretch
    double root_distance;  ///< from the root that Newton's method finds there, infinity: none
};
/// Slow enough, and near enough to a root, to be settled if that root is stable.
bool has_arrived(const LastLook& look, const VerdictThresholds& thresholds = {});
/// Fast enough, and steady enough, to be moving for good.
bool keeps_moving(const LastLook& look, const VerdictThresholds& thresholds = {});

struct Evidence {
    std::vector<RunFate> fates;           ///< [conclusion]
    double largest_output = 0.0;          ///< max |z_o| over the last two of 50 trial lengths
    int fixed_points = 0;                 ///< distinct stable ones reached
    std::vector<double> exponents;        ///< leading ones, falling, per time; empty: not measured
    std::vector<double> exponent_errors;  ///< their standard errors
    double period = -1.0;                 ///< of a recurrent run, -1: no recurrence seen
    double flow_period = -1.0;            ///< of the flow's cycle near it, -1: none known
    double tau = 1.0;
    bool refined_cycle = false;  ///< on a stable cycle, refined by shooting
};

struct MechanismVerdict {
    Mechanism mechanism = Mechanism::none;
    std::string evidence;  ///< one sentence
};

MechanismVerdict decide_mechanism(const Evidence& evidence,
                                  const VerdictThresholds& thresholds = {});

}  // namespace shoal
