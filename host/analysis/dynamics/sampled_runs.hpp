// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "backend/backend.hpp"
#include "model/network.hpp"

namespace shoal {

/// States of runs without input by `exact` (fp64), one column each: of every start ([start, unit])
/// in turn, the start itself and the states after the given steps, which rise from 1
/// (there may be none).
Eigen::MatrixXd sampled_runs(const NetworkModel& model, const std::vector<double>& starts,
                             const std::vector<int>& steps, Backend& exact);

/// Steps begin < s <= end at which runs are sampled: every quarter of a trial, and `end`.
std::vector<int> sample_steps(int begin, int end, int trial_steps);

}  // namespace shoal
