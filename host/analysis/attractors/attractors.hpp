// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

/// A run that keeps moving.
struct MovingRun {
    Eigen::VectorXd state;  ///< at its end
    Eigen::MatrixXd
        window_means;  ///< time means of its rates, one column per window of equal length
};

/// Tells runs apart by their mean rates: two are on the same attractor if these differ (RMS over
/// units) by no more than three standard errors, which the scatter of the windows' means, pooled
/// over runs, gives, or by less than what tells fixed points apart. [run]: 0, 1, ... in order of
/// first appearance.
std::vector<int> group_by_means(const std::vector<MovingRun>& runs);

/// Number of distinct attractors among runs that keep moving. If every run lies on a periodic orbit
/// (traced over at most `steps` steps), those orbits are counted, otherwise the groups of means.
int count_moving_attractors(const Dynamics& dynamics, const std::vector<MovingRun>& runs,
                            int steps);

}  // namespace shoal
