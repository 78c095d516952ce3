// SPDX-License-Identifier: MIT
#include "analysis/experiments/noise_robustness.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/error.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr double uniform_shift = 0.5;

// Noise of size 1 (and its shift) of every seed and condition over the stimulus.
struct UnitNoise {
    double shift = 0.0;
    std::vector<double> values;  // [seed, condition, step, channel]
};

UnitNoise draw_noise(const AnalysisInput& input, const ConditionTrials& conditions,
                     StimulusNoise kind) {
    const StepWindow stimulus = conditions.parts->stimulus;
    const auto channels = static_cast<std::uint32_t>(input.model.inputs);
    UnitNoise noise;
    noise.shift = kind == StimulusNoise::uniform ? uniform_shift : 0.0;
    const double gaussian_std = 1.0 / std::sqrt(12.0);
    for (std::uint32_t seed = 0; seed < noise_seeds; ++seed) {
        for (std::uint32_t c = 0; c < conditions.conditions(); ++c) {
            for (int t = stimulus.begin; t < stimulus.end; ++t) {
                for (std::uint32_t k = 0; k < channels; ++k) {
                    const std::uint32_t bits =
                        random_bits(input.key, Purpose::stimulus_noise, seed,
                                    static_cast<std::uint32_t>(t), c * channels + k);
                    noise.values.push_back(kind == StimulusNoise::uniform
                                               ? uniform01(bits)
                                               : gaussian_std * standard_normal(bits));
                }
            }
        }
    }
    return noise;
}

// Share of runs that failed at each sigma.
std::vector<double> failed_shares(const std::vector<double>& ends,
                                  const ConditionTrials& conditions, std::size_t sigmas) {
    const std::size_t runs = ends.size() / sigmas;
    std::vector<double> shares;
    for (std::size_t s = 0; s < sigmas; ++s) {
        int failed = 0;
        for (std::size_t run = 0; run < runs; ++run) {
            const double nominal = conditions.end_outputs[run % conditions.conditions()];
            failed += has_failed(ends[s * runs + run], nominal) ? 1 : 0;
        }
        shares.push_back(failed / static_cast<double>(runs));
    }
    return shares;
}

// Largest sigma up to which the share is at most `most`; 0 if it is above from the first on.
double largest_survived(const std::vector<double>& shares, double most) {
    double largest = 0.0;
    for (std::size_t s = 0; s < shares.size() && shares[s] <= most; ++s) {
        largest = noise_sigmas[s];
    }
    return largest;
}

}  // namespace

std::vector<double> noisy_ends(const AnalysisInput& input, const ConditionTrials& conditions,
                               StimulusNoise kind, std::span<const double> sigmas,
                               Backend& behaviour) {
    check(conditions.parts.has_value(), "a task with a stimulus and a delay");
    const StepWindow stimulus = conditions.parts->stimulus;
    const auto channels = static_cast<std::size_t>(input.model.inputs);
    const auto length = static_cast<std::size_t>(stimulus.end - stimulus.begin) * channels;
    const std::size_t before = static_cast<std::size_t>(stimulus.begin) * channels;
    const UnitNoise noise = draw_noise(input, conditions, kind);
    const std::size_t runs = noise_seeds * conditions.conditions();

    // Inputs up to the end of the stimulus only; the rest of the trial is the same for all.
    const std::size_t series = before + length;
    std::vector<double> inputs(sigmas.size() * runs * series);
    std::vector<std::size_t> condition_of;
    SimulationRequest noisy;
    noisy.network = &input.model;
    noisy.steps = stimulus.end;
    for (std::size_t i = 0; i < sigmas.size() * runs; ++i) {
        const std::size_t run = i % runs;
        const std::size_t condition = run % conditions.conditions();
        const double* trial = conditions.trials[condition].inputs.data();
        double* own = inputs.data() + i * series;
        std::copy_n(trial, series, own);
        for (std::size_t k = 0; k < length; ++k) {
            own[before + k] += sigmas[i / runs] * noise.values[run * length + k] + noise.shift;
        }
        noisy.inputs.push_back(own);
        const auto units = static_cast<std::size_t>(input.model.units);
        const double* state = conditions.start.data() + condition * units;
        noisy.initial_states.insert(noisy.initial_states.end(), state, state + units);
        condition_of.push_back(condition);
    }
    SimulationResult after = behaviour.simulate({&noisy, 1}).front();

    const SimulationRequest rest =
        rest_of_trials(input.model, conditions.trials, condition_of, std::move(after.final_states),
                       stimulus.end, input.task->shape().steps);
    RunEnds ends = run_ends(rest, std::move(behaviour.simulate({&rest, 1}).front()));
    for (std::size_t i = 0; i < ends.outputs.size(); ++i) {
        if (after.diverged_at[i] >= 0) {
            ends.outputs[i] = std::numeric_limits<double>::quiet_NaN();
        }
    }
    return std::move(ends.outputs);
}

NoiseRecord measure_noise_robustness(const AnalysisInput& input, const ConditionTrials& conditions,
                                     Backend& behaviour) {
    NoiseRecord record;
    record.limits = conditions.limits;
    if (!conditions.parts) {
        add_limit(record.limits, "Noise: " + conditions.not_applicable);
        return record;
    }
    record.applicable = true;
    record.runs = noise_seeds * static_cast<int>(conditions.conditions());
    record.sigmas.assign(std::begin(noise_sigmas), std::end(noise_sigmas));
    const auto shares = [&](StimulusNoise kind) {
        return failed_shares(noisy_ends(input, conditions, kind, noise_sigmas, behaviour),
                             conditions, std::size(noise_sigmas));
    };
    constexpr double half = 0.5;
    record.failed_uniform = shares(StimulusNoise::uniform);
    record.failed_gaussian = shares(StimulusNoise::gaussian);
    record.uniform_all_right = largest_survived(record.failed_uniform, 0.0);
    record.uniform_half_right = largest_survived(record.failed_uniform, half);
    record.gaussian_all_right = largest_survived(record.failed_gaussian, 0.0);
    record.gaussian_half_right = largest_survived(record.failed_gaussian, half);
    return record;
}

}  // namespace shoal
