// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "any_record.hpp"
#include "records/full_records.hpp"
#include "store/analysis_file.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

/// Of level first, in every field; what read_analysis.py looks for among it.
NetworkAnalysis first_analysis(const NetworkSpec& spec) {
    NetworkAnalysis a;
    Fill(spec.network.units, 2).fill(a);
    a.full = nullptr;
    a.uid = spec.uid;
    a.mechanism = Mechanism::mixed;
    a.rule_a = RuleLabel::manifold;
    a.exponents = {0.25, -0.5};
    a.exponent_errors = {0.01, 0.02};
    a.evidence = "two of four runs settle; |F| stays above 1e-3 in the others";
    a.runs.resize(4);
    a.points[0].label = PointLabel::proved;
    a.points[0].reached_from = {1, 3};
    a.points[1].reached_from = {};
    return a;
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
        networks.push_back(first_analysis(config.networks[1]));
        NetworkAnalysis bare;
        bare.uid = config.networks[3].uid;
        networks.push_back(bare);
        networks.push_back(first_analysis(config.networks[5]));
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
    EXPECT_TRUE(same_record(found.networks[0], expected.networks[2]));
    EXPECT_TRUE(same_record(found.networks[1], expected.networks[0]));
    EXPECT_TRUE(same_record(found.networks[2], expected.networks[1]));
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

TEST(AnalysisFile, FlowsAndMapsOfOneGroupKeepTheirSpectra) {
    const Folder folder;
    Case both;
    NetworkSpec& map = both.config.networks[4];
    map.network.tau = map.network.dt;
    both.networks = {first_analysis(map), first_analysis(both.config.networks[5])};
    both.write(folder / "analysis.h5");

    const AnalysisContent found = read_analysis(folder / "analysis.h5");

    ASSERT_EQ(found.networks.size(), 2u);
    EXPECT_TRUE(same_record(found.networks[0], both.networks[0]));
    EXPECT_TRUE(same_record(found.networks[1], both.networks[1]));
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
