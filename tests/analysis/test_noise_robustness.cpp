// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiments/noise_robustness.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

TEST(Noise, OfSizeZeroIsTheNominalTrial) {
    const auto backend = single_precision();
    for (const AnalysisInput& input : {latch(), random_sums(10, 1.1)}) {
        const ConditionTrials conditions = run_conditions(input, *backend);
        const double none[] = {0.0, 0.0};
        const auto ends = noisy_ends(input, conditions, StimulusNoise::gaussian, none, *backend);

        ASSERT_EQ(ends.size(), 2u * 10 * 16);
        for (std::size_t run = 0; run < ends.size(); ++run) {
            EXPECT_EQ(ends[run], conditions.end_outputs[run % 16]);  // the same bits
        }
    }
}

// z_o moves by the noise of each step of the stimulus, carried on by the leak:
//   0.1 x 0.3 sum over steps s < 20 of leak^(69 - s) n(s).
TEST(Noise, MovesALinearUnitByItsMeanAndSpread) {
    const auto backend = single_precision();
    const AnalysisInput input = leaky();
    const ConditionTrials conditions = run_conditions(input, *backend);
    double sum = 0.0;
    double squares = 0.0;
    for (int s = 0; s < short_stimulus; ++s) {
        const double carried = 0.1 * 0.3 * std::pow(leak, short_trial - 1 - s);
        sum += carried;
        squares += carried * carried;
    }
    const double sigmas[] = {1.0, 0.2};
    for (const StimulusNoise kind : {StimulusNoise::uniform, StimulusNoise::gaussian}) {
        const auto ends = noisy_ends(input, conditions, kind, sigmas, *backend);
        for (std::size_t i = 0; i < 2; ++i) {
            const double shift = kind == StimulusNoise::uniform ? 0.5 + 0.5 * sigmas[i] : 0.0;
            const double spread = sigmas[i] / std::sqrt(12.0) * std::sqrt(squares);
            double mean = 0.0;
            double variance = 0.0;
            for (std::size_t run = 0; run < 160; ++run) {
                const double moved = ends[i * 160 + run] - conditions.end_outputs[run % 16];
                mean += moved / 160;
                variance += (moved - shift * sum) * (moved - shift * sum) / 160;
            }
            // Four standard errors of a mean and of a variance over 160 independent runs.
            EXPECT_NEAR(mean, shift * sum, 4.0 * spread / std::sqrt(160.0));
            EXPECT_NEAR(variance, spread * spread, 4.0 * spread * spread * std::sqrt(2.0 / 160));
        }
    }
}

// The two sizes and kinds come from the same draws: what a linear unit is moved by is proportional.
TEST(Noise, OfTwoSizesIsTheSameDraws) {
    const auto backend = make_backend("reference", {Precision::fp64, 1, 0});
    const AnalysisInput input = leaky();
    const ConditionTrials conditions = run_conditions(input, *backend);
    const double sigmas[] = {0.5, 1.0};
    const auto ends = noisy_ends(input, conditions, StimulusNoise::gaussian, sigmas, *backend);
    for (std::size_t run = 0; run < 160; ++run) {
        const double nominal = conditions.end_outputs[run % 16];
        // tanh x = x (1 - x^2 / 3), |x| below 2e-3 / R in units of z: 1e-6 relative.
        EXPECT_NEAR(ends[160 + run] - nominal, 2.0 * (ends[run] - nominal), 1e-5);
    }
    EXPECT_NE(ends[0], ends[16]);  // another seed
    EXPECT_NE(ends[0] - conditions.end_outputs[0], ends[4] - conditions.end_outputs[4]);
}

// The bias moves z_o by (0.5 + sigma / 2) 0.533, more than 0.1 at any size; without it most runs
// of small sigma, where the spread is 0.034 sigma, survive.
TEST(Noise, RecordTellsTheBiasFromTheSpread) {
    const auto backend = single_precision();
    const AnalysisInput input = leaky();
    const NoiseRecord record =
        measure_noise_robustness(input, run_conditions(input, *backend), *backend);

    EXPECT_TRUE(record.applicable);
    EXPECT_EQ(record.runs, 160);
    ASSERT_EQ(record.sigmas.size(), 21u);
    EXPECT_EQ(record.sigmas.back(), 40.0);
    EXPECT_EQ(record.failed_uniform, std::vector<double>(21, 1.0));
    EXPECT_EQ(record.uniform_all_right, 0.0);
    EXPECT_EQ(record.uniform_half_right, 0.0);
    // Spread of z_o: 0.0344 sigma. 0.1 is 5.8 of it at sigma 0.5, 2.9 at 1, 0.58 at 5 (56 % fail).
    EXPECT_EQ(record.failed_gaussian[4], 0.0);
    EXPECT_GE(record.gaussian_all_right, 0.5);
    EXPECT_GE(record.gaussian_half_right, 3.0);      // 0.97: 33 % +- 4
    EXPECT_LE(record.gaussian_half_right, 6.0);      // 0.48: 63 % +- 4
    EXPECT_GT(record.failed_gaussian.back(), 0.85);  // 0.073: 94 % +- 2
    EXPECT_TRUE(std::is_sorted(record.failed_gaussian.begin(), record.failed_gaussian.end()));
}

TEST(Noise, ALatchBearsWhatDoesNotUnlatchIt) {
    const auto backend = single_precision();
    const AnalysisInput input = latch();
    const NoiseRecord record =
        measure_noise_robustness(input, run_conditions(input, *backend), *backend);
    EXPECT_EQ(record.failed_gaussian.front(), 0.0);
    EXPECT_GT(record.failed_gaussian.back(), 0.2);  // overwhelmed: the side is drawn by lot
}

}  // namespace
}  // namespace shoal
