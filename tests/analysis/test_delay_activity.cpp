// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/experiments/delay_activity.hpp"
#include "analysis/experiments/forgetting.hpp"
#include "analysis/experiments/noise_robustness.hpp"
#include "analysis/experiments/silencing.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

// One sample at +a_i and one at -a_i along each axis: variances in proportion to a_i^2.
Eigen::MatrixXd crosses(const std::vector<double>& sizes, Eigen::Index units) {
    Eigen::MatrixXd samples =
        Eigen::MatrixXd::Zero(units, 2 * static_cast<Eigen::Index>(sizes.size()));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto at = static_cast<Eigen::Index>(i);
        samples(at, 2 * at) = sizes[i];
        samples(at, 2 * at + 1) = -sizes[i];
    }
    return samples;
}

TEST(ParticipationRatio, CountsDimensions) {
    // A few rounding errors of sums of at most ten terms.
    EXPECT_NEAR(participation_ratio(crosses({1}, 10)), 1.0, 1e-14);
    EXPECT_NEAR(participation_ratio(crosses({2, 2, 2, 2}, 4)), 4.0, 1e-14);
    EXPECT_NEAR(participation_ratio(crosses({2, 2, 2, 2}, 40)), 4.0, 1e-14);
    // (1 + 4)^2 / (1 + 16)
    EXPECT_NEAR(participation_ratio(crosses({1, 2}, 3)), 25.0 / 17, 1e-14);
    // A shift common to all samples is no variance.
    Eigen::MatrixXd shifted = crosses({1, 2}, 3);
    shifted.colwise() += Eigen::Vector3d(5, -7, 3);
    EXPECT_NEAR(participation_ratio(shifted), 25.0 / 17, 1e-13);
    EXPECT_TRUE(std::isnan(participation_ratio(Eigen::MatrixXd::Ones(3, 8))));
    EXPECT_TRUE(std::isnan(participation_ratio(Eigen::MatrixXd(3, 0))));
}

// Unit 0 keeps +-1 by condition; unit 1 turns 2 cos t, the same in all; unit 2 does both, with
// variances 1 between and 2 within; unit 3 does nothing.
TEST(PhasicIndex, TellsWhatStaysFromWhatMoves) {
    constexpr int times = 40;
    Eigen::MatrixXd rates(4, 2 * times);
    for (int c = 0; c < 2; ++c) {
        for (int t = 0; t < times; ++t) {
            const double wave = 2.0 * std::cos(2.0 * std::numbers::pi * t / times);
            const double side = c == 0 ? 1.0 : -1.0;
            rates.col(c * times + t) << side, wave, side + wave, 0.25;
        }
    }
    const PhasicIndex index = phasic_index(rates, times);
    EXPECT_NEAR(index.units[0], 0.0, 1e-15);
    EXPECT_NEAR(index.units[1], 1.0, 1e-15);
    EXPECT_NEAR(index.units[2], 2.0 / 3, 1e-14);
    EXPECT_TRUE(std::isnan(index.units[3]));
    EXPECT_NEAR(index.network, 4.0 / 6, 1e-14);  // (0 + 2 + 2) / (1 + 2 + 3)
}

TEST(Efficiency, IsPerSolvedShare) {
    const Efficiency half = efficiency(3, 0.2, 0.5);
    EXPECT_EQ(half.attractors_per_solved, 6.0);
    EXPECT_EQ(half.saturated_per_solved, 0.4);
    EXPECT_TRUE(std::isnan(efficiency(-1, 0.2, 1.0).attractors_per_solved));
    EXPECT_EQ(efficiency(-1, 0.2, 1.0).saturated_per_solved, 0.2);
    EXPECT_TRUE(std::isnan(efficiency(3, 0.2, 0.0).attractors_per_solved));
}

// One unit, in the delay: x(20 + k) = leak^k x(20) with x(20) = +p or -0.9 p.
TEST(DelayActivity, OfALeakyUnitIsItsExponential) {
    const auto backend = single_precision();
    const ActivityRecord record =
        measure_activity(run_conditions(leaky(), *backend), efficiency(2, 0.0, 1.0));

    EXPECT_EQ(record.limits, "");
    EXPECT_NE(record.epoch.find("delay between two stimuli, steps 20 to 30"), std::string::npos)
        << record.epoch;
    // One unit has one dimension.
    EXPECT_NEAR(record.participation_ratio, 1.0, 1e-14);
    EXPECT_EQ(record.attractors_per_solved, 2.0);
    double mean = 0.0;
    double square = 0.0;
    for (int k = 1; k <= short_delay; ++k) {
        mean += std::pow(leak, k) / short_delay;
        square += std::pow(leak, 2 * k) / short_delay;
    }
    const double within = (square - mean * mean) * (1.0 + 0.81) / 2.0;
    const double between = mean * mean * (1.9 * 1.9) / 4.0;
    const double expected = within / (within + between);
    // `within` is a variance of 3e-5 of the square: single precision rounds states by up to 30
    // x 2^-24, spread over a standard deviation of 0.0057.
    EXPECT_NEAR(record.phasic_index, expected, expected * 2.0 * 30 * 0x1p-24 / 0.0057);
    EXPECT_EQ(record.unit_phasic.size(), 1u);
    const double pushed = 0.1 * 0.3e-3 * (1.0 - std::pow(leak, short_stimulus)) / (1.0 - leak);
    EXPECT_NEAR(record.mean_abs_rate, pushed * mean * 0.95, 1e-5 * pushed);
}

TEST(DelayActivity, LeavesOutWhatIsNotFinite) {
    const auto backend = single_precision();
    AnalysisInput input = leaky();
    input.conclusions[2] = std::nan("");
    const ActivityRecord record =
        measure_activity(run_conditions(input, *backend), efficiency(2, 0.0, 1.0));
    EXPECT_NE(record.limits.find("4 of 16 conditions have rates that are not finite"),
              std::string::npos)
        << record.limits;
    EXPECT_NEAR(record.participation_ratio, 1.0, 1e-14);
}

// Tasks without a delay between two stimuli: said in words, nothing invented, no exception.
TEST(BehaviouralTests, SayWhereTheyDoNotApply) {
    const auto backend = single_precision();
    for (const TaskKind kind : {TaskKind::copy, TaskKind::interval, TaskKind::angular_integration,
                                TaskKind::flip_flop, TaskKind::adding}) {
        TaskConfig task;
        task.kind = kind;
        task.delay = 10.0;
        task.duration = 20.0;
        task.symbols = 2;
        task.length = 2;
        AnalysisInput input;
        input.task = make_task(task, {}, ErrorSchedule::epochs);
        const TaskShape shape = input.task->shape();
        const auto inputs = static_cast<std::size_t>(shape.inputs);
        const auto outputs = static_cast<std::size_t>(shape.outputs);
        input.model = network_of(5, normals(25, 0.5, 1), Cell::current);
        input.model.inputs = shape.inputs;
        input.model.outputs = shape.outputs;
        input.model.input = normals(5 * inputs, 1.0, 2);
        input.model.readout = normals(5 * outputs, 1.0, 3);
        input.conclusions = normals(5 * 8, 1.0, 4);
        input.key = {7, 1};

        const ConditionTrials conditions = run_conditions(input, *backend);
        EXPECT_EQ(conditions.conditions(), 8u);
        const ForgettingRecord forgetting = measure_forgetting(input, conditions, *backend);
        const NoiseRecord noise = measure_noise_robustness(input, conditions, *backend);
        const SilencingRecord silencing = measure_silencing(input, conditions, *backend);
        const auto says = [](const std::string& limits) {
            return limits.find("Not applicable to this task") != std::string::npos;
        };
        EXPECT_TRUE(!forgetting.applicable && says(forgetting.limits)) << forgetting.limits;
        EXPECT_TRUE(!noise.applicable && says(noise.limits)) << noise.limits;
        EXPECT_TRUE(!silencing.applicable && says(silencing.limits)) << silencing.limits;
        EXPECT_TRUE(forgetting.survival.empty());
        EXPECT_TRUE(std::isnan(forgetting.median_survival));
        const ActivityRecord activity = measure_activity(conditions, efficiency(1, 0.1, 1.0));
        EXPECT_EQ(activity.epoch.rfind("first error epoch", 0), 0u) << activity.epoch;
        EXPECT_GT(activity.participation_ratio, 0.0);
        EXPECT_LE(activity.participation_ratio, 5.0);
    }
}

}  // namespace
}  // namespace shoal
