// SPDX-License-Identifier: MIT
// Loss of one (step, trial) and its slope (host/MATHEMATICS.md, B.4). What a device adds in float
// the reference adds in double. CPU twin: host/backend/reference/gradient_network.hpp.
#pragma once

#include <cstdint>

#include "kernels/gradient_arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

template <class Output>
SHOAL_DEVICE float squared_error(const GradientWork& w, const Output& z, int stride,
                                 const float* target, const std::uint8_t* mask) {
    float loss = 0;
    for (int o = 0; o < w.outputs; ++o) {
        const float error = mask[o] != 0 ? z[o * stride] - target[o] : 0.0f;
        loss = fused(error, error, loss);
        z[o * stride] = static_cast<float>(2.0 / w.terms) * error;
    }
    return loss;
}

template <class Output>
SHOAL_DEVICE float cross_entropy(const GradientWork& w, const Output& z, int stride,
                                 const float* target, const std::uint8_t* mask) {
    if (mask[0] == 0) {
        for (int o = 0; o < w.outputs; ++o) {
            z[o * stride] = 0.0f;
        }
        return 0.0f;
    }
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
        const float weight = expf(above);
        sum += weight;
        z[o * stride] = weight;
    }
    const auto scale = static_cast<float>(1.0 / w.terms);
    for (int o = 0; o < w.outputs; ++o) {
        const float p = z[o * stride] / sum;
        z[o * stride] = scale * (p - target[o]);
    }
    return logf(sum) - right;
}

/// z[o * stride] becomes dL/dz.
template <class Output>
SHOAL_DEVICE float loss_and_slope(const GradientWork& w, const Output& z, int stride,
                                  const float* target, const std::uint8_t* mask) {
    return w.loss == Loss::mse ? squared_error(w, z, stride, target, mask)
                               : cross_entropy(w, z, stride, target, mask);
}

}  // namespace shoal::cuda
