// SPDX-License-Identifier: MIT
// How long networks remember whose forgetting is known in closed form.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiments/forgetting.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

ForgettingRecord forget(const AnalysisInput& input, Backend& backend) {
    return measure_forgetting(input, run_conditions(input, backend), backend);
}

TEST(ConditionTrials, PartsAreThoseOfTheTask) {
    const auto backend = single_precision();
    const ConditionTrials conditions = run_conditions(latch(), *backend);

    ASSERT_TRUE(conditions.parts.has_value());
    EXPECT_EQ(conditions.parts->stimulus, (StepWindow{0, 20}));
    EXPECT_EQ(conditions.parts->delay, (StepWindow{20, 30}));
    EXPECT_EQ(conditions.conditions(), 16u);
    EXPECT_EQ(conditions.limits, "");
    // Latched for (1, 0), on the other side for (-0.9, 0); 1 - tanh(1.915) = 0.043.
    for (std::size_t c = 0; c < 16; ++c) {
        const double side = conditions.trials[c].type / 2 == 0 ? 1.0 : -1.0;
        EXPECT_NEAR(conditions.end_outputs[c], side * std::tanh(pitchfork(2.0)), 0.05);
    }
}

TEST(ConditionTrials, SilentTrialsHaveNoParts) {
    const SilentTask task(100, 4);
    std::vector<Trial> trials(4);
    for (int type = 0; type < 4; ++type) {
        task.test_trial({}, Purpose::test, 0, type, trials[static_cast<std::size_t>(type)]);
    }
    EXPECT_FALSE(task.parts(trials).has_value());
    // Something shown, nothing, something: but not in the fourth trial.
    for (std::size_t i = 0; i < 3; ++i) {
        std::fill_n(trials[i].inputs.begin(), 10, 1.0);
        std::fill_n(trials[i].inputs.begin() + 30, 10, 1.0);
    }
    EXPECT_FALSE(task.parts(trials).has_value());
    trials[3].inputs = trials[0].inputs;
    const auto parts = task.parts(trials);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->stimulus, (StepWindow{0, 10}));
    EXPECT_EQ(parts->delay, (StepWindow{10, 30}));
}

TEST(Forgetting, ExtensionsAreHalvesOfTau) {
    NetworkModel model;
    model.dt = 0.1;
    const auto fine = extension_steps(model);
    ASSERT_EQ(fine.size(), 399u);
    EXPECT_EQ(fine.front(), 5);
    EXPECT_EQ(fine.back(), 1995);
    model.dt = 1.0;  // half a step does not exist
    EXPECT_EQ(extension_steps(model).front(), 1);
    EXPECT_EQ(extension_steps(model).back(), 199);
}

TEST(Forgetting, ALatchedUnitHoldsForEver) {
    const auto backend = single_precision();
    const ForgettingRecord record = forget(latch(), *backend);

    EXPECT_TRUE(record.applicable);
    EXPECT_EQ(record.limits, "");
    ASSERT_EQ(record.extensions.size(), 399u);
    EXPECT_DOUBLE_EQ(record.extensions.front(), 0.5);
    EXPECT_DOUBLE_EQ(record.extensions.back(), 199.5);
    EXPECT_EQ(record.failed_share, std::vector<double>(399, 0.0));
    EXPECT_EQ(record.asymptotic_share, std::vector<double>(399, 0.0));
    EXPECT_EQ(record.censored, std::vector<int>(16, 1));
    EXPECT_EQ(record.asymptotic, std::vector<int>(16, -1));
    EXPECT_DOUBLE_EQ(record.median_survival, 199.5);
    EXPECT_TRUE(record.median_censored);
}

// z_o at the end is m leak^k + rest, m what is left of the first stimulus at the nominal end and k
// the extension's steps: it has moved by m (1 - leak^k).
TEST(Forgetting, ALeakyUnitForgetsWhenItsExponentialSaysSo) {
    const auto backend = single_precision();
    const AnalysisInput input = leaky();
    const ForgettingRecord record = forget(input, *backend);

    // What one unit of input over a stimulus adds, and what is left of it later.
    const double pushed = 0.1 * 0.3 * (1.0 - std::pow(leak, short_stimulus)) / (1.0 - leak);
    const auto left = [&](int steps) { return pushed * std::pow(leak, steps); };
    const auto conditions = run_conditions(input, *backend);
    // Relative rounding of single precision, once per step of at most 2065.
    const double rounding = 2065 * 0x1p-24;
    std::vector<double> failed(399, 0.0);
    std::vector<double> asymptotic(399, 0.0);
    std::vector<double> survivals;
    for (std::size_t c = 0; c < 16; ++c) {
        const double first = conditions.trials[c].type / 2 == 0 ? 1.0 : -0.9;
        const double second = conditions.trials[c].type % 2 == 0 ? 1.0 : -0.9;
        const double m = first * left(short_trial - short_stimulus);
        const double rest = second * left(short_trial - 2 * short_stimulus - short_delay);
        EXPECT_NEAR(conditions.end_outputs[c], m + rest, rounding);
        double survival = -1.0;
        for (std::size_t e = 0; e < 399; ++e) {
            const int k = 5 * static_cast<int>(e + 1);
            const double moved = std::abs(m) * (1.0 - std::pow(leak, k));
            // One trial length later everything has decayed by leak^70.
            const double later = std::pow(leak, short_trial) * (m * std::pow(leak, k) + rest);
            const double distance = std::abs(later - (m + rest));
            // Nowhere so close to a threshold that rounding could decide.
            ASSERT_GT(std::abs(moved - 0.1), rounding);
            ASSERT_GT(std::abs(distance - 0.3), rounding);
            if (moved > 0.1) {
                survival = survival < 0.0 ? 0.1 * k : survival;
                failed[e] += 1.0 / 16;
                asymptotic[e] += distance > 0.3 ? 1.0 / 16 : 0.0;
            }
        }
        EXPECT_NEAR(record.survival[c], survival, 1e-12);
        EXPECT_EQ(record.censored[c], 0);
        EXPECT_EQ(record.asymptotic[c], 0);
        survivals.push_back(survival);
    }
    EXPECT_EQ(record.failed_share, failed);
    EXPECT_EQ(record.asymptotic_share, asymptotic);
    EXPECT_EQ(record.asymptotic_share.back(), 1.0);
    std::sort(survivals.begin(), survivals.end());
    EXPECT_NEAR(record.median_survival, survivals[7], 1e-12);  // of 16
    EXPECT_FALSE(record.median_censored);
}

// A run branched from the long delay is the run with that delay.
TEST(Forgetting, BranchedRunsAreTheWholeRuns) {
    const auto backend = make_backend("cpu", {Precision::fp32, 1, 0});
    const AnalysisInput input = random_sums(20, 1.1);
    const ConditionTrials conditions = run_conditions(input, *backend);
    const ForgettingRecord record = measure_forgetting(input, conditions, *backend);
    const auto steps = extension_steps(input.model);

    double different = 0.0;
    for (const std::size_t e : {0u, 7u, 60u}) {
        std::vector<std::vector<double>> inputs;
        SimulationRequest whole;
        whole.network = &input.model;
        whole.steps = short_trial + steps[e];
        whole.outputs_from = whole.steps - 1;
        whole.initial_states = conditions.start;
        for (const Trial& trial : conditions.trials) {
            inputs.push_back(trial.inputs);
            inputs.back().insert(inputs.back().begin() + 2 * conditions.delay.end,
                                 static_cast<std::size_t>(2 * steps[e]), 0.0);
        }
        for (const auto& series : inputs) {
            whole.inputs.push_back(series.data());
        }
        const auto result = backend->simulate({&whole, 1}).front();
        int failed = 0;
        for (std::size_t c = 0; c < 16; ++c) {
            failed += has_failed(result.outputs[3 * c], conditions.end_outputs[c]) ? 1 : 0;
        }
        EXPECT_EQ(record.failed_share[e], failed / 16.0) << steps[e];
        different += record.failed_share[e];
    }
    EXPECT_GT(different, 0.0);  // else the comparison says nothing
    EXPECT_LT(different, 3.0);
}

TEST(Forgetting, DoesNotDependOnThreads) {
    const AnalysisInput input = random_sums(20, 1.1);
    const auto one = make_backend("cpu", {Precision::fp32, 1, 0});
    const auto three = make_backend("cpu", {Precision::fp32, 3, 0});
    const ForgettingRecord a = forget(input, *one);
    const ForgettingRecord b = forget(input, *three);
    EXPECT_EQ(a.failed_share, b.failed_share);
    EXPECT_EQ(a.asymptotic_share, b.asymptotic_share);
    EXPECT_EQ(a.survival, b.survival);
}

TEST(Forgetting, NumbersOutOfRangeFailAndSaySo) {
    const auto backend = single_precision();
    AnalysisInput input = latch();
    input.conclusions[1] = std::nan("");
    const ForgettingRecord record = forget(input, *backend);

    EXPECT_NE(record.limits.find("4 of 16 nominal trials left the range"), std::string::npos)
        << record.limits;
    EXPECT_EQ(record.failed_share, std::vector<double>(399, 0.25));
    EXPECT_DOUBLE_EQ(record.survival[0], 0.5);
    EXPECT_EQ(record.asymptotic[0], 1);
    EXPECT_EQ(record.censored[15], 1);
}

}  // namespace
}  // namespace shoal
