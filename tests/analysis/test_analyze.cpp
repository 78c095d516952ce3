// SPDX-License-Identifier: MIT
// Whole analyses of networks whose mechanism is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

// Every unit on its own: tau dx/dt = -x + 2 tanh x has stable points +-x*, so two units have four.
TEST(Analyze, FourStablePointsAreDirect) {
    const double x = pitchfork(2.0);
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, diagonal({2, 2}), Cell::current), {1, 1, 1, -1, -1, 1, -1, -1}));

    EXPECT_EQ(a.mechanism, Mechanism::direct) << a.evidence;
    EXPECT_EQ(a.attractors, 4);
    EXPECT_EQ(a.limits, "");
    EXPECT_NE(a.evidence.find("4 of 4 runs settle"), std::string::npos) << a.evidence;
    // z_o = 0.1 sum of r distinguishes three of the four.
    EXPECT_EQ(a.rule_b, RuleLabel::direct);
    EXPECT_EQ(a.distinct_outputs_b, 3);
    ASSERT_EQ(a.points.size(), 4u);
    const double r = std::tanh(x);
    const double eigenvalue = -1.0 + 2.0 * (1.0 - r * r);
    for (std::size_t i = 0; i < 4; ++i) {
        const FixedPoint& point = a.points[i];
        EXPECT_EQ(point.reached_from, std::vector<int>{static_cast<int>(i)});
        EXPECT_EQ(point.unstable, 0);
        EXPECT_EQ(point.label, PointLabel::converged);
        ASSERT_EQ(point.eigenvalues.size(), 4u);
        for (const std::size_t unit : {0u, 1u}) {
            // Newton leaves a residual of a few rounding errors u |x|; the slope |eigenvalue| > 0.6
            // turns it into at most twice as much of x, and of the eigenvalue (curvature below 2).
            EXPECT_NEAR(std::abs(point.state[unit]), x, 1e-14);
            EXPECT_NEAR(point.eigenvalues[2 * unit], eigenvalue, 1e-14);
            EXPECT_EQ(point.eigenvalues[2 * unit + 1], 0.0);
        }
        EXPECT_TRUE(a.runs[i].settled);
        EXPECT_EQ(a.runs[i].attractor, static_cast<int>(i));
        EXPECT_GT(a.runs[i].settling_time, 0.0);
        EXPECT_LT(a.runs[i].settling_time, 20.0);  // rate 0.65 from a distance below 1
        EXPECT_EQ(a.runs[i].speeds.size(), 8u);
    }
    // |r*| = tanh(1.915) = 0.957: all saturated from the first epoch on (steps 20-40 from |x| = 1:
    // the mean of |r| there is above 0.8 because x passes 1.1 = atanh(0.8) by step 4).
    EXPECT_EQ(a.saturated_delay, 1.0);
    EXPECT_EQ(a.saturated_response, 1.0);
}

// A second unit with slope 0.99 decays at rate 0.01: the runs travel slowly, and end on two points.
TEST(Analyze, TwoPointsWithASlowDirectionAreASlowManifold) {
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, diagonal({2, 0.99}), Cell::current), {1, 1, 1, -1, -1, 1, -1, -1}));

    EXPECT_EQ(a.mechanism, Mechanism::slow_manifold) << a.evidence;
    EXPECT_EQ(a.attractors, 2);
    EXPECT_EQ(a.limits, "");
    ASSERT_EQ(a.points.size(), 2u);
    EXPECT_EQ(a.points[0].reached_from, (std::vector<int>{0, 1}));
    EXPECT_EQ(a.points[1].reached_from, (std::vector<int>{2, 3}));
    EXPECT_NEAR(a.points[0].eigenvalues[0], -0.01, 1e-12);  // 1 - tanh^2 is exact to u at 0
    // Near 0 the slow unit obeys dx/dt = -0.01 x: over the last 100 units of time the speed falls
    // by (1 - 0.001)^1000; the cubic term adds less than 1 % (x^2 / 3 / 0.01 with x < 0.01), single
    // precision a rounding of 1e-7 / 1e-4.
    EXPECT_NEAR(a.runs[0].speeds[7] / a.runs[0].speeds[6], std::pow(0.999, 1000), 0.02 * 0.37);
}

// The same with rate 5e-4: after all 400 trial lengths (4000 tau) still on the way. Not a cycle.
TEST(Analyze, ALongTailIsASlowManifoldAndSaysWhatWasCut) {
    const NetworkAnalysis a = analyze(input_of(network_of(2, diagonal({2, 0.9995}), Cell::current),
                                               {1, 1, 1, -1, -1, 1, -1, -1}));

    EXPECT_EQ(a.mechanism, Mechanism::slow_manifold) << a.evidence;
    EXPECT_EQ(a.attractors, 2);
    EXPECT_NE(a.limits.find("400 trial lengths"), std::string::npos) << a.limits;
}

// A focus that loses 8e-5 of its amplitude per step (real part -0.0133, imaginary part 0.5, dt =
// 0.1): less than exponents resolve, so that only the falling speed tells it from a cycle.
TEST(Analyze, AWeaklyDampedFocusIsNoCycle) {
    const double c = 0.98669;
    const double s = 0.5;
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, {c, -s, s, c}, Cell::current), {0.5, 0, 0, 0.5, -0.5, 0, 0.1, 0.1}));

    EXPECT_EQ(a.mechanism, Mechanism::slow_manifold) << a.evidence;
    EXPECT_EQ(a.attractors, 1);
    ASSERT_EQ(a.points.size(), 1u);
    EXPECT_NEAR(a.points[0].eigenvalues[0], c - 1.0, 1e-12);
    EXPECT_NEAR(a.points[0].eigenvalues[1], s, 1e-12);
    EXPECT_EQ(a.points[0].unstable, 0);
    EXPECT_NE(a.limits.find("400 trial lengths"), std::string::npos) << a.limits;
}

// dh/dt = -h + tanh(1.5 R(0.6) h): a limit cycle (sigma > 1, 0.1478 < theta < acos(1 / sigma)).
TEST(Analyze, ARotationIsALimitCycleWithItsPeriod) {
    const NetworkModel model = network_of(2, rotations(1.5, {0.6}), Cell::rate);
    const NetworkAnalysis a = analyze(input_of(model, {0.5, 0, 0, 0.5, -0.5, 0, 0.1, 0.1}));

    EXPECT_EQ(a.mechanism, Mechanism::limit_cycle) << a.evidence;
    EXPECT_EQ(a.rule_b, RuleLabel::limit_cycle);
    EXPECT_EQ(a.attractors, 1);
    ASSERT_EQ(a.exponents.size(), 2u);
    EXPECT_NEAR(a.exponents[0], 0.0, 1e-3);
    EXPECT_LT(a.exponents[1], -0.1);
    for (const DelayRun& run : a.runs) {
        EXPECT_FALSE(run.settled);
        EXPECT_EQ(run.attractor, -1);
    }

    // The period from scratch: upward zero crossings of unit 0, interpolated, over 1000 cycles.
    double h0 = 0.5;
    double h1 = 0.0;
    double first = -1.0;
    double last = -1.0;
    int crossings = 0;
    for (int step = 0; step < 200000; ++step) {
        const double c = 1.5 * std::cos(0.6);
        const double s = 1.5 * std::sin(0.6);
        const double n0 = h0 + 0.1 * (-h0 + std::tanh(c * h0 - s * h1));
        const double n1 = h1 + 0.1 * (-h1 + std::tanh(s * h0 + c * h1));
        if (step > 2000 && h0 < 0.0 && n0 >= 0.0) {
            last = 0.1 * (step + h0 / (h0 - n0));
            first = first < 0.0 ? last : first;
            ++crossings;
        }
        h0 = n0;
        h1 = n1;
    }
    const double period = (last - first) / (crossings - 1);
    // Interpolating between steps misses a crossing by up to (omega dt)^2 / 8 radians, omega below
    // 1: 0.00125 / (2 pi) of the period.
    EXPECT_NEAR(a.period, period, 2.0 * 0.00125 / 6.28 * period);
}

TEST(Analyze, TwoRotationsAreATorus) {
    const NetworkAnalysis a =
        analyze(input_of(network_of(4, rotations(1.5, {0.6, 0.35}), Cell::rate),
                         {0.5, 0, 0.5, 0, 0, 0.5, 0.1, 0, 0.3, 0.3, -0.2, 0, 0.1, 0, 0, 0.7}));

    EXPECT_EQ(a.mechanism, Mechanism::torus) << a.evidence;
    ASSERT_EQ(a.exponents.size(), 3u);
    EXPECT_NEAR(a.exponents[0], 0.0, 1e-3);
    EXPECT_NEAR(a.exponents[1], 0.0, 1e-3);
    EXPECT_LT(a.exponents[2], -0.1);
    EXPECT_EQ(a.period, -1.0);
}

// Random networks of gain well above 1 are chaotic (Sompolinsky, Crisanti & Sommers 1988).
TEST(Analyze, ARandomNetworkOfHighGainIsChaotic) {
    const std::size_t units = 100;
    const NetworkAnalysis a = analyze(input_of(
        network_of(units, normals(units * units, 3.0 / std::sqrt(units), 1), Cell::current),
        normals(4 * units, 1.0, 2)));

    EXPECT_EQ(a.mechanism, Mechanism::chaotic) << a.evidence;
    ASSERT_EQ(a.exponents.size(), 3u);
    EXPECT_GT(a.exponents[0], 3.0 * a.exponent_errors[0]);
    EXPECT_GE(a.exponents[0], a.exponents[1]);
    // The rule that looks at z_o alone takes chaos for a cycle.
    EXPECT_EQ(a.rule_b, RuleLabel::limit_cycle);
}

// A bistable unit (slope 2, at +-s) that either leaves a rotation alone or saturates it.
TEST(Analyze, PointsForSomeMemoriesAndACycleForOthersAreMixed) {
    double s = 0.9;
    for (int i = 0; i < 200; ++i) {
        s = std::tanh(2.0 * s);
    }
    const auto rotation = rotations(1.5, {0.6});
    NetworkModel model = network_of(
        3, {2, 0, 0, 3, rotation[0], rotation[1], 3, rotation[2], rotation[3]}, Cell::rate);
    model.bias = {0, 3 * s, 3 * s};
    const NetworkAnalysis a =
        analyze(input_of(model, {0.5, 0.1, 0, -0.5, 0.1, 0, 0.5, 0, 0.2, -0.5, 0.3, 0}));

    EXPECT_EQ(a.mechanism, Mechanism::mixed) << a.evidence;
    EXPECT_EQ(a.rule_b, RuleLabel::mixed);
    EXPECT_EQ(a.attractors, 2);
    EXPECT_TRUE(a.runs[0].settled);
    EXPECT_FALSE(a.runs[1].settled);
    EXPECT_EQ(a.exponents.size(), 3u);
}

// h <- tanh(-1.5 h): the map's eigenvalue at 0 is -1.5, and +-h* alternate; the flow's is -2.5, and
// 0 is stable. The same matrix must give different answers as a map and as a flow.
TEST(Analyze, AMapAlternatesWhereTheFlowSettles) {
    const NetworkAnalysis map =
        analyze(input_of(network_of(1, {-1.5}, Cell::rate, 1.0), {0.5, -0.2}));
    const NetworkAnalysis flow = analyze(input_of(network_of(1, {-1.5}, Cell::rate), {0.5, -0.2}));

    EXPECT_EQ(map.mechanism, Mechanism::limit_cycle) << map.evidence;
    EXPECT_EQ(map.period, 2.0);
    EXPECT_LT(map.exponents[0], 0.0);
    EXPECT_EQ(flow.mechanism, Mechanism::slow_manifold) << flow.evidence;
    ASSERT_EQ(flow.points.size(), 1u);
    EXPECT_EQ(flow.points[0].eigenvalues, (std::vector<double>{-2.5, 0.0}));
    EXPECT_EQ(flow.points[0].unstable, 0);
}

TEST(Analyze, SpectraOfMapsAreThoseOfTheMap) {
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, diagonal({-0.9, 0.5}), Cell::rate, 1.0), {0.5, 0.5, -0.2, 0}));

    ASSERT_EQ(a.points.size(), 1u);
    // By falling modulus: -0.9, 0.5 (map), where the flow would have -1.9, -0.5.
    EXPECT_NEAR(a.points[0].eigenvalues[0], -0.9, 1e-14);
    EXPECT_NEAR(a.points[0].eigenvalues[2], 0.5, 1e-14);
}

// A run that stays on a saddle has not settled.
TEST(Analyze, AnUnstablePointIsNoAttractor) {
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, diagonal({2, 2}), Cell::current), {1, 1, 0, 1, -1, 1, -1, -1}));

    ASSERT_EQ(a.runs.size(), 4u);
    EXPECT_FALSE(a.runs[1].settled);
    EXPECT_EQ(a.attractors, 3);
    EXPECT_NE(a.limits.find("conclusion 1"), std::string::npos) << a.limits;
    const auto saddle = std::find_if(a.points.begin(), a.points.end(),
                                     [](const FixedPoint& point) { return point.unstable == 1; });
    ASSERT_NE(saddle, a.points.end());
    EXPECT_TRUE(saddle->reached_from.empty());
}

TEST(Analyze, LargeOutputsAreFar) {
    NetworkModel model = network_of(2, diagonal({2, 2}), Cell::current);
    model.readout = {3.0, 3.0};
    const NetworkAnalysis a = analyze(input_of(model, {1, 1, 1, -1, -1, 1, -1, -1}));

    EXPECT_EQ(a.mechanism, Mechanism::far) << a.evidence;
    EXPECT_EQ(a.rule_b, RuleLabel::far);
}

/// The logits of a network that answers with classes have no bound.
TEST(Analyze, LargeLogitsAreNotFar) {
    TaskConfig copy;
    copy.kind = TaskKind::copy;
    copy.symbols = 2;
    copy.length = 1;
    copy.delay = 5.0;
    AnalysisInput input =
        input_of(network_of(2, diagonal({2, 2}), Cell::current), {1, 1, 1, -1, -1, 1, -1, -1});
    input.task = make_task(copy, {}, ErrorSchedule::epochs);
    input.model.inputs = 4;
    input.model.input.assign(8, 0.0);
    input.model.outputs = 3;
    input.model.readout.assign(6, 30.0);

    const NetworkAnalysis a = analyze(input);

    EXPECT_EQ(a.mechanism, Mechanism::direct) << a.evidence;
    EXPECT_EQ(a.rule_b, RuleLabel::far);
}

TEST(Analyze, NumbersOutOfRangeGiveARecordAndNoException) {
    const double nan = std::nan("");
    for (const double bad : {nan, 1e300, 1e6}) {
        const NetworkAnalysis a = analyze(input_of(network_of(2, diagonal({2, 2}), Cell::current),
                                                   {1, 1, bad, -1, -1, 1, -1, -1}));
        EXPECT_EQ(a.mechanism, Mechanism::far) << bad << ": " << a.evidence;
    }
}

// Feedback and readout belong to the autonomous matrix: gain J = 0 here, all of W comes from them.
TEST(Analyze, FedBackReadoutsArePartOfTheMatrix) {
    NetworkModel model = network_of(2, diagonal({0, 0}), Cell::current);
    model.outputs = 2;
    model.feedback = diagonal({2, 2});
    model.readout = diagonal({1, 1});
    const NetworkAnalysis a = analyze(input_of(model, {1, 1, 1, -1, -1, 1, -1, -1}));

    EXPECT_EQ(a.mechanism, Mechanism::direct) << a.evidence;
    EXPECT_NEAR(std::abs(a.points.at(0).state.at(0)), pitchfork(2.0), 1e-14);
}

// The conclusions' copies all end on (+, +), 3.8 standard deviations from the next basin; those of
// the origin spread over all four points, which have three different outputs.
TEST(Analyze, RuleAStartsFromTheOriginToo) {
    const double x = pitchfork(2.0);
    AnalysisConfig config;
    config.rule_a = true;
    const NetworkAnalysis a = analyze(
        input_of(network_of(2, diagonal({2, 2}), Cell::current), {x, x, x, x, x, x, x, x}), config);

    EXPECT_EQ(a.distinct_outputs_a, 3);
    EXPECT_EQ(a.rule_a, RuleLabel::manifold);
    EXPECT_EQ(a.distinct_outputs_b, 1);
    EXPECT_EQ(a.rule_b, RuleLabel::manifold);
}

TEST(Analyze, IsAPureFunctionWhateverRunsBeside) {
    const std::size_t units = 30;
    std::vector<AnalysisInput> inputs;
    for (std::uint32_t i = 0; i < 4; ++i) {
        const double gain = 0.8 + 0.3 * i;
        inputs.push_back(
            input_of(network_of(units, normals(units * units, gain / std::sqrt(units), 10 + i),
                                Cell::current),
                     normals(4 * units, 1.0, 20 + i)));
    }
    std::vector<NetworkAnalysis> alone(4);
    std::vector<NetworkAnalysis> together(4);
    for (std::size_t i = 0; i < 4; ++i) {
        alone[3 - i] = analyze(inputs[3 - i]);
    }
    parallel_for(4, 2, [&](std::size_t i, int) { together[i] = analyze(inputs[i]); });

    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(alone[i].mechanism, together[i].mechanism);
        EXPECT_EQ(alone[i].evidence, together[i].evidence);
        EXPECT_EQ(alone[i].limits, together[i].limits);
        EXPECT_EQ(alone[i].exponents, together[i].exponents);
        EXPECT_EQ(alone[i].period, together[i].period);
        ASSERT_EQ(alone[i].points.size(), together[i].points.size());
        for (std::size_t k = 0; k < alone[i].points.size(); ++k) {
            EXPECT_EQ(alone[i].points[k].state, together[i].points[k].state);
            EXPECT_EQ(alone[i].points[k].eigenvalues, together[i].points[k].eigenvalues);
        }
        for (std::size_t k = 0; k < alone[i].runs.size(); ++k) {
            EXPECT_EQ(alone[i].runs[k].speeds, together[i].runs[k].speeds);
        }
    }
}

}  // namespace
}  // namespace shoal
