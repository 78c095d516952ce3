// SPDX-License-Identifier: MIT
// The whole of level full on networks whose attractors are known.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/full_analysis.hpp"
#include "any_record.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "memory_networks.hpp"

namespace shoal {
namespace {

using namespace test;

/// Keeps what it is told.
class Told : public PartObserver {
  public:
    void begins(const char* part) override { names.emplace_back(part); }
    void ends(BegunAnalysis begun, double processor_seconds) override {
        EXPECT_GE(processor_seconds, 0.0);
        parts.push_back(std::move(begun));
    }

    std::vector<std::string> names;
    std::vector<BegunAnalysis> parts;
};

NetworkAnalysis fully(const AnalysisInput& input, PartObserver& observer,
                      const BegunAnalysis* begun = nullptr) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto behaviour = make_backend("reference", {Precision::fp32, 1, 0});
    AnalysisConfig config;
    config.level = AnalysisLevel::full;
    return analyze_fully(input, config, *behaviour, *exact, observer, begun);
}

NetworkAnalysis fully(const AnalysisInput& input) {
    PartObserver nobody;
    return fully(input, nobody);
}

/// Parts of level full that are as a new record has them, by name.
std::vector<std::string> untouched_parts(const FullAnalysis& full) {
    const FullAnalysis none;
    std::vector<std::string> names;
    for (const Field& part : record_type<FullAnalysis>().fields) {
        ByteWriter found, empty;
        put_fields(found, RecordType{{part}}, &full);
        put_fields(empty, RecordType{{part}}, &none);
        if (found.bytes() == empty.bytes()) {
            names.push_back(part.name);
        }
    }
    return names;
}

// The census finds a stable point that the search lacks: the search starts from there, too, and
// what it cannot prove is counted.
TEST(CensusAndSearch, FeedEachOther) {
    ReachedPoint point;
    point.root.state = Eigen::Vector2d(1.0, 2.0);
    SearchSummary summary;
    summary.roots = summary.proved = summary.index_sum = 1;
    int left = 1;  // censuses that end there
    Eigen::MatrixXd started;
    const auto run = [&] {
        CensusResult found;
        if (left-- > 0) {
            found.new_points.push_back(point);
        }
        return found;
    };
    const auto search_again = [&](const Eigen::MatrixXd& reached) { started = reached; };
    census_and_search(summary, run, search_again);
    EXPECT_EQ(started, point.root.state);
    EXPECT_EQ(summary.reached_only, 0);

    left = 100;
    census_and_search(summary, run, search_again);
    EXPECT_EQ(left, 97);
    EXPECT_EQ(summary.reached_only, 1);
    EXPECT_TRUE(summary.completeness.starts_with("Incomplete: runs ended on 1 stable points"))
        << summary.completeness;
}

TEST(FullAnalysis, HasEveryPartOfANetworkThatLatches) {
    Told told;
    AnalysisInput input = latch();
    input.conclusions = {0.1, 0, -0.1, 0, 1.5, 0, -1.5, 0};
    const NetworkAnalysis analysis = fully(input, told);
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
    EXPECT_EQ(untouched_parts(full), std::vector<std::string>());
    EXPECT_EQ(told.names.size(),
              std::set<std::string>(told.names.begin(), told.names.end()).size());
    EXPECT_EQ(told.parts.size(), told.names.size());
}

// From what was kept behind any part, read back as a later session does.
TEST(FullAnalysis, GoesOnBehindAnyPartToTheSameBits) {
    AnalysisInput input = latch();
    input.conclusions = {0.1, 0, -0.1, 0, 1.5, 0, -1.5, 0};
    Told whole;
    const std::vector<std::byte> wanted = bytes_of(fully(input, whole));
    for (std::size_t done = 1; done <= whole.parts.size(); ++done) {
        SCOPED_TRACE(whole.names[done - 1]);
        ByteWriter written;
        put_record(written, whole.parts[done - 1]);
        ByteReader read(written.bytes());
        BegunAnalysis begun;
        get_record(read, begun);
        Told rest;
        EXPECT_EQ(bytes_of(fully(input, rest, &begun)), wanted);
        // Trials are not kept: those behind need them again.
        const bool trials_again = done > 1;
        EXPECT_EQ(rest.names.size(), whole.parts.size() - done + (trials_again ? 1 : 0));
        EXPECT_EQ(rest.parts.size(), whole.parts.size() - done);
    }
}

// What another version kept behind a part that this one does not have is of no use.
TEST(FullAnalysis, BeginsAgainWherePartsAreOthers) {
    AnalysisInput input = latch();
    input.conclusions = {0.1, 0, -0.1, 0, 1.5, 0, -1.5, 0};
    Told whole;
    const std::vector<std::byte> wanted = bytes_of(fully(input, whole));
    BegunAnalysis begun = whole.parts[3];
    begun.part = "weather";
    Told again;
    EXPECT_EQ(bytes_of(fully(input, again, &begun)), wanted);
    EXPECT_EQ(again.names, whole.names);
}

// With a stop asked for, nothing is begun; without anyone who waits for it, it changes nothing.
TEST(FullAnalysis, EndsAtAStopPoint) {
    AnalysisInput input = latch();
    input.conclusions = {0.1, 0, -0.1, 0, 1.5, 0, -1.5, 0};
    stop_after_hours(1e-12);
    Told told;
    EXPECT_NO_THROW(fully(input, told));
    {
        const StopPoints stop_points(StopFor::any_reason);
        try {
            fully(input, told);
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::interrupted);
        }
    }
    EXPECT_EQ(told.names.size(), told.parts.size());
    clear_stop_request();
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
    EXPECT_GT(orbit.flow_period_error, 0.0);  // it was refined
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
