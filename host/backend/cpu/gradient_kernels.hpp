// SPDX-License-Identifier: MIT
// The arithmetic of gradient training on the CPU (host/MATHEMATICS.md, B.4): a table of functions
// compiled for several instruction sets, chosen at run time. Every sum runs in an order that
// depends on a network's shape alone.
#pragma once

#include <cstdint>

#include "backend/cpu/gradient_plan.hpp"
#include "config/spec.hpp"
#include "model/optimizer.hpp"

namespace shoal::cpu {

/// Distance between the outputs of a step in errors, targets and scales: trials in whole vectors.
inline int trial_lanes(int trials) {
    return (trials + block - 1) / block * block;
}

/// One block of trials of one network, from forward() to backward().
template <typename T>
struct GradientPass {
    const GradientPlan* plan = nullptr;
    Cell cell{};
    Loss task_loss = Loss::mse;
    TrainedParts trained;
    T step = 1;           ///< dt / tau
    T rate_factor = 0;    ///< derivative of the rate penalty is rate_factor r
    T noise_factor = 0;   ///< sqrt(dt / tau) sigma
    RandomKey noise_key;  ///< of the process noise
    std::int64_t first_trial = 0;
    int trials = 0;

    const T* weights = nullptr;           ///< as GradientPlan describes
    const T* backward_weights = nullptr;  ///< row: the unit or output gone to; column: from
    T* gradient = nullptr;                ///< +=, as the weights

    const T* drives = nullptr;   ///< [step][trial][inputs and a 1]
    const T* targets = nullptr;  ///< [step][output][trial lanes]
    const T* scales = nullptr;   ///< the same: weights times the loss's factor
    T* rates = nullptr;          ///< [step + 1][trial][stride]
    T* deltas = nullptr;         ///< [step][trial][stride]: squashed drives, then dL/d(drive)
    T* states = nullptr;         ///< [trial][stride]: states that are squashed, then dL/d(state)
    T* noise = nullptr;          ///< [trial][stride]
    T* errors = nullptr;         ///< [step][output][trial lanes]: dL/dz
    T* outputs = nullptr;        ///< [output][trial lanes]

    double loss = 0.0;     ///< += this block's part
    double squares = 0.0;  ///< += sum of r^2, if rate_factor is not 0
    bool in_range = true;  ///< cleared once a state leaves the range
};

template <typename T>
struct GradientKernels {
    VectorShape vectors;
    /// All steps forward: rates, errors, loss and the readout's gradient.
    void (*forward)(GradientPass<T>& pass);
    /// All steps back: the gradients of everything but the readout.
    void (*backward)(GradientPass<T>& pass);
    /// The backward matrix of these weights.
    void (*transpose)(const GradientPlan& plan, const T* weights, T* backward);
    /// The recurrent part of `weights` += U V'.
    void (*add_factors)(const GradientPlan& plan, T* weights);
    /// Gradients of U and V from that of W, which becomes 0. `weights` has U and V.
    void (*factor_gradients)(const GradientPlan& plan, const T* weights, T* gradient);
    /// Sum of squares; `size` is a multiple of the lanes, here and below.
    double (*sum_of_squares)(const T* values, std::size_t size);
    /// gradient += factor * weights
    void (*add_scaled)(T factor, const T* weights, T* gradient, std::size_t size);
    /// One update with gradient * scale; without `second` that of sgd.
    void (*update)(const UpdateStep<T>& step, T scale, const T* gradient, T* weights, T* first,
                   T* second, std::size_t size);
};

template <typename T>
const GradientKernels<T>& gradient_kernels();
template <>
const GradientKernels<float>& gradient_kernels<float>();
template <>
const GradientKernels<double>& gradient_kernels<double>();

}  // namespace shoal::cpu
