// SPDX-License-Identifier: MIT
// How work is laid out on a device: pure functions of sizes and device limits, tested without a
// GPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/spec.hpp"

namespace shoal::cuda {

/// What a device has. Bytes and counts as CUDA reports them.
struct DeviceLimits {
    std::string name;
    int capability = 0;  ///< 90 for sm_90
    int multiprocessors = 0;
    int shared_per_block = 0;           ///< most that one block may ask for
    int shared_per_multiprocessor = 0;  ///< for all its blocks
    int threads_per_multiprocessor = 0;
    int registers_per_multiprocessor = 0;
    std::uint64_t memory = 0;
};

/// Limits of a representative card of a compute capability: 80 (A100), 86 (RTX 3090), 89 (RTX
/// 4090), 90 (H100), 120 (RTX 5090).
DeviceLimits typical_limits(int capability);

/// How a network is trained or simulated.
enum class Route {
    tile32,    ///< J in registers, P in shared memory: up to 32 units
    tile64,    ///< up to 64
    tile128,   ///< up to 128
    tile204,   ///< up to 204
    streamed,  ///< any size: J, P and states in device memory, one launch per step and operation
};
const char* name_of(Route route);

/// Shape of a launch that trains networks of one size on chip.
struct ForcePolicy {
    Route route = Route::streamed;
    int threads = 0;              ///< per block; one block a network
    int shared_bytes = 0;         ///< per block
    bool gains_in_shared = true;  ///< pending gains in shared memory, else in device memory
    int networks_at_once = 0;     ///< on the whole device
    std::string reason;           ///< why not on chip; empty if it is
};

/// What decides a network's policy.
struct ForceShape {
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    bool groups_overlap = false;
    Precision precision = Precision::fp32;
};
ForcePolicy force_policy(const ForceShape& shape, const DeviceLimits& limits);

/// Networks that one on-chip launch takes, whole rounds of networks_at_once, so that it does not
/// last over 0.5 s. A single round is never cut: trials of more than 125,000 steps may take longer.
int networks_per_launch(const ForcePolicy& policy, int steps);

/// Shape of a launch that simulates conditions of one network.
struct SimulationPolicy {
    Route route = Route::streamed;
    int threads = 0;
    int shared_bytes = 0;
    int conditions_per_block = 0;
    int steps_per_launch = 0;  ///< so that no launch lasts over 0.5 s
};
SimulationPolicy simulation_policy(int units, int inputs, int outputs, Precision precision,
                                   const DeviceLimits& limits);

/// Shared memory of a block that takes up to so many conditions on an on-chip route.
int simulation_shared_bytes(Route route, int units, int inputs, int outputs, int conditions);

/// Registers that launch bounds leave a thread: `blocks` of `threads` each on one multiprocessor.
int register_budget(int threads, int blocks);
/// The same for the on-chip kernels of a route.
int register_budget(Route route);

/// Largest number of units trained on chip with the outputs and inputs of the published task.
int largest_on_chip(const DeviceLimits& limits);

}  // namespace shoal::cuda
