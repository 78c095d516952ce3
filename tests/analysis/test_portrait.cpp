// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/experiments/portrait.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

Portrait draw(const NetworkModel& model, const Eigen::MatrixXd& starts,
              const std::vector<FixedPoint>& points = {},
              const std::vector<AttractorRecord>& attractors = {}) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    return draw_portrait(model, starts, 70, points, attractors, *exact);
}

/// Rates that components stand for; exact where all components are kept.
Eigen::VectorXd rates_at(const Portrait& portrait, const double* components) {
    const auto units = static_cast<Eigen::Index>(portrait.centre.size());
    const Eigen::Map<const Eigen::VectorXd> centre(portrait.centre.data(), units);
    const Eigen::Map<const Eigen::MatrixXd> axes(portrait.axes.data(), units, portrait.components);
    return centre + axes * Eigen::Map<const Eigen::VectorXd>(components, portrait.components);
}

TEST(Portrait, CentreAndAxesGiveTheRatesBack) {
    const NetworkModel model = network_of(2, {2.0, 0.3, -0.2, 1.5}, Cell::current);
    const Dynamics dynamics(model);
    Eigen::MatrixXd starts(2, 3);
    starts << 1.0, -0.4, 0.3, 0.2, 0.9, -1.1;
    FixedPoint origin;
    origin.state = {0.0, 0.0};
    const Portrait portrait = draw(model, starts, {origin});
    ASSERT_EQ(portrait.components, 2);
    const std::size_t samples = portrait.times.size();
    ASSERT_GT(samples, 90u);
    EXPECT_NEAR(portrait.times.back(), 20 * 7.0, 1e-9);
    ASSERT_EQ(portrait.paths.size(), 3 * samples * 2);
    for (std::size_t path = 0; path < 3; ++path) {
        Eigen::VectorXd state = starts.col(static_cast<Eigen::Index>(path));
        int step = 0;
        for (std::size_t sample = 0; sample < samples; ++sample) {
            for (; step < std::lround(portrait.times[sample] / 0.1); ++step) {
                state = dynamics.step(state);
            }
            const double* components = portrait.paths.data() + (path * samples + sample) * 2;
            EXPECT_LT((rates_at(portrait, components) - dynamics.rates(state)).norm(), 1e-12);
        }
    }
    ASSERT_EQ(portrait.points.size(), 2u);
    EXPECT_LT(rates_at(portrait, portrait.points.data()).norm(), 1e-14);
    EXPECT_NEAR(portrait.variance_explained[0] + portrait.variance_explained[1], 1.0, 1e-12);
    EXPECT_GE(portrait.variance_explained[0], portrait.variance_explained[1]);
}

TEST(Portrait, ACycleIsDrawnOnceAround) {
    const NetworkModel model = network_of(2, rotations(1.5, {0.6}), Cell::rate);
    const Dynamics dynamics(model);
    Eigen::VectorXd state(2);
    state << 0.5, 0.1;
    for (int step = 0; step < 20000; ++step) {
        state = dynamics.step(state);
    }
    AttractorRecord cycle;
    cycle.kind = AttractorKind::limit_cycle;
    cycle.state = {state[0], state[1]};
    // Round once: until the angle has come back.
    const Eigen::VectorXd start = state;
    int steps = 0;
    double turned = 0.0;
    while (turned < 2.0 * M_PI) {
        const Eigen::VectorXd next = dynamics.step(state);
        turned += std::abs(std::atan2(state[0] * next[1] - state[1] * next[0], state.dot(next)));
        state = next;
        ++steps;
    }
    cycle.period = steps * 0.1;
    AttractorRecord still;
    still.kind = AttractorKind::fixed_point;
    still.state = {0.0, 0.0};
    const Portrait portrait = draw(model, start, {}, {still, cycle});
    ASSERT_EQ(portrait.orbit_attractors, std::vector<int>{1});
    ASSERT_EQ(portrait.orbits.size(), static_cast<std::size_t>(portrait.orbit_samples) * 2);
    const Eigen::VectorXd first = rates_at(portrait, portrait.orbits.data());
    const Eigen::VectorXd last =
        rates_at(portrait, portrait.orbits.data() + portrait.orbits.size() - 2);
    const Eigen::VectorXd half =
        rates_at(portrait, portrait.orbits.data() + portrait.orbits.size() / 2);
    EXPECT_LT((first - start).norm(), 1e-12);
    // It overshoots by less than a step.
    EXPECT_LT((last - first).norm(), 0.1 * dynamics.velocity(start).norm() * 1.01);
    EXPECT_GT((half - first).norm(), start.norm());
}

TEST(Portrait, PathsThatLeaveTheRangeCountNowhere) {
    const NetworkModel model = network_of(2, {2.0, 0.0, 0.0, 2.0}, Cell::current);
    Eigen::MatrixXd starts(2, 2);
    starts << std::nan(""), 0.3, 1.0, -0.2;
    const Portrait portrait = draw(model, starts);
    const Portrait alone = draw(model, starts.rightCols(1));
    EXPECT_TRUE(std::isnan(portrait.paths.front()));
    EXPECT_EQ(portrait.axes, alone.axes);
    EXPECT_EQ(std::vector<double>(portrait.paths.begin() + portrait.paths.size() / 2,
                                  portrait.paths.end()),
              alone.paths);
    EXPECT_EQ(draw(model, starts.leftCols(1)).components, 0);
    EXPECT_EQ(draw(model, Eigen::MatrixXd(2, 0)).components, 0);
}

}  // namespace
}  // namespace shoal
