// SPDX-License-Identifier: MIT
// Labels from hand-made output series and verdicts from hand-made evidence.
#include <gtest/gtest.h>

#include <limits>
#include <ostream>

#include "analysis/attractors/mechanism.hpp"
#include "analysis/attractors/rules.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

RuleOutcome label(const Rule& rule, const std::vector<double>& ends,
                  const std::vector<double>& swings, std::vector<int> diverged = {}) {
    const std::size_t runs = ends.size();
    diverged.resize(runs, -1);
    std::vector<double> outputs;
    for (std::size_t run = 0; run < runs; ++run) {
        for (int step = 0; step < 10; ++step) {  // variance swing^2
            outputs.push_back(ends[run] + (step % 2 == 0 ? 2.0 * swings[run] : 0.0));
        }
    }
    return apply_rule(rule, outputs, diverged);
}

TEST(Rules, ThreeDistinctEndsAreDirect) {
    const RuleOutcome outcome = label(rule_b, {1.0, 0.5, 0.5, 1.5}, {0, 0, 0, 0});
    EXPECT_EQ(outcome.label, RuleLabel::direct);
    EXPECT_EQ(outcome.distinct, 3);
    EXPECT_EQ(outcome.end_outputs, (std::vector<double>{1.0, 0.5, 0.5, 1.5}));
    EXPECT_EQ(outcome.largest_output, 1.5);
}

TEST(Rules, EndsAreRoundedToTheDecimalsOfTheRule) {
    EXPECT_EQ(label(rule_b, {1.001, 1.004, 0.996, 0.5}, {0, 0, 0, 0}).distinct, 2);
    EXPECT_EQ(label(rule_b, {1.001, 1.006, 0.994, 0.5}, {0, 0, 0, 0}).distinct, 4);
    EXPECT_EQ(label(rule_b, {-0.001, 0.001, 0.0, 0.0}, {0, 0, 0, 0}).distinct, 1);
    EXPECT_EQ(label(rule_a, {1.001, 1.004, 0.996, 0.5}, {0, 0, 0, 0}).distinct, 4);
    EXPECT_EQ(label(rule_b, {1.0, 1.0, 0.5, 0.5}, {0, 0, 0, 0}).label, RuleLabel::manifold);
    // Four distinct ends are too few for rule A.
    EXPECT_EQ(label(rule_a, {1, 2, 3, 0}, {0, 0, 0, 0}).label, RuleLabel::manifold);
    EXPECT_EQ(label(rule_a, {1, 2, 3, 0, -1, -2}, {0, 0, 0, 0, 0, 0}).label, RuleLabel::direct);
}

TEST(Rules, VarianceDecidesConvergence) {
    // Swings just below and above 1e-3 (rule B: variance 1e-6) and 10^-4.5 (rule A: 1e-9).
    EXPECT_EQ(label(rule_b, {1, 2, 3, 0}, {9.9e-4, 9.9e-4, 9.9e-4, 9.9e-4}).label,
              RuleLabel::direct);
    EXPECT_EQ(label(rule_b, {1, 2, 3, 0}, {1.1e-3, 0, 0, 0}).label, RuleLabel::mixed);
    EXPECT_EQ(label(rule_b, {1, 2, 3, 0}, {1.1e-3, 0, 0, 0}).distinct, 3);
    EXPECT_EQ(label(rule_b, {1, 2, 3, 0}, {0.1, 0.1, 0.1, 0.1}).label, RuleLabel::limit_cycle);
    EXPECT_EQ(label(rule_a, {1, 1}, {3.1e-5, 3.1e-5}).label, RuleLabel::manifold);
    EXPECT_EQ(label(rule_a, {1, 1}, {3.3e-5, 3.3e-5}).label, RuleLabel::limit_cycle);
}

TEST(Rules, LargeOrDivergedOutputsAreFar) {
    EXPECT_EQ(label(rule_b, {4.0, 1, 2, 3}, {0, 0, 0, 0}).label, RuleLabel::direct);
    EXPECT_EQ(label(rule_b, {-4.01, 1, 2, 3}, {0, 0, 0, 0}).label, RuleLabel::far);
    // A swing beyond 4 counts though the end is within.
    EXPECT_EQ(label(rule_b, {3.0, 1, 2, 3}, {1.0, 0, 0, 0}).label, RuleLabel::far);
    const RuleOutcome diverged = label(rule_b, {1, 1, 2, 3}, {0, 0, 0, 0}, {-1, 17});
    EXPECT_EQ(diverged.label, RuleLabel::far);
    EXPECT_EQ(diverged.largest_output, infinity);
}

constexpr RunFate settled = RunFate::settled;
constexpr RunFate drifting = RunFate::drifting;
constexpr RunFate moving = RunFate::moving;
constexpr RunFate diverged = RunFate::diverged;

struct Row {
    const char* name;
    std::vector<RunFate> fates;
    double largest_output;
    int fixed_points;
    std::vector<double> exponents;
    std::vector<double> errors;
    double period;
    Mechanism verdict;
    friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

class Mechanisms : public testing::TestWithParam<Row> {};

TEST_P(Mechanisms, FollowFromTheEvidence) {
    const Row& row = GetParam();
    const MechanismVerdict verdict =
        decide_mechanism({row.fates, row.largest_output, row.fixed_points, row.exponents,
                          row.errors, row.period, 1.0});
    EXPECT_EQ(verdict.mechanism, row.verdict) << verdict.evidence;
    ASSERT_FALSE(verdict.evidence.empty());
    EXPECT_EQ(verdict.evidence.back(), '.');
}

const std::vector<RunFate> all_settled(4, settled);
const std::vector<RunFate> all_moving(4, moving);

INSTANTIATE_TEST_SUITE_P(
    Table, Mechanisms,
    testing::Values(
        Row{"four points", all_settled, 1, 4, {}, {}, -1, Mechanism::direct},
        Row{"three points", all_settled, 1, 3, {}, {}, -1, Mechanism::direct},
        Row{"two points", all_settled, 1, 2, {}, {}, -1, Mechanism::slow_manifold},
        Row{"one point", all_settled, 1, 1, {}, {}, -1, Mechanism::slow_manifold},
        Row{"both of two types", {settled, settled}, 1, 2, {}, {}, -1, Mechanism::direct},
        Row{"a single type", {settled}, 1, 1, {}, {}, -1, Mechanism::slow_manifold},
        Row{"far", all_settled, 4.1, 4, {}, {}, -1, Mechanism::far},
        Row{"far and moving", all_moving, 4.1, 0, {0.0}, {0.0}, -1, Mechanism::far},
        Row{"one diverged",
            {settled, settled, settled, diverged},
            1,
            3,
            {},
            {},
            -1,
            Mechanism::far},
        Row{"not a number",
            all_settled,
            std::numeric_limits<double>::quiet_NaN(),
            4,
            {},
            {},
            -1,
            Mechanism::far},
        Row{"some move",
            {settled, moving, settled, moving},
            1,
            2,
            {0.1},
            {0.0},
            -1,
            Mechanism::mixed},
        Row{"move and drift", {drifting, moving}, 1, 0, {}, {}, -1, Mechanism::mixed},
        Row{"drift, two points",
            {settled, settled, drifting, drifting},
            1,
            2,
            {},
            {},
            -1,
            Mechanism::slow_manifold},
        Row{"drift, three points",
            {settled, settled, settled, drifting},
            1,
            3,
            {},
            {},
            -1,
            Mechanism::direct},
        Row{"drift alone", {drifting, drifting}, 1, 0, {}, {}, -1, Mechanism::slow_manifold},
        Row{"cycle",
            all_moving,
            1,
            0,
            {0.0005, -0.01, -0.2},
            {1e-4, 1e-4, 1e-4},
            9,
            Mechanism::limit_cycle},
        Row{"cycle without period",
            all_moving,
            1,
            0,
            {-0.0005, -0.01, -0.2},
            {1e-4, 1e-4, 1e-4},
            -1,
            Mechanism::limit_cycle},
        Row{"torus",
            all_moving,
            1,
            0,
            {0.0005, -0.0009, -0.2},
            {1e-4, 1e-4, 1e-4},
            -1,
            Mechanism::torus},
        Row{"torus of three",
            all_moving,
            1,
            0,
            {0.0, 0.0, 0.0},
            {1e-4, 1e-4, 1e-4},
            -1,
            Mechanism::torus},
        Row{"chaos",
            all_moving,
            1,
            0,
            {0.05, 0.0, -0.01},
            {0.01, 0.01, 0.01},
            -1,
            Mechanism::chaotic},
        Row{"positive within error",
            all_moving,
            1,
            0,
            {0.02, -0.2, -0.3},
            {0.01, 0.01, 0.01},
            -1,
            Mechanism::limit_cycle},
        Row{"positive within the floor",
            all_moving,
            1,
            0,
            {0.0009, -0.2},
            {1e-6, 1e-6},
            -1,
            Mechanism::limit_cycle},
        Row{"positive beyond the floor",
            all_moving,
            1,
            0,
            {0.0011, -0.2},
            {1e-6, 1e-6},
            -1,
            Mechanism::chaotic},
        Row{"orbit of a map",
            all_moving,
            1,
            0,
            {-0.3, -0.5},
            {0.0, 0.0},
            2,
            Mechanism::limit_cycle},
        Row{"converging after all",
            all_moving,
            1,
            0,
            {-0.3, -0.5},
            {0.0, 0.0},
            -1,
            Mechanism::slow_manifold},
        Row{"not measured", all_moving, 1, 0, {}, {}, -1, Mechanism::none},
        Row{"no runs", {}, 0, 0, {}, {}, -1, Mechanism::none}));

// A largest exponent that may be 0 and may be positive was called a torus.
TEST(Mechanisms, WideErrorsAreNoTorus) {
    const auto judged = [](std::vector<double> exponents, std::vector<double> errors) {
        Evidence evidence;
        evidence.fates = all_moving;
        evidence.exponents = std::move(exponents);
        evidence.exponent_errors = std::move(errors);
        return decide_mechanism(evidence).mechanism;
    };
    EXPECT_EQ(judged({0.003, 0.0, -0.1}, {1.5e-3, 1e-3, 1e-3}), Mechanism::undecided);
    EXPECT_EQ(judged({0.0005, -0.0005}, {2e-3, 2e-3}), Mechanism::undecided);
    EXPECT_EQ(judged({0.0005, -0.0005}, {1e-5, 2e-3}), Mechanism::undecided);  // cycle or torus
    // Three errors are within the floor, 1e-3 per tau; or two are sure, and only more may be 0.
    EXPECT_EQ(judged({0.0005, -0.0005}, {3e-4, 3e-4}), Mechanism::torus);
    EXPECT_EQ(judged({0.0005, -0.0005, -0.001}, {3e-4, 3e-4, 1e-3}), Mechanism::torus);
    EXPECT_EQ(judged({0.003, 0.0, -0.1}, {9e-4, 1e-3, 1e-3}), Mechanism::chaotic);
    // Errors of 1.5e-3 fall to what resolves 0.003 in a run four times as long; of 0.0005, not.
    EXPECT_TRUE(longer_run_decides({0.003, 0.0, -0.1}, {1.5e-3, 5e-4, 5e-4}, 1.0, 4.0));
    EXPECT_FALSE(longer_run_decides({0.0005, 0.0, -0.1}, {1.5e-3, 5e-4, 5e-4}, 1.0, 4.0));
    EXPECT_FALSE(longer_run_decides({0.003, 0.0, -0.1}, {9e-4, 5e-4, 5e-4}, 1.0, 4.0));
}

// Near a bifurcation a cycle has a second exponent within the floor.
TEST(Mechanisms, ARefinedCycleIsNoTorus) {
    Evidence evidence{all_moving, 1.0, 0, {0.0, -0.0005}, {1e-5, 1e-5}, 12.5, 1.0};
    EXPECT_EQ(decide_mechanism(evidence).mechanism, Mechanism::torus);
    evidence.refined_cycle = true;
    EXPECT_EQ(decide_mechanism(evidence).mechanism, Mechanism::limit_cycle);
    evidence.exponents = {0.1, 0.0};
    EXPECT_EQ(decide_mechanism(evidence).mechanism, Mechanism::chaotic);
}

TEST(Mechanisms, TheFloorScalesWithTau) {
    EXPECT_EQ(exponent_resolution(0.0, 1.0), 1e-3);
    EXPECT_EQ(exponent_resolution(0.0, 2.0), 5e-4);
    EXPECT_EQ(exponent_resolution(0.01, 1.0), 0.03);
}

}  // namespace
}  // namespace shoal
