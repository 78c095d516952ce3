// SPDX-License-Identifier: MIT
// What the kernels of gradient training get (host/MATHEMATICS.md, B.4). A network's trained weights
// are seen as one matrix M, zero beyond its rows and columns:
//
//            units  inputs  1
//   units  [  W      W_in   b ]     M [r(t); u(t); 1] = [p(t); z(t-1)]
//   outputs[ W_out    0     0 ]     M' [d(t); dz(t-1)] = dL/dr(t) in its first rows,
//                                   dM = sum over t, trials of [d(t); dz(t-1)] [r(t); u(t); 1]'
//
// with d(T) = 0 and dz(-1) = 0. So one product a step does states and outputs, and dM holds every
// gradient but that of the initial state. Trials go in tiles; arrays with a tile axis are padded to
// whole tiles, and padded trials stay at 0.
#pragma once

#include <cstdint>

#include "config/spec.hpp"
#include "core/random.hpp"
#include "model/optimizer.hpp"

namespace shoal::cuda {

/// What an iteration did to one network.
struct GradientSums {
    double loss = 0.0;
    double penalty = 0.0;
    double gradient_norm = 0.0;
    int diverged = 0;
};

/// Places [begin, end) in the order of WeightLayout.
struct TrainedRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

/// WeightLayout's places, for the device.
struct WeightOffsets {
    std::int64_t input = 0;
    std::int64_t bias = 0;
    std::int64_t readout = 0;
    std::int64_t initial_state = 0;
    std::int64_t factor_u = 0;
    std::int64_t factor_v = 0;
    std::int64_t size = 0;
};

/// One network in one iteration.
struct GradientWork {
    // sizes
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    int rank = 0;
    int steps = 0;
    int trials = 0;
    int tiles = 0;           ///< of trials
    int tile_trials = 0;     ///< trials of one tile
    int matrix_rows = 0;     ///< of M, padded
    int matrix_columns = 0;  ///< of M, padded
    // equations
    Cell cell{};
    Loss loss = Loss::mse;
    float leak = 0;        ///< a = dt / tau
    float noise = 0;       ///< sqrt(a) sigma
    float rate_slope = 0;  ///< 2 rate_penalty / number of rates
    double terms = 0;      ///< what the loss is divided by
    double rate_penalty = 0;
    double l2 = 0;
    double clip = 0;
    RandomKey key;
    std::uint32_t first_trial = 0;
    // optimiser
    int adam = 1;
    int apply = 1;  ///< 0: the gradient is wanted, nothing changes
    int range_count = 0;
    TrainedRange ranges[6];
    UpdateStep<float> update;
    // trials, [time, trial, channel]
    const float* trial_inputs = nullptr;
    const float* targets = nullptr;
    const std::uint8_t* mask = nullptr;
    const float* error_weights = nullptr;  ///< null: all errors count 1
    // the network, in the order of WeightLayout
    WeightOffsets at;
    float* weights = nullptr;
    float* first_moment = nullptr;
    float* second_moment = nullptr;  ///< adam
    const float* base = nullptr;     ///< gain J, with rank > 0
    // scratch; history is of the arithmetic's elements and starts with the segment's first step
    float* matrix = nullptr;       ///< M
    float* checkpoints = nullptr;  ///< [segment from 1, tile, unit, trial]: state at its start
    float* state = nullptr;        ///< [tile, unit, stride]: where shared memory has no room
    void* rates = nullptr;         ///< [step + 1, tile, unit, trial]: r
    void* squashed = nullptr;  ///< [step, tile, unit, trial]: tanh(p), where drives are squashed
    void* errors = nullptr;    ///< [step + 1, tile, row, trial]: [d; dz], where dM is not fused
    float* slopes = nullptr;   ///< [time, tile, output, trial]: dL/dz
    float* losses = nullptr;   ///< [time, tile, trial]
    float* carried_lambda = nullptr;  ///< [tile, unit, trial]
    float* carried_error = nullptr;   ///< [tile, unit, trial]: d at the segment's start
    float* partials = nullptr;        ///< [part]: dM; parts are tiles, or one
    int parts = 0;
    float* initial = nullptr;     ///< [tile, unit]: dL/d initial state
    double* rate_sums = nullptr;  ///< [tile, thread of its warps]: sum of r^2
    int warps = 0;
    int* left_range = nullptr;  ///< [tile]: 1 if a state left the range
    float* gradient = nullptr;  ///< in the order of WeightLayout
    GradientSums* sums = nullptr;
};

/// Which tile of which network a block works on.
struct GradientBlock {
    int work = 0;
    int tile = 0;
};

/// Steps [first, last) of all trials.
struct GradientSegment {
    int index = 0;
    int first = 0;
    int last = 0;
    int from_start = 0;  ///< 1: first pass (losses of all segments are had once)
};

struct GradientArguments {
    const GradientWork* works = nullptr;
    const GradientBlock* blocks = nullptr;  ///< [block]
    GradientSegment segment;
    int state_in_shared = 1;
};

}  // namespace shoal::cuda
