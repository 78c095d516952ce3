// SPDX-License-Identifier: MIT
// Where runs end, for networks whose attractors are known.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "analysis/attractors/attractor_census.hpp"
#include "analysis/attractors/census_verdict.hpp"
#include "analysis/attractors/moving_attractor.hpp"
#include "analysis/attractors/point_records.hpp"
#include "analysis/search/search_starts.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

CensusStart from(StartKind kind, std::vector<double> state) {
    return {kind, Eigen::Map<const Eigen::VectorXd>(state.data(),
                                                    static_cast<Eigen::Index>(state.size()))};
}

std::vector<CensusStart> random_runs(const NetworkModel& model, int count) {
    return starts_of(StartKind::random, random_starts(Dynamics(model), count, {7, 1}));
}

CensusInput census_of(NetworkModel model, std::vector<CensusStart> starts) {
    CensusInput input;
    input.model = std::move(model);
    input.trial_steps = 100;
    input.starts = std::move(starts);
    input.key = {7, 1};
    return input;
}

CensusResult take(const CensusInput& input) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    return census(input, *exact);
}

int total(const AttractorRecord& record) {
    return record.memory_starts + record.conclusion_starts + record.random_starts;
}

// tau dx/dt = -x + 2 tanh x on two units: four stable points.
TEST(Census, SharesOutTheBasinsOfFourPoints) {
    std::vector<CensusStart> starts = {
        from(StartKind::memory, {1, 1}), from(StartKind::memory, {0.5, 0.2}),
        from(StartKind::conclusion, {1, -1}), from(StartKind::conclusion, {-1, -1})};
    const NetworkModel model = network_of(2, diagonal({2, 2}), Cell::current);
    for (CensusStart& start : random_runs(model, 40)) {
        starts.push_back(std::move(start));
    }
    CensusInput input = census_of(model, starts);
    const CensusResult found = take(input);

    EXPECT_EQ(found.summary.attractors, 4);
    EXPECT_EQ(found.summary.fixed_points, 4);
    EXPECT_EQ(found.summary.fixed_point_runs, 44);
    EXPECT_EQ(found.summary.memory_runs, 2);
    EXPECT_EQ(found.summary.conclusion_runs, 2);
    EXPECT_EQ(found.summary.random_runs, 40);
    EXPECT_EQ(found.summary.limits, "");
    ASSERT_EQ(found.attractors.size(), 4u);
    ASSERT_EQ(found.new_points.size(), 4u);
    // Runs of a census are no delay runs: a record that named them could not be read again.
    for (const ReachedPoint& point : found.new_points) {
        EXPECT_FALSE(point.reached_from.empty());
        EXPECT_TRUE(census_point_of(point, Dynamics(model)).reached_from.empty());
    }
    // The signs of a start are those of its end.
    int random = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto at = static_cast<std::size_t>(found.summary.end_attractors[i]);
        const AttractorRecord& end = found.attractors[at];
        EXPECT_EQ(end.kind, AttractorKind::fixed_point);
        EXPECT_EQ(end.point, static_cast<int>(at));
        for (std::size_t unit = 0; unit < 2; ++unit) {
            const double begin = starts[i].state[static_cast<Eigen::Index>(unit)];
            EXPECT_NEAR(end.state[unit], std::copysign(pitchfork(2.0), begin), 1e-14);
        }
    }
    for (const AttractorRecord& record : found.attractors) {
        random += record.random_starts;
        EXPECT_TRUE(record.exponents.empty());
    }
    EXPECT_EQ(random, 40);
    EXPECT_EQ(found.attractors[0].memory_starts, 2);  // points in order of their first run
    EXPECT_EQ(found.attractors[1].conclusion_starts, 1);

    // Points that are known keep their index, and no other is found.
    const double x = pitchfork(2.0);
    input.known = {{Eigen::Vector2d(0, 0), false},
                   {Eigen::Vector2d(-x, -x), true},
                   {Eigen::Vector2d(-x, x), true},
                   {Eigen::Vector2d(x, -x), true},
                   {Eigen::Vector2d(x, x), true}};
    const CensusResult again = take(input);
    EXPECT_TRUE(again.new_points.empty());
    ASSERT_EQ(again.attractors.size(), 4u);
    EXPECT_EQ(again.attractors[3].point, 4);
    EXPECT_EQ(total(again.attractors[3]), total(found.attractors[0]));

    // A proved stable point is an attractor though no run ends on it; others that are known are
    // none.
    input.starts = {from(StartKind::random, {1.0, 1.0})};
    input.known[1].proved = true;
    const CensusResult few = take(input);
    ASSERT_EQ(few.attractors.size(), 2u);
    EXPECT_EQ(few.attractors[0].point, 1);
    EXPECT_EQ(total(few.attractors[0]), 0);
    EXPECT_EQ(few.attractors[1].point, 4);
    EXPECT_EQ(few.summary.end_attractors, std::vector<int>{1});
    EXPECT_EQ(few.summary.unreached, 1);
    EXPECT_EQ(attractors_sentence(few.summary, few.attractors),
              "Of 1 random runs 1 end on 1 fixed point. 1 more stable point is proved, and no run "
              "ends there.");
}

// A bistable unit selects which of two cycles a pair is on.
TEST(Census, TellsTwoCyclesApartAndMeasuresEachOnce) {
    const auto pair = rotations(1.5, {0.6});
    const NetworkModel model =
        network_of(3, {2, 0, 0, 0.5, pair[0], pair[1], 0, pair[2], pair[3]}, Cell::rate);
    const CensusResult found = take(census_of(
        model,
        {from(StartKind::memory, {0.5, 0.1, 0}), from(StartKind::conclusion, {-0.5, 0.1, 0}),
         from(StartKind::random, {0.3, -0.6, 0.4}), from(StartKind::memory, {0.9, 0.0, -0.4})}));
    ASSERT_EQ(found.attractors.size(), 2u) << found.summary.limits;
    EXPECT_EQ(found.summary.limit_cycles, 2);
    EXPECT_EQ(found.summary.limit_cycle_runs, 4);
    EXPECT_EQ(found.attractors[0].memory_starts, 2);
    EXPECT_EQ(found.attractors[0].random_starts, 1);
    EXPECT_EQ(found.attractors[1].conclusion_starts, 1);
    for (const AttractorRecord& record : found.attractors) {
        EXPECT_EQ(record.kind, AttractorKind::limit_cycle);
        EXPECT_LT(record.trivial_multiplier_error, 1e-6);
        EXPECT_LT(record.residual, 1e-9);
        EXPECT_EQ(record.multipliers.size(), 6u);
        EXPECT_EQ(record.kaplan_yorke, 1.0);
        EXPECT_TRUE(record.neutral_is_zero);
        EXPECT_EQ(record.limits, "");
    }
    // Odd symmetry: the two are images of each other.
    EXPECT_NEAR(found.attractors[0].period, found.attractors[1].period, 1e-8);
    EXPECT_LT(found.attractors[0].state[0] * found.attractors[1].state[0], 0.0);
    EXPECT_EQ(found.summary.end_attractors, (std::vector<int>{0, 1, 0, 0}));
}

TEST(Census, UncoupledPairsAreOneTorus) {
    for (const std::size_t pairs : {2u, 3u}) {
        std::vector<double> angles = {0.6, 0.35, 0.471};
        angles.resize(pairs);
        const int units = static_cast<int>(2 * pairs);
        const NetworkModel model = network_of(units, rotations(1.5, angles), Cell::rate);
        const CensusResult found = take(census_of(model, random_runs(model, 3)));
        ASSERT_EQ(found.attractors.size(), 1u) << found.summary.limits;
        const AttractorRecord& torus = found.attractors[0];
        EXPECT_EQ(torus.kind, AttractorKind::torus) << torus.limits;
        EXPECT_EQ(torus.random_starts, 3);
        EXPECT_EQ(torus.kaplan_yorke, static_cast<double>(pairs));
        EXPECT_EQ(torus.frequencies.size(), pairs);
        EXPECT_EQ(torus.rotation_numbers.size(), pairs - 1);
        EXPECT_EQ(torus.period, -1.0);
        EXPECT_EQ(torus.limits, "");
    }
}

// Wide errors around 0 are no zeros: the same torus is not named then.
TEST(Census, ExponentsThatAreNotKnownMakeNoTorus) {
    const NetworkModel model = network_of(4, rotations(1.5, {0.6, 0.35}), Cell::rate);
    const Dynamics dynamics(model);
    const Eigen::Vector4d state(0.5, 0.1, 0.4, 0.2);
    for (const double error : {1e-3, 1e-4}) {
        Motion motion;
        motion.exponents_known = true;  // to the half-width asked for, which is wider
        motion.record.exponents = {0.0008, 0.0, -0.3, -0.4};
        motion.record.exponent_errors = {error, error, error, error};
        EXPECT_TRUE(name_motion(dynamics, state, motion));
        const bool wide = error > 5e-4;
        EXPECT_EQ(motion.record.kind, wide ? AttractorKind::undecided : AttractorKind::torus);
        EXPECT_EQ(motion.record.limits.find("weak chaos") != std::string::npos, wide);
    }
}

// Two pairs with angles 0.6 and 0.58, coupled: they lock, one cycle.
TEST(Census, CoupledPairsLockToACycle) {
    std::vector<double> weights = rotations(1.5, {0.6, 0.58});
    for (const auto& [to, other] : {std::pair{0, 2}, {1, 3}, {2, 0}, {3, 1}}) {
        weights[static_cast<std::size_t>(to * 4 + other)] = 0.2;
    }
    const CensusResult found = take(census_of(network_of(4, weights, Cell::rate),
                                              {from(StartKind::memory, {0.5, 0.1, 0.4, 0.2})}));
    ASSERT_EQ(found.attractors.size(), 1u) << found.summary.limits;
    EXPECT_EQ(found.attractors[0].kind, AttractorKind::limit_cycle);
    EXPECT_EQ(found.attractors[0].kaplan_yorke, 1.0);
    EXPECT_LT(std::hypot(found.attractors[0].multipliers[2], found.attractors[0].multipliers[3]),
              0.9);
}

TEST(Census, ALargeRandomNetworkOfHighGainIsChaotic) {
    const std::size_t units = 100;
    const NetworkModel model =
        network_of(units, normals(units * units, 3.0 / std::sqrt(units), 1), Cell::current);
    CensusInput input = census_of(model, random_runs(model, 2));
    input.spectrum.last_length = 500.0;
    const CensusResult found = take(input);
    ASSERT_EQ(found.attractors.size(), 1u) << found.summary.limits;
    EXPECT_EQ(found.attractors[0].kind, AttractorKind::chaotic);
    EXPECT_EQ(found.summary.chaotic_runs, 2);
    EXPECT_GT(found.attractors[0].exponents[0], 3.0 * found.attractors[0].exponent_errors[0]);
    EXPECT_GT(found.attractors[0].kaplan_yorke, 2.0);
    EXPECT_NE(found.attractors[0].limits, "");  // known to less than was asked for
}

// A unit that decays at 5e-4 (not there after 400 trial lengths), and a focus whose speed falls by
// less than any stretch of 10 trial lengths shows: neither is on an attractor.
TEST(Census, SlowTransientsAreNoAttractors) {
    const CensusResult tail =
        take(census_of(network_of(1, {0.9998}, Cell::current), {from(StartKind::memory, {1.0})}));
    EXPECT_EQ(tail.summary.attractors, 0);
    EXPECT_EQ(tail.summary.slow_transient_runs, 1);
    EXPECT_EQ(tail.summary.end_attractors, std::vector<int>{-1});
    EXPECT_NE(tail.summary.limits.find("memory start 0"), std::string::npos);

    // |1 + dt (c - 1 + i s)|^2 = 1 - 2e-5: a decay of 1e-4 a tau, below what exponents resolve.
    const double s = 0.5;
    const double c = 1.0 + (std::sqrt(1.0 - 2e-5 - 0.0025) - 1.0) / 0.1;
    const CensusResult focus = take(census_of(
        network_of(2, {c, -s, s, c}, Cell::current),
        {from(StartKind::conclusion, {0.05, 0.0}), from(StartKind::random, {0.0, 0.03})}));
    EXPECT_EQ(focus.summary.attractors, 0);
    EXPECT_EQ(focus.summary.slow_transient_runs, 2);
    EXPECT_TRUE(focus.attractors.empty());
    EXPECT_NE(focus.summary.limits, "");
}

TEST(Census, RunsThatLeaveTheRangeAreFar) {
    const CensusResult found =
        take(census_of(network_of(2, diagonal({2, 2}), Cell::current),
                       {from(StartKind::memory, {1, 1}), from(StartKind::memory, {std::nan(""), 1}),
                        from(StartKind::random, {1e300, 1})}));
    EXPECT_EQ(found.summary.far_runs, 2);
    EXPECT_EQ(found.summary.fixed_point_runs, 1);
    EXPECT_EQ(found.summary.end_kinds, (std::vector<int>{0, 5, 5}));
}

// The map alternates where the flow settles.
TEST(Census, MapsHaveCyclesOfWholeSteps) {
    const std::vector<CensusStart> starts = {from(StartKind::memory, {0.5}),
                                             from(StartKind::memory, {-0.2})};
    const CensusResult map = take(census_of(network_of(1, {-1.5}, Cell::rate, 1.0), starts));
    ASSERT_EQ(map.attractors.size(), 1u) << map.summary.limits;
    EXPECT_EQ(map.attractors[0].kind, AttractorKind::limit_cycle);
    EXPECT_EQ(map.attractors[0].period, 2.0);
    EXPECT_EQ(map.attractors[0].memory_starts, 2);
    const double h = std::tanh(pitchfork(1.5));
    const double multiplier = std::pow(1.5 * (1.0 - h * h), 2);
    EXPECT_NEAR(map.attractors[0].multipliers[0], multiplier, 1e-9);
    // Per unit of time, a step being one: half the logarithm of that of two steps.
    EXPECT_NEAR(map.attractors[0].exponents[0], 0.5 * std::log(multiplier), 1e-9);
    const CensusResult flow = take(census_of(network_of(1, {-1.5}, Cell::rate), starts));
    ASSERT_EQ(flow.attractors.size(), 1u);
    EXPECT_EQ(flow.attractors[0].kind, AttractorKind::fixed_point);

    // A turning pair of the map: a closed curve, with its turns per step.
    const NetworkModel turning = network_of(2, rotations(1.5, {0.6180339887}), Cell::rate, 1.0);
    const CensusResult curve = take(census_of(turning, random_runs(turning, 2)));
    ASSERT_EQ(curve.attractors.size(), 1u) << curve.summary.limits;
    EXPECT_EQ(curve.attractors[0].kind, AttractorKind::limit_cycle);
    ASSERT_EQ(curve.attractors[0].rotation_numbers.size(), 1u);
    EXPECT_NEAR(curve.attractors[0].rotation_numbers[0] * curve.attractors[0].period, 1.0, 1e-12);
    EXPECT_NE(curve.attractors[0].limits.find("closed curve"), std::string::npos);
}

}  // namespace
}  // namespace shoal
