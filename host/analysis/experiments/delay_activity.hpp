// SPDX-License-Identifier: MIT
// What the activity in the delay looks like, and what the memory costs (host/MATHEMATICS.md, A.10).
#pragma once

#include <Eigen/Core>

#include "analysis/experiments/condition_trials.hpp"
#include "records/behaviour_records.hpp"

namespace shoal {

/// (tr C)^2 / tr C^2 of the covariance C of the columns of `samples` ([unit, sample]) about their
/// mean: the number of dimensions if the variance is spread evenly over them (Gao et al. 2017).
/// NaN without variance.
double participation_ratio(const Eigen::MatrixXd& samples);

/// Phasic or tonic (ours). For one unit, with r over conditions c and times t of a delay,
///   within  = mean over c of (variance over t of r)      activity that comes and goes
///   between = variance over c of (mean over t of r)      activity that stays and tells conditions
///   index   = within / (within + between)                apart
/// For a network the sums over units of both. 1: phasic, 0: tonic; NaN where r does not vary.
struct PhasicIndex {
    double network = 0.0;
    Eigen::VectorXd units;
};
/// `rates` is [unit, condition times + time].
PhasicIndex phasic_index(const Eigen::MatrixXd& rates, int times);

/// What a network needs for what it can do (ours); fewer attractors and saturated units are more
/// efficient. From the caller: distinct attractors (negative: not known), saturated share of units
/// in the delay, and the share of its task that the network solves (1 - fraction_failed).
struct Efficiency {
    double attractors_per_solved = 0.0;  ///< NaN: not known, or nothing is solved
    double saturated_per_solved = 0.0;
};
Efficiency efficiency(int attractors, double saturated_delay, double solved_share);

/// Activity in the delay of the nominal trials; of tasks without a delay between two stimuli in the
/// first error epoch, as `epoch` says. `costs` from efficiency().
ActivityRecord measure_activity(const ConditionTrials& conditions, const Efficiency& costs);

}  // namespace shoal
