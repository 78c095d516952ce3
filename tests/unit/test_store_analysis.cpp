// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "store/analysis_file.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

NetworkAnalysis full_analysis(const std::string& uid, std::size_t units, std::uint32_t stream) {
    NetworkAnalysis a;
    a.uid = uid;
    a.mechanism = Mechanism::mixed;
    a.rule_a = RuleLabel::manifold;
    a.rule_b = RuleLabel::limit_cycle;
    a.distinct_outputs_a = 2;
    a.distinct_outputs_b = 1;
    a.attractors = 3;
    a.saturated_delay = draw(stream, 0);
    a.saturated_response = draw(stream, 1);
    a.exponents = draws(stream + 1, 2);
    a.exponent_errors = draws(stream + 2, 2);
    a.period = 12.3456789;
    a.adjoint_norms = draws(stream + 13, 5);
    a.evidence = "two of four runs settle; |F| stays above 1e-3 in the others";
    a.limits = "50 trial lengths";
    for (std::uint32_t i = 0; i < 4; ++i) {
        DelayRun run;
        run.speeds = draws(stream + 3 + i, 8);
        run.end_output = draw(stream + 8, i);
        run.output_variance = 1e-20 * i;
        run.settled = i % 2 == 1;
        run.attractor = i % 2 == 1 ? 0 : -1;
        run.settling_time = i % 2 == 1 ? 17.5 : -1.0;
        a.runs.push_back(run);
    }
    a.runs[3].speeds[7] = 0.0;
    for (std::uint32_t i = 0; i < 2; ++i) {
        FixedPoint point;
        point.state = draws(stream + 9 + i, units);
        point.speed = 1e-16;
        point.label = i == 0 ? PointLabel::proved : PointLabel::slow;
        point.eigenvalues = draws(stream + 11 + i, 2 * units);
        point.unstable = static_cast<int>(i);
        point.reached_from = i == 0 ? std::vector<int>{1, 3} : std::vector<int>{};
        a.points.push_back(point);
    }
    return a;
}

void expect_equal(const NetworkAnalysis& a, const NetworkAnalysis& b) {
    EXPECT_EQ(a.uid, b.uid);
    EXPECT_EQ(a.mechanism, b.mechanism);
    EXPECT_EQ(a.rule_a, b.rule_a);
    EXPECT_EQ(a.rule_b, b.rule_b);
    EXPECT_EQ(a.distinct_outputs_a, b.distinct_outputs_a);
    EXPECT_EQ(a.distinct_outputs_b, b.distinct_outputs_b);
    EXPECT_EQ(a.attractors, b.attractors);
    EXPECT_EQ(a.saturated_delay, b.saturated_delay);
    EXPECT_EQ(a.saturated_response, b.saturated_response);
    EXPECT_EQ(a.exponents, b.exponents);
    EXPECT_EQ(a.exponent_errors, b.exponent_errors);
    EXPECT_EQ(a.period, b.period);
    EXPECT_EQ(a.adjoint_norms, b.adjoint_norms);
    EXPECT_EQ(a.evidence, b.evidence);
    EXPECT_EQ(a.limits, b.limits);
    ASSERT_EQ(a.runs.size(), b.runs.size());
    for (std::size_t i = 0; i < a.runs.size(); ++i) {
        EXPECT_EQ(a.runs[i].speeds, b.runs[i].speeds);
        EXPECT_EQ(a.runs[i].end_output, b.runs[i].end_output);
        EXPECT_EQ(a.runs[i].output_variance, b.runs[i].output_variance);
        EXPECT_EQ(a.runs[i].settled, b.runs[i].settled);
        EXPECT_EQ(a.runs[i].attractor, b.runs[i].attractor);
        EXPECT_EQ(a.runs[i].settling_time, b.runs[i].settling_time);
    }
    ASSERT_EQ(a.points.size(), b.points.size());
    for (std::size_t i = 0; i < a.points.size(); ++i) {
        EXPECT_EQ(a.points[i].state, b.points[i].state);
        EXPECT_EQ(a.points[i].speed, b.points[i].speed);
        EXPECT_EQ(a.points[i].label, b.points[i].label);
        EXPECT_EQ(a.points[i].eigenvalues, b.points[i].eigenvalues);
        EXPECT_EQ(a.points[i].unstable, b.points[i].unstable);
        EXPECT_EQ(a.points[i].reached_from, b.points[i].reached_from);
    }
}

/// The small population with its networks of 5 units as maps (dt = tau). Analysed: the second
/// (map), the fourth (map, nothing found) and the last (flow).
struct Case {
    Config config = small_population();
    std::vector<NetworkAnalysis> networks;
    std::vector<ExampleTrajectories> examples;

    Case() {
        for (NetworkSpec& spec : config.networks) {
            if (spec.network.units == 5) {
                spec.network.dt = spec.network.tau;
            }
        }
        networks.push_back(full_analysis(config.networks[1].uid, 5, 100));
        NetworkAnalysis bare;
        bare.uid = config.networks[3].uid;
        networks.push_back(bare);
        networks.push_back(full_analysis(config.networks[5].uid, 7, 200));
        for (std::uint32_t i = 0; i < 2; ++i) {
            ExampleTrajectories example;
            example.uid = config.networks[i].uid;
            example.mechanism = i == 0 ? Mechanism::direct : Mechanism::torus;
            example.sample_interval = 0.7;
            example.conclusions = 4;
            example.samples = static_cast<int>(5 + i);
            example.components = 3;
            for (const double x : draws(300 + i, 4 * (5 + i))) {
                example.outputs.push_back(static_cast<float>(x));
            }
            for (const double x : draws(310 + i, 4 * (5 + i) * 3)) {
                example.components_of_r.push_back(static_cast<float>(x));
            }
            example.variance_explained = {0.5, 0.25, 0.125};
            examples.push_back(example);
        }
    }

    void write(const std::filesystem::path& path) const {
        write_analysis(
            path, config,
            [&](const NetworkSpec& spec) -> std::optional<NetworkAnalysis> {
                for (const NetworkAnalysis& network : networks) {
                    if (network.uid == spec.uid) {
                        return network;
                    }
                }
                return std::nullopt;
            },
            examples);
    }
};

TEST(AnalysisFile, RoundTripIsExact) {
    const Folder folder;
    const Case expected;
    expected.write(folder / "analysis.h5");

    const AnalysisContent found = read_analysis(folder / "analysis.h5");

    ASSERT_EQ(found.networks.size(), 3u);
    // Groups in order of first appearance: n7 before n5_rate.
    expect_equal(found.networks[0], expected.networks[2]);
    expect_equal(found.networks[1], expected.networks[0]);
    expect_equal(found.networks[2], expected.networks[1]);
    ASSERT_EQ(found.examples.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        const ExampleTrajectories& a = found.examples[i];
        const ExampleTrajectories& b = expected.examples[i];
        EXPECT_EQ(a.uid, b.uid);
        EXPECT_EQ(a.mechanism, b.mechanism);
        EXPECT_EQ(a.sample_interval, b.sample_interval);
        EXPECT_EQ(a.samples, b.samples);
        EXPECT_EQ(a.conclusions, b.conclusions);
        EXPECT_EQ(a.components, b.components);
        EXPECT_EQ(a.outputs, b.outputs);
        EXPECT_EQ(a.components_of_r, b.components_of_r);
        EXPECT_EQ(a.variance_explained, b.variance_explained);
    }
}

TEST(AnalysisFile, FileWithoutAnyPointIsReadable) {
    const Folder folder;
    Case empty;
    empty.networks.clear();
    empty.examples.clear();
    empty.write(folder / "analysis.h5");

    const AnalysisContent found = read_analysis(folder / "analysis.h5");

    EXPECT_TRUE(found.networks.empty());
    EXPECT_TRUE(found.examples.empty());
    EXPECT_EQ(python("read_analysis.py", (folder / "analysis.h5").string() + " empty"), 0);
}

TEST(AnalysisFile, EqualContentGivesEqualBytes) {
    const Folder folder;
    Case().write(folder / "a.h5");
    Case().write(folder / "b.h5");

    EXPECT_EQ(read_file(folder / "a.h5"), read_file(folder / "b.h5"));
}

TEST(AnalysisFile, XarrayReadsRaggedPoints) {
    const Folder folder;
    Case().write(folder / "analysis.h5");

    EXPECT_EQ(python("read_analysis.py", (folder / "analysis.h5").string()), 0);
}

TEST(AnalysisFile, OtherSchemaVersionIsRefused) {
    const Folder folder;
    Case().write(folder / "analysis.h5");
    ASSERT_EQ(python("edit_h5.py", (folder / "analysis.h5").string() + " schema_version 7"), 0);

    const std::string message = file_error_of([&] { read_analysis(folder / "analysis.h5"); });

    EXPECT_NE(message.find("schema_version 7"), std::string::npos) << message;
}

TEST(AnalysisFile, PointOfAnUnknownNetworkIsRefused) {
    const Folder folder;
    Case().write(folder / "analysis.h5");
    ASSERT_EQ(
        python("edit_h5.py", (folder / "analysis.h5").string() + " set n7/fixed_points/network 99"),
        0);

    const std::string message = file_error_of([&] { read_analysis(folder / "analysis.h5"); });

    EXPECT_NE(message.find("/n7/fixed_points/network: 99 is outside 0 ... 3"), std::string::npos)
        << message;
}

}  // namespace
}  // namespace shoal::test
