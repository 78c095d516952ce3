// SPDX-License-Identifier: MIT
// Paths of memories in networks whose flow is known in closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "analysis/attractors/slow_manifold.hpp"
#include "analysis/dynamics/forgetting_prediction.hpp"
#include "core/numbers.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

SlowManifold follow(const NetworkModel& model, const MemoryStates& memories) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    return slow_manifold(model, memories, *exact);
}

MemoryStates memories_of(std::vector<double> states, std::vector<int> items, int delay_steps) {
    MemoryStates memories;
    memories.states = std::move(states);
    memories.memories = std::move(items);
    memories.trial_steps = 350;
    memories.delay_steps = delay_steps;
    return memories;
}

TEST(SpectralGap, CountsDirectionsSlowerThanTheGap) {
    const double trial = 35.0;
    const auto gap = [&](const std::vector<double>& rates) { return spectral_gap(rates, trial); };
    EXPECT_EQ(gap({-0.3, -0.4, -0.5}).dimension, 0);  // a point: all are fast
    EXPECT_NEAR(gap({-0.3, -0.4}).ratio, 0.3 * trial, 1e-12);
    EXPECT_EQ(gap({-0.01, -0.4, -0.5}).dimension, 1);  // a line
    EXPECT_NEAR(gap({-0.01, -0.4}).ratio, 0.4 * trial, 1e-12);
    EXPECT_EQ(gap({0.0, -0.02, -0.9}).dimension, 2);
    EXPECT_EQ(gap({0.2, -0.9}).dimension, 1);  // growth counts by its size
    EXPECT_NEAR(gap({0.2, -0.9}).ratio, 4.5, 1e-12);
    EXPECT_EQ(gap({-0.001, -0.002}).dimension, 2);  // no gap: everything is slow
    EXPECT_LT(gap({-0.001, -0.002}).ratio, 1.0);
}

// Two units on their own: unit 0 goes to +-x*, unit 1 decays at rate 0.03. Four memories end on two
// points, after travelling along a line; those with equal signs of unit 0 merge.
TEST(SlowManifold, TravelsALineAndMerges) {
    const NetworkModel model = network_of(2, diagonal({2, 0.97}), Cell::current);
    MemoryStates memories = memories_of({1, 0.5, 1, -0.5, -1, 0.5, -1, -0.5}, {1, 1, 0, 0}, 50);
    const double x = pitchfork(2.0);
    memories.points = {Eigen::Vector2d(x, 0), Eigen::Vector2d(-x, 0)};
    memories.measured_survival = {1, 2, 3, 4};
    const SlowManifold manifold = follow(model, memories);

    // The same steps by hand: when the two are at most 1e-3 RMS apart, and how long the path is.
    double a = 1.0;
    double b = 0.5;
    double length = 0.0;
    double merged = -1.0;
    double before = 1.0;
    for (int step = 0; step < 7000; ++step) {
        const double va = -a + 2.0 * std::tanh(a);
        const double vb = -b + 0.97 * std::tanh(b);
        length += 0.1 * std::hypot(va, vb);
        a += 0.1 * va;
        b += 0.1 * vb;
        const double apart = 2.0 * std::tanh(b) / std::sqrt(2.0);
        if (merged < 0.0 && apart <= 1e-3) {
            merged = 0.1 * (step + std::log(before / 1e-3) / std::log(before / apart));
        }
        before = apart;
    }
    ASSERT_EQ(manifold.paths.size(), 4u);
    ASSERT_EQ(manifold.merge_times.size(), 6u);
    // Both interpolate log-linearly; over a tau the rate 0.03 varies by less than 1e-5.
    EXPECT_NEAR(manifold.merge_times[0], merged, 1e-3);
    EXPECT_NEAR(manifold.merge_times[5], merged, 1e-3);
    for (const std::size_t pair : {1u, 2u, 3u, 4u}) {
        EXPECT_EQ(manifold.merge_times[pair], -1.0);
    }
    EXPECT_NEAR(manifold.first_merge, merged, 1e-3);
    EXPECT_EQ(manifold.first_confusion, -1.0);
    EXPECT_EQ(manifold.all_merged, -1.0);
    EXPECT_EQ(manifold.ends, 2);
    const double slope = 1.0 - std::tanh(x) * std::tanh(x);
    for (std::size_t i = 0; i < 4; ++i) {
        const ManifoldPath& path = manifold.paths[i];
        EXPECT_EQ(path.end_point, i < 2 ? 0 : 1);
        EXPECT_TRUE(path.rests);
        EXPECT_EQ(path.measured_survival, static_cast<double>(i + 1));
        // The trapezoid over a tau errs by (rate)^2 / 12 of the fast part (rate 0.65, 60 % of the
        // way): 2.2 %.
        EXPECT_NEAR(path.length, length, 0.03 * length);
        EXPECT_EQ(path.speeds.size(), manifold.times.size());
        EXPECT_EQ(path.predicted_survival, -1.0);
    }
    EXPECT_NEAR(manifold.paths[0].speeds[0],
                std::hypot(-1 + 2 * std::tanh(1.0), -0.5 + 0.97 * std::tanh(0.5)), 1e-15);
    EXPECT_NEAR(manifold.paths[0].nearest[0], 2.0 * std::tanh(0.5) / std::sqrt(2.0), 1e-15);
    // One path of each memory has its spectra: a line at the end, decaying at 0.03.
    const ManifoldPath& path = manifold.paths[0];
    ASSERT_EQ(manifold.rates_per_time, 2);
    ASSERT_EQ(path.spectrum_times.size(), 4u);
    EXPECT_EQ(manifold.paths[1].spectrum_times.size(), 0u);
    EXPECT_EQ(manifold.paths[2].spectrum_times.size(), 4u);
    EXPECT_EQ(path.dimensions.back(), 1);
    // At rest a path is within its speed over 0.03 of the point: 1e-5 / 35 / 0.03 = 1e-5 RMS, and
    // the curvature of tanh is below 1.
    EXPECT_NEAR(path.growth_rates[6], -0.03, 1e-4);
    EXPECT_NEAR(path.growth_rates[7], -1.0 + 2.0 * slope, 1e-4);
    EXPECT_NEAR(path.gaps.back(), (1.0 - 2.0 * slope) / 0.03, 0.1);
}

// dh/dt = -h + tanh(b): h(n) = t + (h(0) - t) 0.9^n with t = tanh(b). Memories -0.8 and 0.8 both
// come to 0.5: the first crosses the middle, and they merge.
TEST(SlowManifold, MemoriesThatMergeAreConfused) {
    NetworkModel model = network_of(1, {0.0}, Cell::rate);
    model.bias = {std::atanh(0.5)};
    const SlowManifold manifold = follow(model, memories_of({-0.8, 0.8}, {0, 1}, 50));

    const double merged = 0.1 * std::log(1e-3 / 1.6) / std::log(0.9);
    EXPECT_NEAR(manifold.first_confusion, merged, 1e-9);
    EXPECT_NEAR(manifold.all_merged, merged, 1e-9);
    EXPECT_EQ(manifold.ends, 1);
    const auto h = [](double start, int step) { return 0.5 + (start - 0.5) * std::pow(0.9, step); };
    const double way =
        (h(-0.8, 60) - h(-0.8, 50)) / (h(0.8, 50) - h(-0.8, 50));  // after one more tau
    ASSERT_GT(way, 0.5);
    EXPECT_NEAR(manifold.paths[0].projected_survival, 0.5 / way, 1e-9);
    EXPECT_EQ(manifold.paths[1].projected_survival, -1.0);
    EXPECT_EQ(manifold.paths[0].dimensions.front(), 0);
}

// A decay so small that tanh is linear: the answer after the rest of the trial is
// 1000 x 0.9995^rest, and leaves by 0.1 when x(D) - x(t) has grown to 1e-4 / 0.9995^rest.
TEST(SlowManifold, PredictsForgettingFromItsDrift) {
    NetworkModel model = network_of(1, {0.995}, Cell::current);
    model.readout = {1000.0};
    model.input = {1e-5};
    const int rest_steps = 250;
    std::vector<double> rest(static_cast<std::size_t>(rest_steps), 1.0);
    MemoryStates memories = memories_of({1e-3, 2e-3}, {}, 50);
    memories.rest = {rest.data(), rest.data()};
    memories.rest_steps = rest_steps;
    const SlowManifold manifold = follow(model, memories);

    const double decay = 1.0 - 0.1 * 0.005;
    for (const int i : {0, 1}) {
        const double start = 1e-3 * (i + 1);
        const double left = std::pow(decay, 50) - 1e-4 / std::pow(decay, rest_steps) / start;
        const double expected = 0.1 * (std::log(left) / std::log(decay) - 50.0);
        // tanh(x) = x - x^3 / 3 changes decay rates by 0.995 x^2 / 0.005 / 3 < 3e-4 of themselves,
        // the slope of the readout by 4e-6, and linear interpolation over a tau the time by
        // 0.005 / 8.
        EXPECT_NEAR(manifold.paths[static_cast<std::size_t>(i)].predicted_survival, expected,
                    3e-4 * expected + 2e-3);
        EXPECT_EQ(manifold.paths[static_cast<std::size_t>(i)].projected_survival, -1.0);
    }
}

// Gradients against central differences, both cells, with inputs that differ by condition.
TEST(SlowManifold, AnswerGradientsAreDerivatives) {
    constexpr int units = 6;
    constexpr int steps = 40;
    constexpr int conditions = 5;
    for (const Cell cell : all_values<Cell>) {
        NetworkModel model = network_of(units, normals(36, 0.6, 50), cell);
        model.input = normals(units, 0.5, 51);
        model.readout = normals(units, 0.5, 52);
        const Dynamics dynamics(model);
        const std::vector<double> inputs = normals(steps * conditions, 1.0, 53);
        std::vector<const double*> rest;
        for (int i = 0; i < conditions; ++i) {
            rest.push_back(inputs.data() + i * steps);
        }
        const std::vector<double> draws = normals(units * conditions, 0.7, 54);
        const Eigen::MatrixXd starts =
            Eigen::Map<const Eigen::MatrixXd>(draws.data(), units, conditions);
        const Eigen::MatrixXd gradients = answer_gradients(model, dynamics, starts, rest, steps, 0);
        const auto answer = [&](Eigen::VectorXd x, int condition) {
            for (int t = 0; t < steps; ++t) {
                const double u = rest[static_cast<std::size_t>(condition)][t];
                x = Dynamics(model, {&u, 1}).step(x);
            }
            return dynamics.rates(x).dot(
                Eigen::Map<const Eigen::VectorXd>(model.readout.data(), units));
        };
        const double h = 1e-5;
        for (int i = 0; i < conditions; ++i) {
            for (int unit = 0; unit < units; ++unit) {
                Eigen::VectorXd up = starts.col(i);
                Eigen::VectorXd down = starts.col(i);
                up[unit] += h;
                down[unit] -= h;
                const double difference = (answer(up, i) - answer(down, i)) / (2 * h);
                // h^2 times a third derivative of order 1, u / h of rounding.
                EXPECT_NEAR(gradients(unit, i), difference, 1e-9);
            }
        }
    }
}

TEST(SlowManifold, ACycleNeitherRestsNorEnds) {
    const NetworkModel model = network_of(2, rotations(1.5, {0.6}), Cell::rate);
    const SlowManifold manifold = follow(model, memories_of({0.5, 0, -0.5, 0.1}, {0, 1}, 50));
    EXPECT_FALSE(manifold.paths[0].rests);
    EXPECT_EQ(manifold.paths[0].end_point, -1);
    EXPECT_NEAR(manifold.paths[0].followed, 700.0, 1e-9);
    EXPECT_NE(manifold.limits.find("2 of 2 paths still move"), std::string::npos)
        << manifold.limits;
    EXPECT_EQ(manifold.ends, 2);  // on one cycle, at different phases
}

TEST(SlowManifold, OneBadPathLeavesTheOthersAlone) {
    const NetworkModel model = network_of(2, diagonal({2, 0.5}), Cell::current);
    MemoryStates memories = memories_of({1, 0.5, nan, 0.5}, {0, 1}, 50);
    const SlowManifold with = follow(model, memories);
    EXPECT_TRUE(std::isnan(with.paths[1].speeds.back()));
    EXPECT_NE(with.limits.find("1 of 2 paths left"), std::string::npos) << with.limits;
    memories.states.resize(2);
    memories.memories.resize(1);
    const SlowManifold alone = follow(model, memories);
    EXPECT_EQ(with.paths[0].speeds, alone.paths[0].speeds);
    EXPECT_EQ(with.paths[0].length, alone.paths[0].length);
}

}  // namespace
}  // namespace shoal
