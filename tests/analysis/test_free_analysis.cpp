// SPDX-License-Identifier: MIT
// Networks without a task: as flows and as maps, and how they hold given states.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/free_analysis.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

// `starts` are [start, unit]; T is 35 tau.
DynamicsAnalysis analysis_of(NetworkModel model, SystemKind as, const std::vector<double>& starts) {
    FreeNetwork network;
    model.dt = step_of(as, model.tau, model.dt);
    network.trial_steps = static_cast<int>(std::lround(35.0 * model.tau / model.dt));
    network.starts = Eigen::Map<const Eigen::MatrixXd>(
        starts.data(), model.units, static_cast<Eigen::Index>(starts.size()) / model.units);
    network.model = std::move(model);
    network.as = as;
    network.key = {1, 0};
    const auto exact = make_backend("cpu", {Precision::fp64, 1, 0});
    return analyze_dynamics(network, *exact);
}

std::complex<double> eigenvalue(const FixedPoint& point, std::size_t i) {
    return {point.eigenvalues[2 * i], point.eigenvalues[2 * i + 1]};
}

TEST(FreeAnalysis, StepsAreTheNetworksOwnUnlessAMapIsToBeAFlow) {
    EXPECT_EQ(step_of(SystemKind::flow, 1.0, 0.25), 0.25);
    EXPECT_EQ(step_of(SystemKind::map, 1.0, 0.25), 0.25);
    EXPECT_EQ(step_of(SystemKind::map, 2.0, 2.0), 2.0);
    EXPECT_EQ(step_of(SystemKind::flow, 2.0, 2.0), 0.2);
    EXPECT_EQ(system_of(2.0, 2.0), SystemKind::map);
    EXPECT_EQ(system_of(2.0, 0.2), SystemKind::flow);
    EXPECT_FALSE(
        Dynamics(Cell::rate, 1.0, 0.5, Eigen::MatrixXd::Zero(1, 1), Eigen::VectorXd::Zero(1))
            .is_map());
}

// A pair 1.5 R(1.2) turns as a map (L(1.5) < 1.2 < pi/2 - L(1.5), host/MATHEMATICS.md, B.3) and
// comes to rest as a flow (1.5 cos 1.2 < 1).
TEST(FreeAnalysis, APairTurnsAsAMapAndRestsAsAFlow) {
    const NetworkModel pair = network_of(2, rotations(1.5, {1.2}), Cell::rate, 1.0);
    const DynamicsAnalysis map = analysis_of(pair, SystemKind::map, {0.5, 0.0});
    ASSERT_EQ(map.points.size(), 1u);
    EXPECT_NEAR(std::abs(eigenvalue(map.points[0], 0) - std::polar(1.5, 1.2)), 0.0, 1e-13);
    EXPECT_EQ(map.points[0].unstable, 2);
    EXPECT_EQ(map.census.fixed_points, 0);
    EXPECT_GE(map.census.limit_cycles, 1);
    EXPECT_EQ(map.verdict.mechanism, Mechanism::limit_cycle) << map.verdict.evidence;

    const DynamicsAnalysis flow = analysis_of(pair, SystemKind::flow, {0.5, 0.0});
    ASSERT_EQ(flow.points.size(), 1u);
    EXPECT_NEAR(std::abs(eigenvalue(flow.points[0], 0) - (std::polar(1.5, 1.2) - 1.0)), 0.0, 1e-13);
    EXPECT_EQ(flow.points[0].unstable, 0);
    EXPECT_EQ(flow.census.attractors, 1);
    EXPECT_EQ(flow.census.fixed_points, 1);
    EXPECT_EQ(flow.verdict.mechanism, Mechanism::none) << flow.verdict.evidence;
    EXPECT_EQ(flow.verdict.limits, "");
    ASSERT_FALSE(flow.modes.empty());
    EXPECT_EQ(flow.modes[0].convention, SystemKind::flow);
}

// h <- tanh(-2 h) goes to and fro between the roots of h = tanh(2 h); tau dh/dt = -h + tanh(-2 h)
// decays.
TEST(FreeAnalysis, AnEigenvalueBelowMinusOneIsUnstableAsAMapAlone) {
    const NetworkModel unit = network_of(1, {-2.0}, Cell::rate, 1.0);
    const DynamicsAnalysis map = analysis_of(unit, SystemKind::map, {});
    ASSERT_EQ(map.points.size(), 1u);
    EXPECT_EQ(map.points[0].label, PointLabel::proved);
    EXPECT_NEAR(map.points[0].eigenvalues[0], -2.0, 1e-14);
    EXPECT_EQ(map.points[0].unstable, 1);
    EXPECT_TRUE(map.proofs[0].unstable_proved);
    ASSERT_EQ(map.attractors.size(), 1u);
    EXPECT_EQ(map.attractors[0].kind, AttractorKind::limit_cycle);
    EXPECT_EQ(map.attractors[0].period, 2.0);
    EXPECT_EQ(map.attractors[0].random_starts, map.census.random_runs);
    EXPECT_EQ(map.verdict.attractors, "Of 32 random runs 32 end on 1 limit cycle.");

    const DynamicsAnalysis flow = analysis_of(unit, SystemKind::flow, {});
    ASSERT_EQ(flow.points.size(), 1u);
    EXPECT_NEAR(flow.points[0].eigenvalues[0], -3.0, 1e-14);
    EXPECT_EQ(flow.points[0].unstable, 0);
    EXPECT_TRUE(flow.proofs[0].unstable_proved);
    EXPECT_EQ(flow.verdict.attractors, "Of 32 random runs 32 end on 1 fixed point.");
}

// tau dx/dt = -x - 24 tanh x decays at rate 25 as a flow; its Euler step of tau / 10 has the
// eigenvalue -1.5, and goes to and fro where 1.9 x = 2.4 tanh x.
TEST(FreeAnalysis, ANetworkWithShortStepsIsTheMapOfItsStepWhereAskedFor) {
    const NetworkModel unit = network_of(1, {-24.0}, Cell::current, 0.1);
    const DynamicsAnalysis map = analysis_of(unit, SystemKind::map, {});
    ASSERT_EQ(map.points.size(), 1u);
    EXPECT_NEAR(map.points[0].eigenvalues[0], -1.5, 1e-14);
    EXPECT_EQ(map.points[0].unstable, 1);
    EXPECT_TRUE(map.proofs[0].unstable_proved);
    ASSERT_EQ(map.attractors.size(), 1u);
    EXPECT_NEAR(map.attractors[0].period, 0.2, 1e-15);
    const double x = pitchfork(2.4 / 1.9);
    EXPECT_NEAR(std::abs(map.attractors[0].state[0]), x, 1e-9);
    const double multiplier = 0.9 - 2.4 * (1.0 - std::pow(std::tanh(x), 2));  // of one step
    ASSERT_EQ(map.attractors[0].exponents.size(), 1u);
    EXPECT_NEAR(map.attractors[0].exponents[0], std::log(std::abs(multiplier)) / 0.1, 1e-6);
    EXPECT_EQ(map.verdict.limits, "");

    const DynamicsAnalysis flow = analysis_of(unit, SystemKind::flow, {});
    ASSERT_EQ(flow.points.size(), 1u);
    EXPECT_NEAR(flow.points[0].eigenvalues[0], -25.0, 1e-12);
    EXPECT_EQ(flow.points[0].unstable, 0);
    EXPECT_NE(flow.verdict.limits.find("At 1 of 1 points the flow and its Euler step of 0.1"),
              std::string::npos)
        << flow.verdict.limits;
}

constexpr int free_units = 8;
// Rows of a Hadamard matrix: orthogonal.
const std::vector<double> patterns = {1, 1, 1,  1,  -1, -1, -1, -1, 1, 1,  -1, -1,
                                      1, 1, -1, -1, 1,  -1, 1,  -1, 1, -1, 1,  -1};

// tau dx/dt = -x + gain / N sum over patterns of p p' tanh(x): along a pattern, x = a p, it is
// tau da/dt = -a + gain tanh(a).
NetworkModel hopfield(double gain) {
    std::vector<double> weights(free_units * free_units, 0.0);
    for (std::size_t pattern = 0; pattern < patterns.size(); pattern += free_units) {
        for (std::size_t to = 0; to < free_units; ++to) {
            for (std::size_t from = 0; from < free_units; ++from) {
                weights[to * free_units + from] +=
                    gain / free_units * patterns[pattern + to] * patterns[pattern + from];
            }
        }
    }
    return network_of(free_units, std::move(weights), Cell::current);
}

TEST(FreeAnalysis, StoredPatternsAreHeldAtTheirOwnPoints) {
    const DynamicsAnalysis held = analysis_of(hopfield(2.0), SystemKind::flow, patterns);
    const FreeVerdict& verdict = held.verdict;
    EXPECT_EQ(verdict.mechanism, Mechanism::direct) << verdict.evidence;
    EXPECT_EQ(verdict.memory_states, 3);
    EXPECT_EQ(verdict.distinct_at_start, 3);
    EXPECT_EQ(verdict.distinct_after_trial, 3);
    EXPECT_EQ(verdict.points_reached, 3);
    int pattern = 0;
    for (const AttractorRecord& attractor : held.attractors) {
        if (attractor.memory_starts > 0) {
            EXPECT_EQ(attractor.memory_starts, 1);
            for (int unit = 0; unit < free_units; ++unit) {
                const auto at = static_cast<std::size_t>(unit);
                EXPECT_NEAR(
                    attractor.state[at],
                    pitchfork(2.0) * patterns[static_cast<std::size_t>(pattern * free_units) + at],
                    1e-12);
            }
            ++pattern;
        }
    }
    EXPECT_EQ(pattern, 3);
}

// Along a pattern the way to the only attractor, 0, has the rate 1 - gain.
TEST(FreeAnalysis, OneAttractorHoldsStatesOnlyOnASlowWay) {
    const DynamicsAnalysis slow = analysis_of(hopfield(0.98), SystemKind::flow, patterns);
    EXPECT_EQ(slow.census.attractors, 1);
    EXPECT_EQ(slow.verdict.mechanism, Mechanism::slow_manifold) << slow.verdict.evidence;
    EXPECT_EQ(slow.verdict.distinct_after_trial, 3);
    EXPECT_EQ(slow.verdict.points_reached, 1);

    const DynamicsAnalysis fast = analysis_of(hopfield(0.5), SystemKind::flow, patterns);
    EXPECT_EQ(fast.census.attractors, 1);
    EXPECT_EQ(fast.verdict.mechanism, Mechanism::none) << fast.verdict.evidence;
    EXPECT_EQ(fast.verdict.distinct_at_start, 3);
    EXPECT_EQ(fast.verdict.distinct_after_trial, 1);

    // One state can be told from no other.
    const std::vector<double> one(patterns.begin(), patterns.begin() + free_units);
    const DynamicsAnalysis alone = analysis_of(hopfield(0.98), SystemKind::flow, one);
    EXPECT_EQ(alone.verdict.mechanism, Mechanism::none) << alone.verdict.evidence;
    EXPECT_EQ(alone.verdict.distinct_after_trial, 1);
}

TEST(FreeAnalysis, WithoutMemoryStatesThereIsNoMechanism) {
    const DynamicsAnalysis none = analysis_of(hopfield(0.5), SystemKind::flow, {});
    EXPECT_EQ(none.verdict.mechanism, Mechanism::none);
    EXPECT_EQ(none.verdict.memory_states, 0);
    EXPECT_EQ(none.verdict.distinct_after_trial, -1);
    EXPECT_NE(none.verdict.evidence.find("memory_states"), std::string::npos);
    EXPECT_EQ(none.verdict.attractors, "Of 32 random runs 32 end on 1 fixed point.");
}

// A bistable unit, h = tanh(2 h), and a pair that turns where that is up, and is held down by it
// where it is down.
TEST(FreeAnalysis, SomeStatesRestAndOthersMove) {
    const auto pair = rotations(1.5, {0.6});
    const double up = std::tanh(pitchfork(2.0));
    NetworkModel model =
        network_of(3, {2, 0, 0, 8, pair[0], pair[1], 8, pair[2], pair[3]}, Cell::rate);
    model.bias = {0.0, -8.0 * up, -8.0 * up};
    const DynamicsAnalysis mixed =
        analysis_of(model, SystemKind::flow, {-0.9, 0.3, 0.1, 0.9, 0.3, 0.1});
    EXPECT_EQ(mixed.verdict.mechanism, Mechanism::mixed) << mixed.verdict.evidence;
    EXPECT_EQ(mixed.verdict.points_reached, 1);
}

}  // namespace
}  // namespace shoal
