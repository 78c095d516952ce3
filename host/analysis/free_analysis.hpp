// SPDX-License-Identifier: MIT
// The dynamics of any network, trained here or not: what level full finds out without a task.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "backend/backend.hpp"
#include "store/dynamics_file.hpp"

namespace shoal {

struct FreeNetwork {
    NetworkModel model;                  ///< without feedback: weights are effective ones
    std::vector<double> constant_input;  ///< [input], held throughout; empty: 0
    Eigen::MatrixXd starts;              ///< [unit, start]: states that matter to the caller
    /// T of the rules that tell slow from fast (census, slow modes), in steps.
    int trial_steps = 0;
    RandomKey key;  ///< of random starts and frames
};

/// Searches fixed and slow points from the given states, copies of them with noise and 256 random
/// states; follows the given states and 32 random ones to where they end (kind `memory` and
/// `random` of the census); slow modes at points that they end on, and at other proved ones. Pure
/// function of its input; never throws on bad numbers.
DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact);

}  // namespace shoal
