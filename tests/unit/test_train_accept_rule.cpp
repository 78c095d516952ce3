// SPDX-License-Identifier: MIT
// Scores that accept networks, on outputs that are written down, and the rule's defaults.
#include <cmath>
#include <limits>

#include "test_train_support.hpp"
#include "train/accept_rule.hpp"

namespace shoal::test {
namespace {

/// Two steps of two outputs; of the first one only the second step is asked for, with weight 3.
Trial two_steps(std::vector<double> targets, bool first_step = true) {
    Trial trial;
    trial.targets = std::move(targets);
    trial.mask = {first_step, first_step, 1, 1};
    trial.weights = {1, 1, 3, 3};
    return trial;
}

double score_of(AcceptRule rule, const std::vector<std::vector<double>>& outputs) {
    ScoreSum sum(rule, 2);
    for (const std::vector<double>& z : outputs) {
        sum.add(two_steps({1, 0, 0, 1}), {0, 2}, z);
    }
    return sum.value();
}

TEST(ScoreSum, AccuracyIsTheShareOfStepsByWeight) {
    const AcceptRule rule{AcceptScore::accuracy};
    EXPECT_EQ(score_of(rule, {{5, -5, 0.1, 0.2}}), 1.0);
    EXPECT_EQ(score_of(rule, {{5, -5, 0.2, 0.2}}), 0.25);  // a tie is wrong
    EXPECT_EQ(score_of(rule, {{-5, 5, 0.1, 0.2}, {5, -5, 0.1, 0.2}}), 7.0 / 8.0);
    EXPECT_EQ(score_of(rule, {{5, -5, 0.1, 0.2}, {}}), 0.5);  // one has diverged
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(score_of(rule, {{nan, nan, nan, nan}}), 0.0);
}

TEST(ScoreSum, WithinIsTheShareOfTrials) {
    AcceptRule rule{AcceptScore::within, 0.95, 0.5};
    // Squared errors 0.16 (twice, weight 1) and 0.04 (twice, weight 3): an RMS of sqrt(0.07).
    const std::vector<double> near = {1.4, 0.4, 0.2, 0.8};
    EXPECT_EQ(score_of(rule, {near, {}, near, {9, 9, 9, 9}}), 0.5);
    rule.tolerance = std::sqrt(0.07) - 1e-12;
    EXPECT_EQ(score_of(rule, {near}), 0.0);
    rule.tolerance = std::sqrt(0.07) + 1e-12;
    EXPECT_EQ(score_of(rule, {near}), 1.0);
}

TEST(ScoreSum, R2ComparesWithTheMeanOfEveryOutput) {
    const AcceptRule rule{AcceptScore::r2};
    EXPECT_EQ(score_of(rule, {{1, 0, 0, 1}}), 1.0);
    // Means by weight are 1/4 and 3/4: the best constant explains nothing. Rounding of a few sums.
    EXPECT_NEAR(score_of(rule, {{0.25, 0.75, 0.25, 0.75}}), 0.0, 1e-15);
    // The spread is 2 (1 9/16 + 3 1/16) = 1.5; the first step is wrong by half in both outputs.
    EXPECT_NEAR(score_of(rule, {{0.5, 0.5, 0, 1}}), 1.0 - 0.5 / 1.5, 1e-15);
    EXPECT_EQ(score_of(rule, {{1, 0, 0, 1}, {}}), -std::numeric_limits<double>::infinity());
    ScoreSum constant(rule, 2);
    constant.add(two_steps({1, 1, 1, 1}), {0, 2}, std::vector<double>{1, 1, 1, 1});
    EXPECT_TRUE(std::isnan(constant.value()));
}

TEST(ScoreSum, OnlyTheWindowAndWhatIsMaskedCount) {
    ScoreSum sum({AcceptScore::accuracy}, 2);
    sum.add(two_steps({1, 0, 0, 1}), {1, 2}, std::vector<double>{0.1, 0.2});
    sum.add(two_steps({0, 0, 0, 1}, false), {0, 2}, std::vector<double>{7, 7, 0.1, 0.2});
    EXPECT_EQ(sum.value(), 1.0);
}

TEST(AcceptRule, SettlesByItsScoreAndLevel) {
    Acceptance verdict;
    verdict.fraction_failed = 0.25;
    settle({AcceptScore::task, 0.75}, 0.0, verdict);
    EXPECT_TRUE(verdict.accepted);
    settle({AcceptScore::task, 0.76}, 1.0, verdict);
    EXPECT_FALSE(verdict.accepted);
    EXPECT_EQ(verdict.fraction_failed, 0.25);
    settle({AcceptScore::r2, 0.9}, 0.96, verdict);
    EXPECT_TRUE(verdict.accepted);
    EXPECT_TRUE(verdict.accepted_lax);
    settle({AcceptScore::r2, 0.9}, -3.0, verdict);
    EXPECT_FALSE(verdict.accepted);
    EXPECT_EQ(verdict.fraction_failed, 1.0);
    settle({AcceptScore::r2, 0.9}, std::numeric_limits<double>::quiet_NaN(), verdict);
    EXPECT_FALSE(verdict.accepted);
}

TEST(AcceptRule, DefaultsAreThoseOfTheTask) {
    const auto rule_of = [](const std::string& text) {
        const NetworkSpec spec = config_of(text).networks.front();
        return accept_rule(spec, *task_of(spec));
    };
    EXPECT_EQ(rule_of("{}").at_least, 1.0);
    EXPECT_EQ(rule_of("{}").score, AcceptScore::task);
    EXPECT_EQ(rule_of("task: {kind: flip-flop}").at_least, 1.0);  // FORCE: all runs
    EXPECT_EQ(rule_of("{task: {kind: flip-flop}, training: {method: bptt}}").at_least, 0.95);
    EXPECT_EQ(rule_of("{task: {kind: copy}, training: {method: bptt}}").at_least, 0.99);
    EXPECT_EQ(rule_of("{training: {accept: {score: within}}}").at_least, 0.95);
    EXPECT_EQ(rule_of("{training: {accept: {at_least: 0.5}}}").at_least, 0.5);
}

}  // namespace
}  // namespace shoal::test
