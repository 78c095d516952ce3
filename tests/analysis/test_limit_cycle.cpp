// SPDX-License-Identifier: MIT
// Cycles and tori against closed forms and an independent integration.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "analysis/attractors/limit_cycle.hpp"
#include "analysis/attractors/torus.hpp"
#include "analysis/dynamics/growth.hpp"
#include "analysis/dynamics/recurrence.hpp"
#include "model/locking_curve.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;
using std::numbers::pi;

Eigen::VectorXd run_from(const Dynamics& dynamics, Eigen::VectorXd x, int steps) {
    for (int step = 0; step < steps; ++step) {
        x = dynamics.step(x);
    }
    return x;
}

RefinedCycle refine_from(const Dynamics& dynamics, const Eigen::VectorXd& x, int settle,
                         int longest) {
    const Eigen::VectorXd start = run_from(dynamics, x, settle);
    const auto orbit = trace_orbit(dynamics, start, longest);
    EXPECT_TRUE(orbit.has_value());
    return refine_cycle(dynamics, start, orbit ? orbit->period : 1.0);
}

/// Period and second multiplier exp(integral of the trace) (Liouville) of a pair's cycle, by
/// Runge-Kutta steps of 1e-3 on plain doubles and section x_0 = 0 upward; both to about 1e-11:
/// local errors h^5 / 120 over 1e4 steps.
struct PairCycle {
    double period, multiplier;
};
PairCycle integrate_pair(double alpha, double theta, Cell cell) {
    const double c = alpha * std::cos(theta);
    const double s = alpha * std::sin(theta);
    using State = std::array<double, 3>;  // x, integral of the trace
    const auto f = [&](const State& y) -> State {
        double g0 = y[0], g1 = y[1];
        if (cell == Cell::current) {
            const double r0 = std::tanh(g0), r1 = std::tanh(g1);
            return {-g0 + c * r0 - s * r1, -g1 + s * r0 + c * r1,
                    -2.0 + c * (1 - r0 * r0) + c * (1 - r1 * r1)};
        }
        const double r0 = std::tanh(c * g0 - s * g1), r1 = std::tanh(s * g0 + c * g1);
        return {-g0 + r0, -g1 + r1, -2.0 + c * (1 - r0 * r0) + c * (1 - r1 * r1)};
    };
    const auto step = [&](const State& y, double h) {
        const auto add = [](const State& a, double by, const State& b) -> State {
            return {a[0] + by * b[0], a[1] + by * b[1], a[2] + by * b[2]};
        };
        const State k1 = f(y), k2 = f(add(y, h / 2, k1)), k3 = f(add(y, h / 2, k2));
        const State k4 = f(add(y, h, k3));
        return add(add(add(add(y, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
    };
    constexpr double h = 1e-3;
    State y = {0.5, 0.1, 0.0};
    double first_time = -1.0, first_trace = 0.0;
    for (int i = 0;; ++i) {
        const State next = step(y, h);
        if (i > 100000 && y[0] < 0.0 && next[0] >= 0.0) {
            double low = 0.0, high = h;
            for (int bisection = 0; bisection < 60; ++bisection) {
                const double middle = 0.5 * (low + high);
                (step(y, middle)[0] < 0.0 ? low : high) = middle;
            }
            const State crossing = step(y, low);
            if (first_time >= 0.0) {
                return {i * h + low - first_time, std::exp(crossing[2] - first_trace)};
            }
            first_time = i * h + low;
            first_trace = crossing[2];
        }
        y = next;
    }
}

TEST(Cycle, OfATurningPairHasItsPeriodAndMultiplier) {
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(network_of(2, rotations(1.5, {0.6}), cell));
        const PairCycle expected = integrate_pair(1.5, 0.6, cell);
        const RefinedCycle cycle = refine_from(dynamics, Eigen::Vector2d(0.5, 0.1), 1000, 1000);
        ASSERT_TRUE(cycle.converged) << cycle.limits;
        // Steps of dt / 2: errors fall 16-fold when they are halved, so that the change of the last
        // halving is 15/16 of the error.
        EXPECT_LT(cycle.period_error, 1e-6);
        EXPECT_NEAR(cycle.period, expected.period, 1.2 * cycle.period_error + 1e-10);
        ASSERT_EQ(cycle.multipliers.size(), 2u);
        EXPECT_LT(cycle.trivial_error, 1e-6);  // on the discretised flow's orbit, off by its error
        EXPECT_LT(cycle.residual, 1e-9);
        EXPECT_NEAR(cycle.multipliers[1].value.real(), expected.multiplier, 1e-6);
        EXPECT_EQ(cycle.unstable, 0);
        EXPECT_EQ(cycle.neutral, 0);
        EXPECT_EQ(cycle.limits, "");
    }
}

// The cycle is born on the saddle-node at theta = L(alpha); below there is none, whatever is tried.
TEST(Cycle, IsThereAboveTheLockingCurveOnly) {
    const double edge = locking_angle(1.5);
    const Dynamics above(network_of(2, rotations(1.5, {edge + 0.01}), Cell::rate));
    const RefinedCycle cycle = refine_from(above, Eigen::Vector2d(0.5, 0.1), 3000, 2000);
    ASSERT_TRUE(cycle.converged) << cycle.limits;
    const PairCycle expected = integrate_pair(1.5, edge + 0.01, Cell::rate);
    EXPECT_NEAR(cycle.period, expected.period, 1.2 * cycle.period_error + 1e-9);
    EXPECT_GT(cycle.period, 30.0);  // slow past the four ghosts

    const Dynamics below(network_of(2, rotations(1.5, {edge - 0.01}), Cell::rate));
    EXPECT_FALSE(trace_orbit(below, run_from(below, Eigen::Vector2d(0.5, 0.1), 1000), 5000));
    for (const double period : {10.0, cycle.period, 100.0}) {
        EXPECT_FALSE(refine_cycle(below, cycle.state, period).converged) << period;
    }
}

// h <- tanh(-a h), unit by unit: +-h*, h* = tanh(a h*), alternate; d Phi^2 = (a (1 - h*^2))^2 I. A
// guess of two rounds is brought down to one.
TEST(Cycle, OfAnAlternatingMapHasPeriodTwo) {
    const double a = 1.5;
    const double drive = pitchfork(a);  // v = a tanh(v)
    const double h = std::tanh(drive);
    const double multiplier = std::pow(a * (1.0 - h * h), 2);
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(network_of(3, diagonal({-a, -a, -a}), cell, 1.0));
        for (const double guess : {2.0, 4.0}) {
            const RefinedCycle cycle =
                refine_cycle(dynamics, Eigen::Vector3d(0.7, -0.6, 0.9), guess);
            ASSERT_TRUE(cycle.converged) << cycle.limits;
            EXPECT_EQ(cycle.period, 2.0);
            ASSERT_EQ(cycle.multipliers.size(), 3u);
            const double size = cell == Cell::rate ? h : drive;
            for (std::size_t i = 0; i < 3; ++i) {
                EXPECT_NEAR(std::abs(cycle.state[static_cast<Eigen::Index>(i)]), size, 1e-10);
                // |d mu / d h| < 10, times what Newton leaves.
                EXPECT_NEAR(cycle.multipliers[i].value.real(), multiplier, 1e-9);
                EXPECT_EQ(cycle.multipliers[i].value.imag(), 0.0);
            }
            EXPECT_EQ(cycle.unstable, 0);
        }
        // As a flow the same matrix has no cycle: 0 is stable.
        const Dynamics flow(network_of(3, diagonal({-a, -a, -a}), cell));
        EXPECT_FALSE(refine_cycle(flow, Eigen::Vector3d(0.7, -0.6, 0.9), 2.0).converged);
    }
}

// h <- tanh(alpha R(pi/2) h): (s, s) turns by quarters, s = tanh(alpha s), and d Phi^4 =
// (alpha (1 - s^2))^4 I.
TEST(Cycle, OfAQuarterTurnHasPeriodFour) {
    const double s = std::tanh(pitchfork(2.0));
    const Dynamics dynamics(network_of(2, rotations(2.0, {pi / 2}), Cell::rate, 1.0));
    const RefinedCycle cycle = refine_from(dynamics, Eigen::Vector2d(0.8, 0.7), 200, 100);
    ASSERT_TRUE(cycle.converged) << cycle.limits;
    EXPECT_EQ(cycle.period, 4.0);
    EXPECT_NEAR(cycle.multipliers[0].value.real(), std::pow(2.0 * (1.0 - s * s), 4), 1e-9);
}

// 80 units: the leading subspace alone. Units beside the pair decay at rates 1 - d, multipliers
// exp(-(1 - d) T).
TEST(Cycle, OfAManyUnitsIsRefinedInTheLeadingSubspace) {
    constexpr std::size_t units = 80;
    std::vector<double> weights(units * units, 0.0);
    const auto pair = rotations(1.5, {0.6});
    std::copy_n(pair.begin(), 2, weights.begin());
    std::copy_n(pair.begin() + 2, 2, weights.begin() + units);
    std::vector<double> slopes = {0.95, 0.9, 0.8};
    for (std::size_t i = 2; i < units; ++i) {
        weights[i * units + i] = i < 5 ? slopes[i - 2] : -0.01 * static_cast<double>(i);
    }
    const Dynamics dynamics(network_of(units, weights, Cell::rate));
    Eigen::VectorXd start = Eigen::VectorXd::Constant(units, 0.1);
    start.head(2) << 0.5, 0.1;
    const RefinedCycle cycle = refine_from(dynamics, start, 200, 1000);
    const PairCycle expected = integrate_pair(1.5, 0.6, Cell::rate);
    ASSERT_TRUE(cycle.converged) << cycle.limits;
    EXPECT_NEAR(cycle.period, expected.period, 1.2 * cycle.period_error + 1e-9);
    EXPECT_LT(cycle.trivial_error, 1e-6);
    ASSERT_GE(cycle.multipliers.size(), 4u);
    for (std::size_t i = 0; i < 3; ++i) {
        const double decayed = std::exp((slopes[i] - 1.0) * expected.period);
        // Ritz values are within their residual, 1e-6 at most, for a normal part as this one.
        EXPECT_NEAR(cycle.multipliers[i + 1].value.real(), decayed, 1e-6);
    }
}

TEST(Cycle, BadGuessesAreSaid) {
    const Dynamics dynamics(network_of(2, rotations(1.5, {0.6}), Cell::rate));
    const Eigen::Vector2d nan = Eigen::Vector2d::Constant(std::nan(""));
    EXPECT_FALSE(refine_cycle(dynamics, nan, 9.0).converged);
    EXPECT_FALSE(refine_cycle(dynamics, Eigen::Vector2d(0.5, 0.1), -1.0).converged);
    EXPECT_FALSE(refine_cycle(dynamics, Eigen::Vector2d(0.5, 0.1), std::nan("")).converged);
    EXPECT_NE(refine_cycle(dynamics, nan, 9.0).limits, "");
    // A fixed point returns after any time.
    EXPECT_FALSE(refine_cycle(dynamics, Eigen::Vector2d::Zero(), 9.0).converged);
}

/// Turns per step of a pair alone, from the weighted mean of its angle's increments.
double turn_of(double theta, double dt) {
    const Dynamics pair(network_of(2, rotations(1.5, {theta}), Cell::rate, dt));
    Eigen::VectorXd x = run_from(pair, Eigen::Vector2d(0.5, 0.1), 3000);
    std::vector<double> increments;
    for (int step = 0; step < 40000; ++step) {
        const std::complex<double> before(x[0], x[1]);
        x = pair.step(x);
        increments.push_back(std::arg(std::complex<double>(x[0], x[1]) / before));
    }
    return birkhoff_mean(increments.data(), increments.size());
}

// Uncoupled pairs: the base frequencies are those of the pairs alone, as a flow and as a map.
TEST(Torus, FrequenciesAreThoseOfThePairsAlone) {
    for (const double dt : {0.1, 1.0}) {
        for (const std::size_t pairs : {1u, 2u, 3u}) {
            std::vector<double> angles =
                dt < 1.0 ? std::vector{0.6, 0.35, 0.471} : std::vector{0.6180339887, 1.0, 2.02};
            angles.resize(pairs);
            std::vector<double> turns;
            for (const double angle : angles) {
                turns.push_back(turn_of(angle, dt));
            }
            const int units = static_cast<int>(2 * pairs);
            const Dynamics dynamics(network_of(units, rotations(1.5, angles), Cell::rate, dt));
            Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(units, 0.2, 0.7);
            const BaseFrequencies base =
                base_frequencies(dynamics, run_from(dynamics, x, 3000), static_cast<int>(pairs));
            ASSERT_EQ(base.frequencies.size(), pairs) << base.limits;
            EXPECT_EQ(base.limits, "");
            // In whatever order; all within the error stated, and that is small.
            std::vector<double> found;
            for (const double frequency : base.frequencies) {
                found.push_back(frequency * dt);
            }
            const std::vector<double> in_order = found;
            std::sort(found.begin(), found.end());
            std::sort(turns.begin(), turns.end());
            for (std::size_t i = 0; i < pairs; ++i) {
                EXPECT_LT(base.errors[i] * dt, 1e-6);
                EXPECT_NEAR(found[i], turns[i], 1e-7);
            }
            const bool map = dt == 1.0;
            ASSERT_EQ(base.rotation_numbers.size(), map ? pairs : pairs - 1);
            for (std::size_t i = 0; i < base.rotation_numbers.size(); ++i) {
                const double expected =
                    map ? in_order[i] / (2 * pi) : in_order[i + 1] / in_order[0];
                EXPECT_NEAR(base.rotation_numbers[i], expected, 1e-12);
                EXPECT_LT(base.rotation_errors[i], 1e-5);
            }
        }
    }
}

TEST(Torus, LockingIsASmallRational) {
    ASSERT_TRUE(find_locking(0.4, 1e-9));
    EXPECT_EQ(find_locking(0.4, 1e-9)->rounds, 5);
    EXPECT_EQ(find_locking(0.4, 1e-9)->turns, 2);
    EXPECT_EQ(find_locking(1.0 + 1e-8, 1e-9)->rounds, 1);
    EXPECT_FALSE(find_locking(0.4 + 1e-5, 1e-6));
    EXPECT_FALSE(find_locking(0.6180339887, 1e-6));
    EXPECT_FALSE(find_locking(0.4, 1e-3));
    EXPECT_FALSE(find_locking(0.4, std::nan("")));
}

}  // namespace
}  // namespace shoal
