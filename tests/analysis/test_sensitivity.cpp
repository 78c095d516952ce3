// SPDX-License-Identifier: MIT
// Verdicts decided again with their thresholds moved.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/attractors/sensitivity.hpp"
#include "core/numbers.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

JudgedNetwork judge(const AnalysisInput& input) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto behaviour = make_backend("reference", {Precision::fp32, 1, 0});
    return judge_network(input, {}, *behaviour, *exact);
}

Mechanism at(const SensitivityMap& map, VerdictThreshold threshold, double factor) {
    const auto row = std::find_if(map.rows.begin(), map.rows.end(), [&](const SensitivityRow& r) {
        return r.threshold == threshold && r.factor == factor;
    });
    EXPECT_NE(row, map.rows.end());
    return row->mechanism;
}

RuleLabel rule_at(const SensitivityMap& map, VerdictThreshold threshold, double factor) {
    const auto row = std::find_if(map.rows.begin(), map.rows.end(), [&](const SensitivityRow& r) {
        return r.threshold == threshold && r.factor == factor;
    });
    EXPECT_NE(row, map.rows.end());
    return row->rule_b;
}

// Four settled runs on four points that are `apart` from each other.
VerdictEvidence four_points(double apart) {
    VerdictEvidence e;
    e.fates = {0, 0, 0, 0};
    e.points = {0, 1, 2, 3};
    e.moves = e.earlier_moves = e.later_moves = {1e-6, 1e-6, 1e-6, 1e-6};
    e.root_distances = {1e-6, 1e-6, 1e-6, 1e-6};
    e.root_stable = {1, 1, 1, 1};
    e.root_separations = {apart, 2 * apart, 3 * apart, apart, 2 * apart, apart};
    e.largest_output = e.largest_output_seen = 1.5;
    e.end_outputs = {1.0, 0.5, 0.5, 1.5};
    e.output_variances = {1e-12, 1e-12, 1e-12, 5e-7};
    return e;
}

// Networks of every kind: what the map says at factor 1 (counts: 0 added) is the verdict, and the
// evidence under the default thresholds is the evidence it came from.
TEST(Sensitivity, AtFactorOneIsTheVerdictItself) {
    struct Case {
        NetworkModel model;
        std::vector<double> conclusions;
        Mechanism expected;
    };
    const double c = 0.98669;  // a focus that loses 8e-5 a step
    // A pair that turns unless it starts at its unstable origin, and two bistable units.
    std::vector<double> mixed = rotations(1.5, {0.6, 0.6});
    for (std::size_t row = 2; row < 4; ++row) {
        for (std::size_t from = 0; from < 4; ++from) {
            mixed[row * 4 + from] = row == from ? 2.0 : 0.0;
        }
    }
    const std::vector<double> four = {1, 1, 1, -1, -1, 1, -1, -1};
    const std::vector<double> around = {0.5, 0, 0, 0.5, -0.5, 0, 0.1, 0.1};
    std::vector<Case> cases;
    cases.push_back({network_of(2, diagonal({2, 2}), Cell::current), four, Mechanism::direct});
    cases.push_back(
        {network_of(2, diagonal({2, 0.99}), Cell::current), four, Mechanism::slow_manifold});
    cases.push_back(
        {network_of(2, diagonal({2, 0.9995}), Cell::current), four, Mechanism::slow_manifold});
    cases.push_back(
        {network_of(2, {c, -0.5, 0.5, c}, Cell::current), around, Mechanism::slow_manifold});
    cases.push_back(
        {network_of(2, rotations(1.5, {0.6}), Cell::rate), around, Mechanism::limit_cycle});
    cases.push_back({network_of(4, mixed, Cell::rate),
                     {0.5, 0, 1, 1, 0, 0, 1, -1, 0, 0.5, -1, 1, 0.2, 0.2, -1, -1},
                     Mechanism::mixed});
    NetworkModel far = network_of(2, diagonal({2, 2}), Cell::current);
    far.readout = {5.0, 0.0};
    cases.push_back({far, four, Mechanism::far});
    for (const Case& each : cases) {
        const JudgedNetwork judged = judge(input_of(each.model, each.conclusions));
        const NetworkAnalysis& a = judged.analysis;
        EXPECT_EQ(a.mechanism, each.expected) << a.evidence;
        const SensitivityMap map = sensitivity_map(judged.evidence);
        int standard = 0;
        for (const SensitivityRow& row : map.rows) {
            const bool count = row.threshold == VerdictThreshold::direct_from ||
                               row.threshold == VerdictThreshold::rule_b_decimals ||
                               row.threshold == VerdictThreshold::rule_b_direct_from;
            if (row.factor == (count ? 0.0 : 1.0)) {
                EXPECT_EQ(row.mechanism, a.mechanism) << static_cast<int>(row.threshold);
                EXPECT_EQ(row.rule_b, a.rule_b) << static_cast<int>(row.threshold);
                ++standard;
            }
        }
        EXPECT_EQ(standard, 12);
        EXPECT_EQ(map.rows.size(), 9u * 5 + 3u * 3);
        const Evidence evidence = evidence_under(judged.evidence, {});
        EXPECT_EQ(decide_mechanism(evidence).evidence, a.evidence);
        int reached = 0;
        for (const FixedPoint& point : a.points) {
            reached += point.reached_from.empty() ? 0 : 1;
        }
        EXPECT_EQ(evidence.fixed_points, reached);
    }
}

TEST(Sensitivity, PointsMergeAtLargerDistancesAndPartAtSmaller) {
    // At 0.004 apart in a row: three at factor 3 would need gaps above 0.003; at factor 10 (0.01)
    // the first takes in the next two, and the fourth stands alone: two points.
    const SensitivityMap map = sensitivity_map(four_points(0.004));
    EXPECT_EQ(at(map, VerdictThreshold::distinct, 3.0), Mechanism::direct);
    EXPECT_EQ(at(map, VerdictThreshold::distinct, 10.0), Mechanism::slow_manifold);
    EXPECT_EQ(at(map, VerdictThreshold::distinct, 0.1), Mechanism::direct);

    // Four runs on one point by default whose own roots are 0.0004 apart.
    VerdictEvidence one = four_points(0.0004);
    one.points = {0, 0, 0, 0};
    const SensitivityMap merged = sensitivity_map(one);
    EXPECT_EQ(at(merged, VerdictThreshold::distinct, 1.0), Mechanism::slow_manifold);
    EXPECT_EQ(at(merged, VerdictThreshold::distinct, 0.3), Mechanism::direct);
}

TEST(Sensitivity, CountsMoveByOne) {
    VerdictEvidence three = four_points(1.0);
    three.points = {0, 1, 2, 2};
    const SensitivityMap map = sensitivity_map(three);
    EXPECT_EQ(at(map, VerdictThreshold::direct_from, 0.0), Mechanism::direct);
    EXPECT_EQ(at(map, VerdictThreshold::direct_from, 1.0), Mechanism::slow_manifold);
    EXPECT_EQ(at(map, VerdictThreshold::direct_from, -1.0), Mechanism::direct);
    // The only verdicts that change: direct_from + 1 (of 8 x 4 + 2 moved thresholds), and distinct
    // and far do not: points are 1 apart, |z_o| = 1.5 is beyond 4 times 0.1 and 0.3.
    EXPECT_NEAR(map.robust, 31.0 / 34.0, 1e-15);
}

TEST(Sensitivity, RulesMoveByTheirOwnThresholds) {
    const SensitivityMap map = sensitivity_map(four_points(1.0));
    EXPECT_EQ(rule_at(map, VerdictThreshold::rule_b_variance, 1.0), RuleLabel::direct);
    EXPECT_EQ(rule_at(map, VerdictThreshold::rule_b_variance, 0.3), RuleLabel::mixed);
    EXPECT_EQ(rule_at(map, VerdictThreshold::rule_b_direct_from, 1.0), RuleLabel::manifold);
    EXPECT_EQ(rule_at(map, VerdictThreshold::far, 0.3), RuleLabel::far);
    // Moved: far 4, variance 4, decimals 2, count 2. Changed: far 2, variance 2 (5e-7 against 1e-7
    // and 3e-7), count 1.
    EXPECT_NEAR(map.robust_rule_b, 7.0 / 12.0, 1e-15);
}

TEST(Sensitivity, SettlingAndMovingRunsChangeSides) {
    // One run drifts 0.004 away from a stable root; another moves 0.15 in a trial, steadily.
    VerdictEvidence e = four_points(1.0);
    e.fates = {0, 0, 1, 2};
    e.points = {0, 1, -1, -1};
    e.moves = {1e-6, 1e-6, 5e-4, 0.15};
    e.earlier_moves = {1e-6, 1e-6, 1e-3, 0.15};
    e.later_moves = {1e-6, 1e-6, 6e-4, 0.15};
    e.root_distances = {1e-6, 1e-6, 0.004, infinity};
    e.root_stable = {1, 1, 1, 0};
    e.exponents = {0.0};
    e.exponent_errors = {0.0};
    const SensitivityMap map = sensitivity_map(e);
    EXPECT_EQ(at(map, VerdictThreshold::moving_move, 1.0), Mechanism::mixed);
    EXPECT_EQ(at(map, VerdictThreshold::moving_move, 3.0), Mechanism::slow_manifold);

    e.fates[3] = 0;  // now three settle, and the drifting run makes a fourth point from 0.004 on
    e.points[3] = 1;
    e.root_separations[4] = 0.0;
    EXPECT_EQ(mechanism_under(e, {}), Mechanism::slow_manifold);
    const SensitivityMap drift = sensitivity_map(e);
    EXPECT_EQ(at(drift, VerdictThreshold::settled_distance, 3.0), Mechanism::slow_manifold);
    EXPECT_EQ(at(drift, VerdictThreshold::settled_distance, 10.0), Mechanism::direct);
    e.root_stable[2] = 0;
    EXPECT_EQ(at(sensitivity_map(e), VerdictThreshold::settled_distance, 10.0),
              Mechanism::slow_manifold);
}

TEST(Sensitivity, ExponentsTurnByTheirFloorAndErrors) {
    VerdictEvidence e = four_points(1.0);
    e.fates = {2, 2, 2, 2};
    e.points = {-1, -1, -1, -1};
    e.moves = e.earlier_moves = e.later_moves = {1, 1, 1, 1};
    e.root_distances = {infinity, infinity, infinity, infinity};
    e.root_stable = {0, 0, 0, 0};
    e.exponents = {0.0005, -0.004, -0.2};
    e.exponent_errors = {1e-5, 1e-5, 1e-5};
    const SensitivityMap map = sensitivity_map(e);
    EXPECT_EQ(at(map, VerdictThreshold::exponent_floor, 1.0), Mechanism::limit_cycle);
    EXPECT_EQ(at(map, VerdictThreshold::exponent_floor, 10.0), Mechanism::torus);
    EXPECT_EQ(at(map, VerdictThreshold::exponent_floor, 0.1), Mechanism::chaotic);
    EXPECT_EQ(at(map, VerdictThreshold::exponent_errors, 10.0), Mechanism::limit_cycle);
    // Runs that would all be too slow to be moving: nobody says they are cycles.
    EXPECT_EQ(at(map, VerdictThreshold::moving_move, 10.0), Mechanism::slow_manifold);
}

TEST(Sensitivity, WhatWasNotFollowedIsUndecided) {
    VerdictEvidence e = four_points(1.0);
    e.largest_output = 6.0;
    e.followed = false;
    const SensitivityMap map = sensitivity_map(e);
    EXPECT_EQ(at(map, VerdictThreshold::far, 1.0), Mechanism::far);
    EXPECT_EQ(at(map, VerdictThreshold::far, 3.0), Mechanism::none);
}

}  // namespace
}  // namespace shoal
