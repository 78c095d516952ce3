// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/numbers.hpp"
#include "stats/effects.hpp"

namespace shoal {
namespace {

TEST(ShareDifference, GivesNewcombesPublishedIntervals) {
    // Newcombe 1998, table II, method 10, to the four digits printed there.
    struct Case {
        Count a, b;
        double low, high;
    };
    const Case cases[] = {{{56, 70}, {48, 80}, 0.0524, 0.3339},
                          {{9, 10}, {3, 10}, 0.1705, 0.8090},
                          {{5, 56}, {0, 29}, -0.0381, 0.1926},
                          {{10, 10}, {0, 20}, 0.6791, 1.0},
                          {{10, 10}, {0, 10}, 0.6075, 1.0}};
    for (const Case& c : cases) {
        const Interval difference = share_difference(c.a, c.b);
        EXPECT_NEAR(difference.low, c.low, 5e-5);
        EXPECT_NEAR(difference.high, c.high, 5e-5);
        const Interval reversed = share_difference(c.b, c.a);
        EXPECT_NEAR(reversed.low, -difference.high, 1e-15);
    }
    EXPECT_TRUE(std::isnan(share_difference({0, 0}, {1, 2}).estimate));
}

TEST(FisherExact, GivesTheTextbooksValues) {
    // The lady tasting tea: 3 of 4 right against 1 of 4 (Fisher 1935): 34 / 70 two-sided.
    EXPECT_NEAR(fisher_exact({3, 4}, {1, 4}), 34.0 / 70, 1e-12);
    EXPECT_NEAR(fisher_exact({4, 4}, {0, 4}), 2.0 / 70, 1e-12);
    // All four of 106 that do not forget, two of them in a group of two: C(4, 2) / C(106, 2).
    EXPECT_NEAR(fisher_exact({102, 104}, {0, 2}), 6.0 / 5565, 1e-12);
    EXPECT_EQ(fisher_exact({0, 5}, {0, 7}), 1.0);
    EXPECT_EQ(fisher_exact({0, 0}, {3, 7}), 1.0);
}

TEST(Superiority, CountsPairsAndHalvesTies) {
    EXPECT_DOUBLE_EQ(superiority({{{1, 2, 3}, {2, 2, infinity}}}).estimate, 3.0 / 9);
    EXPECT_DOUBLE_EQ(superiority({{{1, NAN}, {0, NAN, 1}}}).estimate, 0.75);
    EXPECT_TRUE(std::isnan(superiority({{{1.0}, {}}}).estimate));
}

TEST(Superiority, EndsWhereTheScoreEquationSays) {
    // |theta - estimate| = z sd(theta), sd written out here for one stratum of 3 and 5.
    const Interval value = superiority({{{4, 6, 9}, {1, 2, 5, 7, 8}}});
    EXPECT_DOUBLE_EQ(value.estimate, 10.0 / 15);
    for (const double theta : {value.low, value.high}) {
        const double spread = (1 - theta) / (2 - theta) + theta / (1 + theta);
        const double sd = std::sqrt(theta * (1 - theta) * (1 + 3 * spread) / 15);
        EXPECT_NEAR(std::abs(theta - value.estimate), 1.959963984540054 * sd, 1e-12);
    }
}

TEST(Superiority, OfGroupsApartIsNoPoint) {
    const Interval apart = superiority({{{4, 5, 6}, {1, 2, 3}}});
    EXPECT_EQ(apart.estimate, 1.0);
    EXPECT_EQ(apart.high, 1.0);
    EXPECT_GT(apart.low, 0.2);
    EXPECT_LT(apart.low, 0.8);
}

TEST(Superiority, AtOneHalfHasTheMannWhitneyVariance) {
    // Equal groups of n: 1 / (6 n) for large n. A sample with theta = 1/2 has the interval
    // 1/2 +- z sd(theta) with sd taken at its ends, close to the middle for large n.
    std::vector<double> a(2000);
    std::iota(a.begin(), a.end(), 0.0);
    const Interval even = superiority({{a, a}});
    EXPECT_DOUBLE_EQ(even.estimate, 0.5);
    EXPECT_NEAR(even.high - 0.5, 1.959963984540054 / std::sqrt(6.0 * 2000), 2e-5);
}

TEST(Superiority, ComparesWithinStrataOnly) {
    // Within each stratum a is larger; the strata differ by far more, the other way round.
    const std::vector<Stratum> strata = {{{2, 3}, {0, 1}}, {{102, 103, 104, 105}, {101}}};
    EXPECT_EQ(superiority(strata).estimate, 1.0);
    // Weighted by m n / (m + n + 1): 4/5 and 4/6.
    const std::vector<Stratum> mixed = {{{2, 3}, {0, 1}}, {{0, 0, 0, 0}, {1}}};
    EXPECT_NEAR(superiority(mixed).estimate, (4.0 / 5) / (4.0 / 5 + 4.0 / 6), 1e-15);
}

TEST(PValue, IsWhereTheIntervalTouchesTheNull) {
    const auto interval = [](double c) { return share_difference({56, 70}, {48, 80}, c); };
    const double p = p_value(interval, 0.0);
    EXPECT_LT(p, 0.05);
    EXPECT_NEAR(interval(1.0 - p).low, 0.0, 1e-9);
    EXPECT_EQ(p_value(interval, 0.2), 1.0);  // the estimate itself
    // Wilson's interval touches 1/2 where the score test does: z = (0.8 - 0.5) / sqrt(.25 / 10).
    const double score = p_value([](double c) { return wilson_interval(8, 10, c); }, 0.5);
    EXPECT_NEAR(score, std::erfc(0.3 / std::sqrt(0.025) / std::sqrt(2.0)), 1e-9);
    EXPECT_EQ(p_value([](double c) { return wilson_interval(5000, 5000, c); }, 0.5), 1e-12);
    EXPECT_EQ(p_value([](double c) { return wilson_interval(0, 0, c); }, 0.5), 1.0);
}

TEST(Jackknife, OfAMeanIsStudentsInterval) {
    // Leaving one of n values out of a mean gives back the usual standard error exactly.
    const std::vector<double> values = {3, 5, 10, 2};
    std::vector<double> left_out;
    for (const double value : values) {
        left_out.push_back((20.0 - value) / 3.0);
    }
    const auto interval = jackknife_interval(5.0, left_out);
    ASSERT_TRUE(interval);
    const double error = std::sqrt((4.0 + 0.0 + 25.0 + 9.0) / 3.0 / 4.0);
    EXPECT_NEAR(interval->high - 5.0, 3.182446305284263 * error, 1e-9);
    EXPECT_NEAR(5.0 - interval->low, 3.182446305284263 * error, 1e-9);
    EXPECT_FALSE(jackknife_interval(5.0, {4.0, 6.0}));
    EXPECT_FALSE(jackknife_interval(5.0, {4.0, NAN, 6.0}));
}

TEST(Holm, StepsDown) {
    // Textbook example: 0.01, 0.04, 0.03, 0.005.
    const std::vector<double> adjusted = holm({0.01, 0.04, 0.03, 0.005});
    EXPECT_NEAR(adjusted[3], 0.02, 1e-15);
    EXPECT_NEAR(adjusted[0], 0.03, 1e-15);
    EXPECT_NEAR(adjusted[2], 0.06, 1e-15);
    EXPECT_NEAR(adjusted[1], 0.06, 1e-15);  // 0.04, but never below a smaller one's
    EXPECT_EQ(holm({0.9, 0.8}), (std::vector<double>{1.0, 1.0}));
    EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace shoal
