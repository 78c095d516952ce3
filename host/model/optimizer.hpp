// SPDX-License-Identifier: MIT
// The optimisers' arithmetic for one weight (host/MATHEMATICS.md, B.4), one text for host and
// device.
#pragma once

#include <cmath>

#include "config/spec.hpp"
#include "core/qualifiers.hpp"
#include "model/equations.hpp"

namespace shoal {

/// Factors of one update, the same for all weights of a network.
template <typename T>
struct UpdateStep {
    T rate = 0;        ///< learning rate; for Adam over 1 - beta1^(k+1)
    T keep_first = 0;  ///< beta1, or the momentum of sgd
    T add_first = 1;   ///< 1 - beta1; 1 for sgd
    T keep_second = 0;
    T add_second = 0;
    T root_scale = 1;  ///< 1 / sqrt(1 - beta2^(k+1))
    T epsilon = 0;
    T decay = 0;  ///< learning rate x weight decay
};

/// Learning rate of iteration k (from 0): warm-up, then constant, linear or cosine to 0 at the end.
inline double learning_rate(const TrainingConfig& training, int iteration) {
    const double ended = (static_cast<double>(iteration) - training.warmup) /
                         (training.iterations - training.warmup);
    double factor = 1.0;
    if (iteration < training.warmup) {
        factor = (iteration + 1.0) / (training.warmup + 1.0);
    } else if (training.schedule == RateSchedule::linear) {
        factor = 1.0 - ended;
    } else if (training.schedule == RateSchedule::cosine) {
        factor = 0.5 * (1.0 + std::cos(3.14159265358979323846 * ended));
    }
    return training.learning_rate * factor;
}

/// Factors of iteration k (from 0).
template <typename T>
UpdateStep<T> update_step(const TrainingConfig& training, int iteration) {
    const double rate = learning_rate(training, iteration);
    UpdateStep<T> step;
    step.decay = static_cast<T>(rate * training.weight_decay);
    if (training.optimizer == Optimizer::sgd) {
        step.rate = static_cast<T>(rate);
        step.keep_first = static_cast<T>(training.momentum);
        return step;
    }
    step.rate = static_cast<T>(rate / (1.0 - std::pow(training.beta1, iteration + 1.0)));
    step.keep_first = static_cast<T>(training.beta1);
    step.add_first = static_cast<T>(1.0 - training.beta1);
    step.keep_second = static_cast<T>(training.beta2);
    step.add_second = static_cast<T>(1.0 - training.beta2);
    step.root_scale =
        static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(training.beta2, iteration + 1.0)));
    step.epsilon = static_cast<T>(training.epsilon);
    return step;
}

/// Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019):
/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate (m^ / (sqrt(v^) + eps) + decay w).
template <typename T>
SHOAL_HD void adam_update(const UpdateStep<T>& step, T gradient, T& weight, T& first, T& second) {
    first = fused(step.keep_first, first, step.add_first * gradient);
    second = fused(step.keep_second, second, step.add_second * gradient * gradient);
    const T root = static_cast<T>(sqrt(second));
    const T scaled = first / fused(root, step.root_scale, step.epsilon);
    weight = fused(-step.rate, scaled, fused(-step.decay, weight, weight));
}

/// Gradient descent with momentum: m = mu m + g, w -= rate (m + decay w).
template <typename T>
SHOAL_HD void sgd_update(const UpdateStep<T>& step, T gradient, T& weight, T& first) {
    first = fused(step.keep_first, first, gradient);
    weight = fused(-step.rate, first, fused(-step.decay, weight, weight));
}

}  // namespace shoal
