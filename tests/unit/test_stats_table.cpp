// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/file.hpp"
#include "stats/rows.hpp"
#include "test_stats_population.hpp"

namespace shoal {
namespace {

const std::vector<std::string> swept = {"network.gain", "task.source"};

NetworkSpec spec_of(const std::string& uid, std::size_t position) {
    NetworkSpec spec;
    spec.uid = uid;
    spec.position = position;
    spec.replicate = static_cast<std::uint32_t>(position);
    spec.swept = {{"network.gain", 0.1 + 0.2}, {"task.source", std::string("digits, \"real\"")}};
    return spec;
}

TrainedNetwork trained_network(const std::string& uid, bool accepted) {
    TrainedNetwork network;
    network.uid = uid;
    network.status = Status::trained;
    network.trials_done = 600;
    network.readout = {1.0, 2.0};
    network.acceptance.accepted = accepted;
    network.acceptance.accepted_lax = true;
    network.acceptance.fraction_failed = accepted ? 0.0 : 0.0125;
    network.acceptance.median_error = 0.015;
    network.acceptance.authors_fractions = {1.0, 0.5, 0.25, 0.0};
    return network;
}

NetworkAnalysis analysis_of(const std::string& uid) {
    NetworkAnalysis analysis;
    analysis.uid = uid;
    analysis.mechanism = Mechanism::slow_manifold;
    analysis.rule_b = RuleLabel::manifold;
    analysis.attractors = 1;
    analysis.saturated_delay = 0.25;
    analysis.saturated_response = std::numeric_limits<double>::quiet_NaN();
    analysis.runs.resize(2);
    analysis.runs[0].speeds = {1.0, 0.5, 0.25, 0.125, 1e-3, 1e-5, 1e-7, 1e-9};
    analysis.runs[1].speeds = {3.0, 0.5, 0.25, 0.125, 1e-3, 1e-5, 1e-7, 1e-9};
    analysis.points.resize(2);
    analysis.points[0].eigenvalues = {-0.01, 0.0, -1.0, 0.0};
    analysis.points[0].reached_from = {0, 1};
    analysis.points[1].eigenvalues = {0.5, 0.0, -1.0, 0.0};  // a saddle that no conclusion reached
    analysis.limits = "50 trial lengths, Newton stopped";
    return analysis;
}

/// One network of each fate: accepted and analysed, accepted, refused, diverged, pending.
RunContent fates() {
    RunContent run;
    run.config.swept_keys = swept;
    const char* uids[] = {"a1", "a2", "b", "d", "p"};
    for (std::size_t i = 0; i < 5; ++i) {
        run.config.networks.push_back(spec_of(uids[i], i));
    }
    run.trained["a1"] = trained_network("a1", true);
    run.trained["a2"] = trained_network("a2", true);
    run.trained["b"] = trained_network("b", false);
    TrainedNetwork diverged = trained_network("d", false);
    diverged.status = Status::diverged;
    diverged.trials_done = 3;
    diverged.diverged_step = 1234;
    run.trained["d"] = diverged;
    run.analysed["a1"] = analysis_of("a1");
    run.analysed["b"] = analysis_of("b");  // analysed on request although refused
    return run;
}

TEST(PopulationCsv, LineByLine) {
    const auto path = std::filesystem::path(testing::TempDir()) / "shoal_stats_lines.csv";
    write_population_csv(path, population_rows({fates()}), swept);
    const std::string text = read_text_file(path);
    std::filesystem::remove(path);

    const std::string name = ",0.30000000000000004,\"digits, \"\"real\"\"\",";
    const std::string speeds = ",2,0.5,0.25,0.125,0.001,1e-05,1e-07,1e-09,-0.01,,,,,,";
    const std::string limits = "\"50 trial lengths, Newton stopped\"\n";
    EXPECT_EQ(text,
              "uid,replicate,network.gain,task.source,status,accepted,fraction_failed,mechanism,"
              "rule_a,rule_b,accepted_lax,median_error,authors_above_0.005,authors_above_0.01,"
              "authors_above_0.05,authors_above_0.1,trials,diverged_step,attractors,"
              "saturated_delay,saturated_response,median_speed_0_trials,median_speed_1_trials,"
              "median_speed_5_trials,median_speed_10_trials,median_speed_20_trials,"
              "median_speed_30_trials,median_speed_40_trials,median_speed_50_trials,"
              "leading_real_part_flow,leading_modulus_map,exponent_1,exponent_2,exponent_3,period,"
              "limits\n"
              "a1,0" +
                  name +
                  "trained,true,0,slow_manifold,,manifold,true,0.015,1,0.5,0.25,0,600,,"
                  "1,0.25," +
                  speeds + limits + "a2,1" + name +
                  "trained,true,0,none,,,true,0.015,1,0.5,0.25,0,600," + std::string(18, ',') +
                  "\n"
                  "b,2" +
                  name +
                  "trained,false,0.0125,none,,manifold,true,0.015,1,0.5,0.25,0,600,,"
                  "1,0.25," +
                  speeds + limits + "d,3" + name + "diverged,false,1,none,,,false,,,,,,3,1234" +
                  std::string(18, ',') +
                  "\n"
                  "p,4" +
                  name + "pending,,,none,,,,,,,,,0," + std::string(18, ',') + "\n");
}

TEST(PopulationCsv, EveryMechanismAndRuleByItsName) {
    const char* mechanisms[] = {"none",  "direct",  "slow_manifold", "limit_cycle", "torus",
                                "mixed", "chaotic", "far",           "undecided"};
    for (std::size_t i = 0; i < all_mechanisms.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(all_mechanisms[i]), i);
        EXPECT_STREQ(name_of(all_mechanisms[i]), mechanisms[i]);
    }
    EXPECT_STREQ(name_of(RuleLabel::manifold), "manifold");
    EXPECT_STREQ(name_of(RuleLabel::direct), "direct");
    EXPECT_STREQ(name_of(RuleLabel::limit_cycle), "limit_cycle");
    EXPECT_STREQ(name_of(RuleLabel::mixed), "mixed");
    EXPECT_STREQ(name_of(RuleLabel::far), "far");
}

TEST(PopulationRows, ShardsInterleaveByTheSweep) {
    RunContent even = fates();
    RunContent odd = fates();
    std::erase_if(even.config.networks, [](const auto& spec) { return spec.position % 2 == 1; });
    std::erase_if(odd.config.networks, [](const auto& spec) { return spec.position % 2 == 0; });

    const std::vector<PopulationRow> rows = population_rows({odd, even});

    ASSERT_EQ(rows.size(), 5u);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].spec.position, i);
    }
}

TEST(PopulationRows, DropLongArraysAndKeepTheLeadingEigenvalue) {
    const std::vector<PopulationRow> rows = population_rows({fates()});
    EXPECT_TRUE(rows[0].trained->readout.empty());
    EXPECT_EQ(rows[0].analysis->points[0].eigenvalues, (std::vector<double>{-0.01, 0.0}));
    EXPECT_EQ(leading_eigenvalue(rows[0]), -0.01);
    EXPECT_TRUE(std::isnan(leading_eigenvalue(rows[1])));
}

TEST(PopulationRows, TakenRowsAreTheSameAndLeaveCurvesBehind) {
    std::vector<RunContent> runs = {fates()};
    runs[0].trained["a1"].error_curve = {0.5f, 0.25f, 0.125f};
    const std::vector<PopulationRow> copied = population_rows(runs);
    const std::vector<PopulationRow> taken = take_rows(runs);

    ASSERT_EQ(taken.size(), copied.size());
    for (std::size_t i = 0; i < taken.size(); ++i) {
        EXPECT_EQ(taken[i].spec.uid, copied[i].spec.uid);
        EXPECT_EQ(taken[i].status, copied[i].status);
        EXPECT_EQ(mechanism_of(taken[i]), mechanism_of(copied[i]));
    }
    EXPECT_TRUE(taken[0].trained->error_curve.empty());
    EXPECT_TRUE(runs[0].config.networks.empty());
    EXPECT_TRUE(runs[0].analysed.empty());
    ASSERT_EQ(runs[0].trained.size(), 1u);
    EXPECT_EQ(runs[0].trained["a1"].error_curve.size(), 3u);
}

TEST(PopulationRows, MapsReportTheModulus) {
    RunContent run = fates();
    run.config.networks[0].network.dt = run.config.networks[0].network.tau;
    run.analysed["a1"].points[0].eigenvalues = {0.3, 0.4};
    const std::vector<PopulationRow> rows = population_rows({run});
    EXPECT_TRUE(is_map(rows[0].spec));
    EXPECT_EQ(leading_eigenvalue(rows[0]), 0.5);
}

TEST(Summary, FailedNetworksStayInTheDenominator) {
    const auto summary = summarize(population_rows({fates()}), {"network.gain"}, {1, 0});

    ASSERT_EQ(summary.size(), 2u);
    const SummaryRow& all = summary[0];
    EXPECT_EQ(all.key, "all");
    EXPECT_EQ(all.networks, 5u);
    EXPECT_EQ(all.trained, 3u);
    EXPECT_EQ(all.diverged, 1u);
    EXPECT_EQ(all.pending, 1u);
    EXPECT_EQ(all.accepted, 2u);
    EXPECT_EQ(all.share_accepted.estimate, 2.0 / 4.0);
    EXPECT_EQ(all.share_accepted.low, wilson_interval(2, 4).low);
    // Mechanisms: among the accepted, the one that waits for its analysis included.
    const auto slow = static_cast<std::size_t>(Mechanism::slow_manifold);
    const auto none = static_cast<std::size_t>(Mechanism::none);
    EXPECT_EQ(all.mechanism_count[slow], 1u);
    EXPECT_EQ(all.mechanism_count[none], 1u);
    EXPECT_EQ(all.share_of_mechanism[slow].estimate, 0.5);
    EXPECT_EQ(all.share_of_mechanism[slow].high, wilson_interval(1, 2).high);
    EXPECT_EQ(all.median_error.estimate, 0.015);
    EXPECT_EQ(all.median_saturated_delay.estimate, 0.25);
    EXPECT_EQ(summary[1].value, "0.30000000000000004");
}

TEST(Summary, ValuesAscendAndCountsAddUp) {
    test::PopulationOptions options;
    options.gains = {1.4, 0.8, 10.0, 1.1};
    options.pending_share = 0.2;
    const auto rows = population_rows({test::made_up_run(options)});
    const auto summary = summarize(rows, {"network.gain", "replicate"}, {1, 0});

    std::vector<std::string> gains;
    std::size_t networks = 0, accepted = 0;
    for (const SummaryRow& row : summary) {
        EXPECT_EQ(row.networks, row.trained + row.diverged + row.pending);
        std::size_t mechanisms = 0;
        for (const std::size_t count : row.mechanism_count) {
            mechanisms += count;
        }
        EXPECT_EQ(mechanisms, row.accepted);
        if (row.key == "network.gain") {
            gains.push_back(row.value);
            networks += row.networks;
            accepted += row.accepted;
        }
    }
    EXPECT_EQ(gains, (std::vector<std::string>{"0.8", "1.1", "1.4", "10"}));
    EXPECT_EQ(networks, summary[0].networks);
    EXPECT_EQ(accepted, summary[0].accepted);
    EXPECT_EQ(summary.back().key, "replicate");
    EXPECT_EQ(summary.back().value, "7");
}

TEST(Summary, TextNamesTheSharesAndTheirDenominators) {
    const auto rows = population_rows({fates()});
    const std::string text = format_summary(summarize(rows, {}, {1, 0}));
    EXPECT_NE(text.find("50 % [15, 85]"), std::string::npos) << text;  // 2 of 4
    EXPECT_NE(text.find("slow_manifold"), std::string::npos) << text;
    EXPECT_NE(text.find("not analysed"), std::string::npos) << text;
    EXPECT_EQ(text.find("torus"), std::string::npos) << text;
}

TEST(Summary, NothingTrainedYet) {
    RunContent run = fates();
    run.trained.clear();
    run.analysed.clear();
    const auto summary = summarize(population_rows({run}), swept, {1, 0});
    EXPECT_EQ(summary[0].pending, 5u);
    EXPECT_TRUE(std::isnan(summary[0].share_accepted.estimate));
    EXPECT_EQ(summary[0].share_accepted.high, 1.0);
    EXPECT_TRUE(std::isnan(summary[0].median_error.estimate));
    EXPECT_NE(format_summary(summary).find("all"), std::string::npos);
}

}  // namespace
}  // namespace shoal
