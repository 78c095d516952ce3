// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.hpp"
#include "stats/survival.hpp"

namespace shoal {
namespace {

/// Weeks of remission under 6-MP (Freireich et al. 1963), the example of most textbooks.
std::vector<Lifetime> remissions() {
    return {{6, false},  {6, false},  {6, false},  {6, true},   {7, false}, {9, true},  {10, false},
            {10, true},  {11, true},  {13, false}, {16, false}, {17, true}, {19, true}, {20, true},
            {22, false}, {23, false}, {25, true},  {32, true},  {32, true}, {34, true}, {35, true}};
}

TEST(KaplanMeier, GivesTheTextbooksCurve) {
    const SurvivalCurve curve = kaplan_meier(remissions());

    EXPECT_EQ(curve.subjects, 21);
    EXPECT_EQ(curve.times, (std::vector<double>{6, 7, 10, 13, 16, 22, 23}));
    EXPECT_EQ(curve.at_risk, (std::vector<int>{21, 17, 15, 12, 11, 7, 6}));
    EXPECT_EQ(curve.failures, (std::vector<int>{3, 1, 1, 1, 1, 1, 1}));
    double surviving = 18.0 / 21;
    EXPECT_NEAR(curve.surviving[0].estimate, surviving, 1e-15);
    const double factors[] = {16.0 / 17, 14.0 / 15, 11.0 / 12, 10.0 / 11, 6.0 / 7, 5.0 / 6};
    for (std::size_t i = 0; i < 6; ++i) {
        surviving *= factors[i];
        EXPECT_NEAR(curve.surviving[i + 1].estimate, surviving, 1e-15);
    }
    // Worked by hand from Greenwood's sums on the scale of log(-log S), to six digits.
    EXPECT_NEAR(curve.surviving[0].low, 0.619718, 1e-6);
    EXPECT_NEAR(curve.surviving[0].high, 0.951552, 1e-6);
    EXPECT_NEAR(curve.surviving[6].low, 0.188052, 1e-6);
    EXPECT_NEAR(curve.surviving[6].high, 0.680143, 1e-6);
    EXPECT_EQ(curve.median.estimate, 23);
    EXPECT_EQ(curve.median.low, 13);  // where the lower bound, 0.5032 at 10, gets to 0.4316
    EXPECT_EQ(curve.median.high, infinity);
}

TEST(KaplanMeier, DoesNotDependOnTheOrderOfSubjects) {
    std::vector<Lifetime> reversed = remissions();
    std::reverse(reversed.begin(), reversed.end());
    const SurvivalCurve a = kaplan_meier(remissions());
    const SurvivalCurve b = kaplan_meier(reversed);
    ASSERT_EQ(a.times, b.times);
    for (std::size_t i = 0; i < a.times.size(); ++i) {
        EXPECT_EQ(a.surviving[i].low, b.surviving[i].low);
    }
}

TEST(KaplanMeier, WithoutCensoringIsTheShareLeft) {
    const SurvivalCurve curve = kaplan_meier({{3, false}, {1, false}, {2, false}, {4, false}}, 0.9);

    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(curve.surviving[i].estimate, 0.75 - 0.25 * static_cast<double>(i), 1e-15);
    }
    EXPECT_EQ(curve.surviving[3].estimate, 0.0);
    EXPECT_EQ(curve.surviving[3].low, 0.0);
    EXPECT_NEAR(curve.surviving[3].high, 1.0 - std::pow(0.05, 0.25), 1e-15);
    EXPECT_EQ(curve.median.estimate, 2);
}

TEST(KaplanMeier, NobodyFailingOrNobodyAtAllIsNoCurve) {
    const SurvivalCurve none = kaplan_meier({{199.5, true}, {199.5, true}});
    EXPECT_TRUE(none.times.empty());
    EXPECT_EQ(none.subjects, 2);
    EXPECT_EQ(none.median.estimate, infinity);
    const SurvivalCurve empty = kaplan_meier({{std::nan(""), false}});
    EXPECT_EQ(empty.subjects, 0);
    EXPECT_TRUE(empty.times.empty());
}

TEST(Survival, IsTakenByMechanism) {
    const std::vector<Mechanism> mechanisms = {Mechanism::slow_manifold, Mechanism::direct,
                                               Mechanism::slow_manifold};
    const auto curves =
        survival_by_mechanism(mechanisms, {{10, false}, {199.5, true}, {20, false}});

    ASSERT_EQ(curves.size(), 2u);
    EXPECT_EQ(curves[0].mechanism, Mechanism::direct);
    EXPECT_EQ(curves[0].curve.subjects, 1);
    EXPECT_EQ(curves[1].mechanism, Mechanism::slow_manifold);
    EXPECT_EQ(curves[1].curve.times, (std::vector<double>{10, 20}));
}

TEST(Robustness, CountsNetworksByMechanism) {
    const std::vector<Mechanism> mechanisms = {Mechanism::direct, Mechanism::direct, Mechanism::far,
                                               Mechanism::direct};
    const auto curves = robustness_by_mechanism(
        mechanisms, {{0.0, 0.5, 0.6}, {0.0, 0.7, std::nan("")}, {1.0, 1.0, 1.0}, {}});

    ASSERT_EQ(curves.size(), 2u);
    EXPECT_EQ(curves[0].mechanism, Mechanism::direct);
    EXPECT_EQ(curves[0].networks, 2);  // the one without shares does not count
    const std::size_t survived[] = {2, 1, 0};
    for (std::size_t sigma = 0; sigma < 3; ++sigma) {
        const Interval expected = wilson_interval(survived[sigma], 2);
        EXPECT_EQ(curves[0].surviving[sigma].estimate, expected.estimate);
        EXPECT_EQ(curves[0].surviving[sigma].low, expected.low);
        EXPECT_EQ(curves[0].surviving[sigma].high, expected.high);
    }
    EXPECT_EQ(curves[1].surviving[0].estimate, 0.0);
}

}  // namespace
}  // namespace shoal
