// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.hpp"
#include "stats/trends.hpp"
#include "temporary_folder.hpp"
#include "test_stats_population.hpp"

namespace shoal::test {
namespace {

/// A two-by-two table as a regression: a constant and a group.
LogisticFit two_by_two(int a, int b, int c, int d, std::uint32_t clusters = 1) {
    const int n = a + b + c + d;
    Eigen::MatrixXd x = Eigen::MatrixXd::Ones(n, 2);
    Eigen::VectorXd y = Eigen::VectorXd::Zero(n);
    std::vector<std::uint32_t> cluster;
    for (int i = 0; i < n; ++i) {
        x(i, 1) = i < a + b ? 1.0 : 0.0;
        y(i) = i < a || (i >= a + b && i < a + b + c) ? 1.0 : 0.0;
        cluster.push_back(static_cast<std::uint32_t>(i) % clusters);
    }
    return firth_regression(x, y, cluster);
}

TEST(FirthRegression, OfTwoByTwoTablesAddsOneHalf) {
    // Jeffreys' prior on a saturated 2 x 2 table adds 1/2 to every cell: the odds ratio is
    // (a + 1/2)(d + 1/2) / ((b + 1/2)(c + 1/2)), also where a cell is empty.
    const LogisticFit full = two_by_two(12, 5, 7, 16);
    ASSERT_TRUE(full.converged);
    EXPECT_NEAR(full.coefficients(1), std::log(12.5 * 16.5 / (5.5 * 7.5)), 1e-7);
    const LogisticFit apart = two_by_two(9, 0, 0, 11);
    ASSERT_TRUE(apart.converged);
    EXPECT_NEAR(apart.coefficients(1), std::log(9.5 * 11.5 / (0.5 * 0.5)), 1e-7);
    EXPECT_TRUE(std::isfinite(apart.standard_errors(1)));
}

TEST(FirthRegression, StandardErrorIsThatOfTheInformation) {
    const LogisticFit fit = two_by_two(12, 5, 7, 16);
    const auto information = [](double n, double p) { return n * p * (1 - p); };
    const double variance = 1.0 / information(17, 12.5 / 18) + 1.0 / information(23, 7.5 / 24);
    EXPECT_NEAR(fit.standard_errors(1), std::sqrt(variance), 1e-7);
}

TEST(FirthRegression, ClustersThatAreAlikeWidenTheInterval) {
    // Each cluster's subjects all have the same outcome: 4 clusters of 25 are worth about 4 values.
    const int n = 100;
    Eigen::MatrixXd x = Eigen::MatrixXd::Ones(n, 1);
    Eigen::VectorXd y(n);
    std::vector<std::uint32_t> clusters;
    for (int i = 0; i < n; ++i) {
        clusters.push_back(static_cast<std::uint32_t>(i / 25));
        y(i) = i / 25 < 2 ? 1.0 : 0.0;
    }
    const LogisticFit fit = firth_regression(x, y, clusters);
    ASSERT_TRUE(fit.converged);
    // Scores per cluster are 25 (1/2), information 100 / 4: variance 4/3 * 4 * 12.5^2 / 25^2.
    EXPECT_NEAR(fit.standard_errors(0), std::sqrt(4.0 / 3.0), 1e-6);
}

TEST(FirthRegression, SaysThatColumnsDependOnEachOther) {
    Eigen::MatrixXd x = Eigen::MatrixXd::Ones(4, 2);
    EXPECT_FALSE(firth_regression(x, Eigen::Vector4d(0, 1, 0, 1), {0, 0, 0, 0}).converged);
}

/// Slow manifolds the likelier the smaller the gain; feedback does nothing.
std::vector<PopulationRow> population_with_trend() {
    PopulationOptions options;
    options.replicates = 60;
    options.feedbacks = {0.05, 1.0};
    std::vector<PopulationRow> rows = population_rows({made_up_run(options)});
    std::uint32_t i = 0;
    for (PopulationRow& row : rows) {
        if (row.analysis) {
            const double odds = std::exp(6.0 * (1.1 - row.spec.network.gain));
            const bool slow = draw(i, 40) < odds / (1.0 + odds);
            row.analysis->mechanism = slow ? Mechanism::slow_manifold : Mechanism::direct;
        }
        ++i;
    }
    return rows;
}

TEST(Trends, FindTheKeyThatMatters) {
    const auto trends = logistic_trends(population_with_trend(),
                                        {"network.gain", "network.feedback_scale", "task.kind"});
    ASSERT_EQ(trends.size(), 3u);  // accepted, direct, slow_manifold
    EXPECT_EQ(trends[0].outcome, "accepted");
    EXPECT_EQ(trends[0].networks, 360u);
    const auto& slow = trends[2];
    ASSERT_EQ(slow.outcome, "slow_manifold");
    ASSERT_EQ(slow.trends.size(), 2u);
    // From 0.8 to 1.4 the log odds fall by 6 * 0.6 as they were drawn.
    EXPECT_LT(slow.trends[0].odds_ratio.low, std::exp(-3.6));
    EXPECT_GT(slow.trends[0].odds_ratio.high, std::exp(-3.6));
    EXPECT_LT(slow.trends[0].p, 1e-6);
    EXPECT_FALSE(slow.trends[0].logarithmic);
    EXPECT_TRUE(slow.trends[1].logarithmic);
    EXPECT_LT(slow.trends[1].odds_ratio.low, 1.0);
    EXPECT_GT(slow.trends[1].odds_ratio.high, 1.0);
    // What makes slow manifolds likelier makes the only other mechanism less likely.
    EXPECT_NEAR(trends[1].trends[0].odds_ratio.estimate * slow.trends[0].odds_ratio.estimate, 1.0,
                1e-6);
}

TEST(Trends, AreWrittenWithWhatCouldNotBeFitted) {
    std::vector<PopulationRow> rows = population_with_trend();
    for (PopulationRow& row : rows) {
        if (row.analysis) {
            row.analysis->mechanism = Mechanism::direct;
        }
    }
    const auto trends = logistic_trends(rows, {"network.gain"});
    ASSERT_EQ(trends.size(), 2u);
    EXPECT_TRUE(trends[1].trends.empty());
    EXPECT_EQ(trends[1].limits, "every network has it");
    const TemporaryFolder folder;
    write_trends_csv(folder.path() / "trends.csv", trends);
    const std::string csv = read_text_file(folder.path() / "trends.csv");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
    EXPECT_NE(csv.find("accepted,360,"), std::string::npos);
    EXPECT_NE(csv.find("every network has it"), std::string::npos);
    EXPECT_NE(format_trends(trends).find("network.gain"), std::string::npos);
    EXPECT_TRUE(logistic_trends(rows, {"task.kind"}).empty());
    EXPECT_TRUE(format_trends({}).empty());
}

}  // namespace
}  // namespace shoal::test
