// SPDX-License-Identifier: MIT
// Loss of one (step, trial) and its slope (host/MATHEMATICS.md, B.4). What a device adds in float
// the reference adds in double. CPU twin: host/backend/reference/gradient_network.hpp.
#pragma once

#include <cstdint>

#include "kernels/gradient_arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// What the error at place `at` counts.
SHOAL_DEVICE float error_weight(const GradientWork& w, std::int64_t at) {
    return w.error_weights != nullptr ? w.error_weights[at] : 1.0f;
}

template <class Output>
SHOAL_DEVICE float squared_error(const GradientWork& w, const Output& z, int stride,
                                 std::int64_t at) {
    float loss = 0;
    for (int o = 0; o < w.outputs; ++o) {
        const float error = w.mask[at + o] != 0 ? z[o * stride] - w.targets[at + o] : 0.0f;
        const float weighted = error_weight(w, at + o) * error;
        loss = fused(weighted, error, loss);
        z[o * stride] = static_cast<float>(2.0 / w.terms) * weighted;
    }
    return loss;
}

template <class Output>
SHOAL_DEVICE float cross_entropy(const GradientWork& w, const Output& z, int stride,
                                 std::int64_t at) {
    if (w.mask[at] == 0) {
        for (int o = 0; o < w.outputs; ++o) {
            z[o * stride] = 0.0f;
        }
        return 0.0f;
    }
    const float* target = w.targets + at;
    float largest = z[0];
    for (int o = 1; o < w.outputs; ++o) {
        const float next = z[o * stride];
        largest = next > largest ? next : largest;
    }
    float sum = 0;
    float right = 0;
    for (int o = 0; o < w.outputs; ++o) {
        const float above = z[o * stride] - largest;
        right = fused(target[o], above, right);
        const float power = expf(above);
        sum += power;
        z[o * stride] = power;
    }
    const float weight = error_weight(w, at);
    const float scale = weight * static_cast<float>(1.0 / w.terms);
    for (int o = 0; o < w.outputs; ++o) {
        const float p = z[o * stride] / sum;
        z[o * stride] = scale * (p - target[o]);
    }
    return weight * (logf(sum) - right);
}

/// Of the (step, trial) whose outputs are at `at`: z[o * stride] becomes dL/dz.
template <class Output>
SHOAL_DEVICE float loss_and_slope(const GradientWork& w, const Output& z, int stride,
                                  std::int64_t at) {
    return w.loss == Loss::mse ? squared_error(w, z, stride, at) : cross_entropy(w, z, stride, at);
}

}  // namespace shoal::cuda
