// SPDX-License-Identifier: MIT
// What kernels get: descriptions of networks, trials and runs in device memory. All plain structs,
// copied to the device as they are.
#pragma once

#include <cstdint>

#include "config/spec.hpp"
#include "task/sequential_sum_trials.hpp"

namespace shoal::cuda {

/// Fixed weights of one network, shared by its runs. Arrays with a unit axis have it innermost.
template <typename T>
struct Weights {
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    Cell cell{};
    T gain = 0;
    T step = 0;                    ///< dt / tau
    const T* recurrent = nullptr;  ///< J, [from, to]
    const T* input = nullptr;      ///< [input, unit]
    const T* feedback = nullptr;   ///< [output, unit]; null: outputs are not fed back
    const T* bias = nullptr;       ///< [unit]; null: none
};

/// One network in FORCE training.
template <typename T>
struct ForceNetwork {
    Weights<T> weights;
    int groups = 0;
    const int* group_of_output = nullptr;  ///< [output]
    T* state = nullptr;                    ///< x, [unit]
    T* output = nullptr;                   ///< z, [output]
    T* readout = nullptr;                  ///< [output, unit]
    T* inverse_correlation = nullptr;      ///< P of every group, one after the other
    std::int64_t group_size = 0;           ///< numbers in one P
};

/// What a trial means for one readout group at one step, in the streamed kernels
/// (host/MATHEMATICS.md, A.5).
struct GroupStep {
    std::int8_t full = 0;  ///< pending updates to rewrite P with before this step's update; 0: none
    std::int8_t update = -1;  ///< updates pending before this step's; -1: no update at this step
    std::int8_t ends = 0;     ///< pending updates to rewrite P with after this step; 0: none
};

/// One trial as the kernels read it.
template <typename T>
struct TrialData {
    int steps = 0;
    const T* inputs = nullptr;              ///< [time, input]
    const double* targets = nullptr;        ///< [time, output]
    const std::uint32_t* errors = nullptr;  ///< [time]: bit g: outputs of group g have an error
};

/// One network's part in a launch that runs a trial.
struct TrialWork {
    int network = 0;  ///< in the table of networks
    int trial = 0;    ///< in the table of trials
    int odd = 0;  ///< 1 if the trial's first global step is odd: updates fall on even global steps
};

/// What a trial did to one network. The sums are laid out [network of the launch, output].
struct TrialSums {
    double* squared_error = nullptr;  ///< over the steps with an error
    int* terms = nullptr;
    int* diverged_at = nullptr;  ///< [network of the launch]: step, or -1
    int outputs = 0;             ///< of the widest network
};

/// Steps over which the mean of r is wanted.
struct MeanWindow {
    int begin = 0;
    int end = 0;
};

/// A run of one network with frozen weights, whatever the condition.
template <typename T>
struct Run {
    Weights<T> weights;
    const T* readout = nullptr;         ///< [output, unit]
    const T* constant_input = nullptr;  ///< [input], where a condition has no inputs; null: 0
    int steps = 0;
    int outputs_from = 0;  ///< outputs of this step and later are recorded
    const MeanWindow* windows = nullptr;
    int window_count = 0;
};

/// One condition of a run, or one network of a trial. Everything is this condition's own but
/// `inputs`.
template <typename T>
struct Condition {
    int run = 0;                  ///< in the table of runs
    const T* inputs = nullptr;    ///< [time, input]; null: the run's constant input
    T* state = nullptr;           ///< x, [unit]
    T* output = nullptr;          ///< z, [output]
    T* rates = nullptr;           ///< r, [unit]; streamed only
    T* product = nullptr;         ///< J r, [unit]; streamed only
    T* recorded = nullptr;        ///< [recorded step, output]; null: nothing is recorded
    double* rate_sums = nullptr;  ///< [window, unit]: sum of r
    int* diverged_at = nullptr;   ///< first step out of range, or -1
};

}  // namespace shoal::cuda
