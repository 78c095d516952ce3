// SPDX-License-Identifier: MIT
// The trials of sequential-sum step by step (host/MATHEMATICS.md, A.3), one text for host and
// device.
#pragma once

#include <cstdint>

#include "core/qualifiers.hpp"
#include "core/random.hpp"

namespace shoal {

/// What defines the trials. A plain struct, so that it can be copied to a device.
struct SequentialSumTrials {
    static constexpr int inputs = 2;
    static constexpr int outputs = 3;

    int epoch_end[5] = {};  ///< steps: stimulus 1, delay 1, stimulus 2, delay 2, response
    double codes[3] = {};   ///< targets of the sums 0, 1, 2
    double mean[2][inputs] = {};
    bool gaussians = false;  ///< latents are mean + gaussian_std N(0, 1), else rows
    double gaussian_std = 0.0;
    const double* rows[2] = {};       ///< [class] -> [row, input]
    std::uint32_t row_count[2] = {};  ///< [class]
    bool error_everywhere = false;    ///< plain FORCE: every output has an error at every step
};

struct SequentialSumStep {
    double input[SequentialSumTrials::inputs];
    double target[SequentialSumTrials::outputs];
    std::uint8_t mask[SequentialSumTrials::outputs];
};

/// Step t of trial `draw` of the given type (2 digit1 + digit2): a fresh latent of the class at
/// every step of a stimulus, the class mean as target of the memory outputs in a delay, the code of
/// the sum as target of the first output in the response.
SHOAL_HD inline SequentialSumStep trial_step(const SequentialSumTrials& trials, RandomKey key,
                                             Purpose purpose, std::uint32_t draw, int type, int t) {
    SequentialSumStep step = {};
    int epoch = 0;
    while (t >= trials.epoch_end[epoch]) {
        ++epoch;
    }
    const int digit = epoch < 2 ? type / 2 : type % 2;
    if (epoch == 4) {
        step.target[0] = trials.codes[type / 2 + type % 2];
        step.mask[0] = 1;
    } else if (epoch % 2 == 1) {
        for (int i = 0; i < SequentialSumTrials::inputs; ++i) {
            step.target[1 + i] = trials.mean[digit][i];
            step.mask[1 + i] = 1;
        }
    } else {
        const PhiloxWords words =
            random_block(key, purpose, draw, static_cast<std::uint32_t>(t), 0);
        const double* row = trials.rows[digit];
        if (!trials.gaussians) {
            row +=
                SequentialSumTrials::inputs * uniform_index(words.word[0], trials.row_count[digit]);
        }
        for (int i = 0; i < SequentialSumTrials::inputs; ++i) {
            step.input[i] =
                trials.gaussians
                    ? trials.mean[digit][i] + trials.gaussian_std * standard_normal(words.word[i])
                    : row[i];
        }
    }
    if (trials.error_everywhere) {
        for (std::uint8_t& mask : step.mask) {
            mask = 1;
        }
    }
    return step;
}

}  // namespace shoal
