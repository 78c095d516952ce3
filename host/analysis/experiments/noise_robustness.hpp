// SPDX-License-Identifier: MIT
// How much noise on the first stimulus a network bears (host/MATHEMATICS.md, A.10; Ghazizadeh &
// Ching 2021, code). Added afresh to every channel at every step of the trial's first stimulus:
//   uniform    sigma U(0, 1) + 0.5     the published noise; its mean 0.5 + sigma / 2 is a bias
//   gaussian   N(0, sigma^2 / 12)      the control (ours): the same standard deviation, no bias
// Failed: z_o at the end of the trial is more than 0.1 away from the nominal, noise-free end's.
#pragma once

#include <span>
#include <vector>

#include "analysis/experiments/condition_trials.hpp"
#include "records/behaviour_records.hpp"

namespace shoal {

enum class StimulusNoise { uniform, gaussian };

inline constexpr int noise_seeds = 10;
/// The published sizes.
inline constexpr double noise_sigmas[] = {0.1, 0.2, 0.25, 0.33, 0.5, 1,  2,  3,  4,  5, 6,
                                          7,   8,   9,    10,   15,  20, 25, 30, 35, 40};

/// z_o at the end of every trial with noise, [sigma, seed, condition]; NaN: left the range. Draws
/// are keyed (key, stimulus_noise, seed, step, condition channels + channel): all sizes and both
/// kinds come from the same bits, so that curves over sigma and the two kinds are paired. The task
/// has parts.
std::vector<double> noisy_ends(const AnalysisInput& input, const ConditionTrials& conditions,
                               StimulusNoise kind, std::span<const double> sigmas,
                               Backend& behaviour);

NoiseRecord measure_noise_robustness(const AnalysisInput& input, const ConditionTrials& conditions,
                                     Backend& behaviour);

}  // namespace shoal
