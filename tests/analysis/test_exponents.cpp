// SPDX-License-Identifier: MIT
// Tangents, Lyapunov exponents and recurrence against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/attractors/attractors.hpp"
#include "analysis/dynamics/lyapunov.hpp"
#include "analysis/dynamics/recurrence.hpp"
#include "analysis/dynamics/tangent.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

class Tangent : public testing::TestWithParam<int> {};

// Sizes around the kernel's vectors (up to 8) and panels (24).
TEST_P(Tangent, FollowsTheMapsJacobian) {
    const int units = GetParam();
    const auto n = static_cast<std::size_t>(units);
    for (const Cell cell : all_values<Cell>) {
        NetworkModel model = network_of(units, normals(n * n, 1.2 / std::sqrt(units), 40), cell);
        model.bias = normals(n, 0.3, 41);
        const Dynamics dynamics(model);
        Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXd>(normals(n, 1.0, 42).data(), units);
        Eigen::MatrixXd tangents =
            Eigen::Map<const Eigen::MatrixXd>(normals(3 * n, 1.0, 43).data(), units, 3);
        TangentStepper stepper(dynamics, x, tangents);

        stepper.advance(5);
        for (int step = 0; step < 5; ++step) {
            tangents = (dynamics.map_jacobian(x).matrix * tangents).eval();
            x = dynamics.step(x);
        }

        // Rounding: five steps of sums of N + 3 terms, u each, in a map that grows less than
        // twofold.
        const double bound = 5.0 * 2.0 * (units + 3) * 0x1p-53;
        EXPECT_LT((stepper.state() - x).norm(), bound * (1.0 + x.norm()));
        EXPECT_LT((stepper.tangents() - tangents).norm(), bound * (1.0 + tangents.norm()));
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Tangent, testing::Values(1, 2, 7, 8, 23, 24, 25, 100, 200));

// At the stable origin of a normal matrix the exponents are those of the Euler map's eigenvalues.
TEST(Lyapunov, OfAStablePointAreItsEigenvalues) {
    const Dynamics dynamics(network_of(4, diagonal({0.9, 0.5, -0.5, 0.1}), Cell::current));
    const LyapunovResult result = lyapunov_exponents(dynamics, Eigen::VectorXd::Zero(4), {7, 1});

    ASSERT_EQ(result.exponents.size(), 3u);
    const double slopes[3] = {0.9, 0.5, 0.1};
    for (std::size_t i = 0; i < 3; ++i) {
        const double expected = std::log(1.0 + 0.1 * (slopes[i] - 1.0)) / 0.1;
        // The vectors have turned after the skipped 100 tau to exp(-0.4 * 100) = 4e-18.
        EXPECT_NEAR(result.exponents[i], expected, 1e-12);
        EXPECT_LT(result.errors[i], 1e-12);
    }
    EXPECT_TRUE(result.resolved);
}

// Uncoupled units are on a line of the diagonal; a shear couples them one way and leaves the
// eigenvalues. With the matrix transposed the tangents would shrink the same but end elsewhere.
TEST(Lyapunov, AreThoseOfATriangularMatrixToo) {
    const Dynamics dynamics(network_of(2, {0.9, 3.0, 0.0, 0.5}, Cell::rate));
    const LyapunovResult result = lyapunov_exponents(dynamics, Eigen::VectorXd::Zero(2), {7, 1});

    ASSERT_EQ(result.exponents.size(), 2u);
    EXPECT_NEAR(result.exponents[0], std::log(1.0 - 0.01) / 0.1, 1e-12);
    EXPECT_NEAR(result.exponents[1], std::log(1.0 - 0.05) / 0.1, 1e-12);
}

TEST(Lyapunov, RunsThatBlowUpGiveNoExponents) {
    Dynamics dynamics(network_of(1, {1.0}, Cell::current));
    const LyapunovResult result =
        lyapunov_exponents(dynamics, Eigen::VectorXd::Constant(1, std::nan("")), {7, 1});
    EXPECT_TRUE(result.exponents.empty());
}

// The weighted mean of a periodic signal forgets the phase at which the stretch ends.
TEST(Lyapunov, WeightedMeansOfPeriodicSignalsConvergeFast) {
    for (const std::size_t length : {100u, 400u}) {
        std::vector<double> signal;
        double plain = 0.0;
        for (std::size_t i = 0; i < length; ++i) {
            signal.push_back(0.25 + std::cos(0.7 * static_cast<double>(i) + 0.3));
            plain += signal.back() / static_cast<double>(length);
        }
        // Transform of the weight at 0.7 * length / (2 pi) periods: about exp(-2 sqrt(2 pi 0.7 L /
        // 2)).
        EXPECT_NEAR(birkhoff_mean(signal.data(), length), 0.25, length == 100 ? 1e-4 : 1e-9);
        EXPECT_GT(std::abs(plain - 0.25), 1e-4);
    }
}

TEST(Recurrence, OfAPointThatRunsAwayIsNone) {
    const Dynamics dynamics(network_of(1, {2.0}, Cell::current));
    EXPECT_FALSE(trace_orbit(dynamics, Eigen::VectorXd::Constant(1, 0.1), 1000).has_value());
}

TEST(Recurrence, IsMeasuredFromAnyPhase) {
    const Dynamics dynamics(network_of(2, rotations(1.5, {0.6}), Cell::rate));
    Eigen::VectorXd x = Eigen::VectorXd::Constant(2, 0.5);
    for (int step = 0; step < 1000; ++step) {
        x = dynamics.step(x);
    }
    const Eigen::VectorXd start = x;
    double shortest = 1e9;
    double longest = 0.0;
    for (int phase = 0; phase < 100; ++phase) {
        const auto orbit = trace_orbit(dynamics, x, 1000);
        ASSERT_TRUE(orbit.has_value());
        shortest = std::min(shortest, orbit->period);
        longest = std::max(longest, orbit->period);
        EXPECT_TRUE(lies_on(dynamics, *orbit, start));
        EXPECT_FALSE(lies_on(dynamics, *orbit, 0.9 * start));
        x = dynamics.step(x);
    }
    // Steps of omega dt < 0.1 radian: chords miss a crossing by up to (omega dt)^2 / 8 radians.
    EXPECT_LT(longest - shortest, 2.0 * 0.00125 / 6.28 * longest);
}

// h(t + 1) = tanh(-2 h) alternates: back after every second step, and far away in between.
TEST(Recurrence, OfAnAlternatingMapComesBackEverySecondStep) {
    const Dynamics dynamics(network_of(1, {-2.0}, Cell::rate, 1.0));
    Eigen::VectorXd h = Eigen::VectorXd::Constant(1, 0.5);
    for (int step = 0; step < 200; ++step) {
        h = dynamics.step(h);
    }
    const auto orbit = trace_orbit(dynamics, h, 100);
    ASSERT_TRUE(orbit.has_value());
    EXPECT_EQ(orbit->period, 2.0);
    const std::vector<double> distances = return_distances(dynamics, *orbit, h, 4);
    ASSERT_EQ(distances.size(), 4u);
    for (const double distance : distances) {
        EXPECT_LT(distance, 1e-12);
    }
    ClosedOrbit odd = *orbit;
    odd.period = 3.0;
    const std::vector<double> wrong = return_distances(dynamics, odd, h, 2);
    EXPECT_NEAR(wrong[0], 2.0 * std::abs(h[0]), 1e-12);
    EXPECT_LT(wrong[1], 1e-12);
}

// Beside a stable cycle the run comes closer by the same factor every round, to a tenth: the
// cycle's second multiplier.
TEST(Recurrence, ComesCloserToAStableCycleRoundByRound) {
    const Dynamics dynamics(network_of(2, rotations(1.3, {0.6}), Cell::rate));
    Eigen::VectorXd x = Eigen::VectorXd::Constant(2, 0.1);
    for (int step = 0; step < 20000; ++step) {
        x = dynamics.step(x);
    }
    const Eigen::VectorXd beside = 1.05 * x;
    const auto orbit = trace_orbit(dynamics, x, 1000);
    ASSERT_TRUE(orbit.has_value());
    const std::vector<double> distances = return_distances(dynamics, *orbit, beside, 3);
    const double factor = (distances[1] - distances[0]) / distances[0];
    EXPECT_GT(factor, 0.0);
    EXPECT_LT(factor, 1.0);
    EXPECT_NEAR((distances[2] - distances[1]) / (distances[1] - distances[0]), factor,
                0.1 * factor);
}

// A bistable unit selects which of two amplitudes a rotation has: two cycles, met by three runs.
TEST(Attractors, CyclesAreCountedOnceEach) {
    const Dynamics dynamics(network_of(3,
                                       {2, 0, 0, 0, 1.5 * std::cos(0.6), -1.5 * std::sin(0.6), 0,
                                        1.5 * std::sin(0.6), 1.5 * std::cos(0.6)},
                                       Cell::rate));
    std::vector<MovingRun> runs;
    for (const double side : {0.5, -0.5, 0.5}) {
        MovingRun run;
        run.state = Eigen::Vector3d(side, 0.3, 0.1 * static_cast<double>(runs.size()));
        for (int step = 0; step < 2000; ++step) {
            run.state = dynamics.step(run.state);
        }
        run.window_means = Eigen::MatrixXd::Zero(3, 3);
        runs.push_back(run);
    }
    EXPECT_EQ(count_moving_attractors(dynamics, runs, 1000), 2);
    EXPECT_EQ(count_moving_attractors(dynamics, {}, 1000), 0);
    // Cut before the orbits close, the means decide: all equal here, then one apart.
    EXPECT_EQ(count_moving_attractors(dynamics, runs, 10), 1);
    runs[2].window_means.array() += 0.1;
    EXPECT_EQ(count_moving_attractors(dynamics, runs, 10), 2);
    // The same distance within the scatter of a run's own windows is none.
    runs[0].window_means.col(0).array() += 0.3;
    EXPECT_EQ(count_moving_attractors(dynamics, runs, 10), 1);
}

}  // namespace
}  // namespace shoal
