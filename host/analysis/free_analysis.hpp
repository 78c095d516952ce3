// SPDX-License-Identifier: MIT
// The dynamics of any network, trained here or not: what level full finds out without a task
// (host/MATHEMATICS.md, A.9).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "analysis/parts.hpp"
#include "backend/backend.hpp"
#include "records/free_records.hpp"

namespace shoal {

struct FreeNetwork {
    /// Without feedback: weights are effective ones. Its dt is that of its runs, see step_of().
    NetworkModel model;
    std::optional<SystemKind> as;        ///< flow or map; nothing: by dt, see Dynamics
    std::vector<double> constant_input;  ///< [input], held throughout; empty: 0
    Eigen::MatrixXd starts;              ///< [unit, start]: memory states; there may be none
    /// T of the rules that tell slow from fast (census, slow modes), in steps.
    int trial_steps = 0;
    RandomKey key;   ///< of random starts and frames
    int effort = 1;  ///< times the drawn runs, and the bounds of the search (SearchOptions)
};

/// Searches fixed and slow points from the given states, copies of them with noise and drawn
/// states, more where these say that roots are missing; follows the given states and 32 drawn ones
/// to where they end (kind `memory` and `random` of the census), from where the search goes on;
/// slow modes at points that they end on, and at other proved ones; the verdict of
/// judge_memories(). Pure function of its input; never throws on bad numbers.
DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact);

/// The same; `observer` is told of every part. From `begun` (may be null), which the observer of an
/// analysis of the same input was given, it goes on to the same bits.
DynamicsAnalysis analyze_dynamics(const FreeNetwork& network, Backend& exact,
                                  PartObserver& observer, const BegunAnalysis* begun);

}  // namespace shoal
