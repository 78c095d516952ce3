// SPDX-License-Identifier: MIT
// The whole of level full on networks whose attractors are known.
#include <gtest/gtest.h>

#include "analysis/full_analysis.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

NetworkAnalysis fully(const AnalysisInput& input, PartSeconds& seconds) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto behaviour = make_backend("reference", {Precision::fp32, 1, 0});
    AnalysisConfig config;
    config.level = AnalysisLevel::full;
    return analyze_fully(input, config, *behaviour, *exact, seconds);
}

NetworkAnalysis fully(const AnalysisInput& input) {
    PartSeconds seconds;
    return fully(input, seconds);
}

TEST(FullAnalysis, HasEveryPartOfANetworkThatLatches) {
    PartSeconds seconds;
    AnalysisInput input = latch();
    input.conclusions = {0.1, 0, -0.1, 0, 1.5, 0, -1.5, 0};
    const NetworkAnalysis analysis = fully(input, seconds);
    ASSERT_NE(analysis.full, nullptr);
    const FullAnalysis& full = *analysis.full;
    // x = 2 tanh x: two latched states and the saddle between them.
    EXPECT_EQ(full.search.roots, 3);
    EXPECT_EQ(full.search.proved, 3);
    EXPECT_EQ(full.search.index_sum, 1);
    EXPECT_EQ(full.census.fixed_points, 2);
    EXPECT_EQ(full.census.attractors, 2);
    EXPECT_TRUE(full.forgetting.applicable);
    EXPECT_TRUE(full.noise.applicable);
    EXPECT_TRUE(full.silencing.applicable);
    EXPECT_EQ(full.manifold.paths.size(), 16u);
    EXPECT_EQ(full.portrait.components, 2);
    EXPECT_EQ(full.portrait.points.size(), 2 * analysis.points.size());
    EXPECT_EQ(full.proofs.size(), analysis.points.size());
    EXPECT_EQ(analysis.mechanism, Mechanism::slow_manifold) << analysis.evidence;
    EXPECT_FALSE(full.sensitivity.rows.empty());
    for (const char* part : {"first", "nominal trials", "search", "census", "modes", "forgetting",
                             "manifold", "noise", "silencing", "activity", "portrait"}) {
        EXPECT_EQ(seconds.count(part), 1u) << part;
    }
    EXPECT_EQ(seconds.size(), 11u);
}

// The verdict of what keeps moving is that of the attractor that the conclusions end on: its
// refined period, its exponents.
TEST(FullAnalysis, TheCensusDecidesWhatMoves) {
    AnalysisInput one = sums_input(2, rotations(1.5, {0.6}), 0.3, 0.3);
    one.conclusions = {0.5, 0, 0, 0.5, -0.5, 0, 0.1, 0.1};
    const NetworkAnalysis cycle = fully(one);
    ASSERT_EQ(cycle.full->attractors.size(), 1u);
    const AttractorRecord& orbit = cycle.full->attractors.front();
    EXPECT_EQ(orbit.kind, AttractorKind::limit_cycle);
    EXPECT_GT(orbit.period_error, 0.0);  // it was refined
    EXPECT_EQ(cycle.mechanism, Mechanism::limit_cycle) << cycle.evidence;
    EXPECT_EQ(cycle.period, orbit.period);
    EXPECT_EQ(cycle.exponents, orbit.exponents);
    EXPECT_EQ(cycle.full->evidence.exponents, orbit.exponents);
    EXPECT_EQ(cycle.full->portrait.orbit_attractors, std::vector<int>{0});

    AnalysisInput two = sums_input(4, rotations(1.5, {0.6, 0.35}), 0.3, 0.3);
    two.conclusions = {0.5, 0, 0.4, 0, 0, 0.5, 0, 0.3, -0.5, 0, 0.3, 0.1, 0.1, 0.1, 0.2, 0.2};
    const NetworkAnalysis torus = fully(two);
    EXPECT_EQ(torus.mechanism, Mechanism::torus) << torus.evidence;
    EXPECT_EQ(torus.period, -1.0);
    EXPECT_EQ(torus.exponents.size(), 4u);
    EXPECT_EQ(torus.evidence.find("wide"), std::string::npos) << torus.evidence;
}

}  // namespace
}  // namespace shoal
