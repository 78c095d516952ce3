// SPDX-License-Identifier: MIT
// How gradient training is laid out on a device: pure functions of a network's sizes and device
// limits, never of other networks, tested without a GPU.
#pragma once

#include "backend/gradient.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// How much of a network a block takes (launch/gradient_operations.hpp).
enum class GradientRoute { small, medium, large, huge };
const char* name_of(GradientRoute route);

struct GradientPolicy {
    GradientRoute route = GradientRoute::huge;
    Precision precision = Precision::fp32;
    bool fused = false;      ///< dM in registers
    bool state_here = true;  ///< states and lambda in shared memory, else in device memory
    int tile_trials = 0;     ///< trials of one block
    int tiles = 0;           ///< of trials; one block each
    int threads = 0;         ///< that this network needs; fused: a warp for 16 units
    int matrix_rows = 0;     ///< of M, padded
    int matrix_columns = 0;  ///< of M, padded
    int forward_bytes = 0;   ///< shared memory of a block
    int backward_bytes = 0;
    int segment_steps = 0;     ///< steps of one launch, whose history is kept
    int networks_at_once = 0;  ///< in one launch: at least fills the device
    /// Networks that may share a launch have equal ones of these.
    bool same_launch(const GradientPolicy& other) const {
        return route == other.route && state_here == other.state_here;
    }
};

/// Throws a usage error where a network is too large for the device, or for fp64.
GradientPolicy gradient_policy(const GradientShape& shape, Precision precision,
                               const DeviceLimits& limits);

/// Places of a network's scratch in its slot, in bytes.
struct GradientScratch {
    std::size_t matrix, checkpoints, state, rates, squashed, errors, slopes, losses;
    std::size_t carried_lambda, carried_error, partials, initial, rate_sums, left_range, gradient;
    std::size_t size;
    GradientScratch(const GradientShape& shape, const GradientPolicy& policy);
};

}  // namespace shoal::cuda
