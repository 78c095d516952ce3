// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "core/error.hpp"
#include "core/file.hpp"
#include "records/full_records.hpp"
#include "stats/full_table.hpp"
#include "stats/report_data.hpp"
#include "temporary_folder.hpp"
#include "test_stats_population.hpp"

namespace shoal {
namespace {

std::string report_of(const std::vector<RunContent>& runs) {
    const TemporaryFolder folder;
    const auto rows = population_rows(runs);
    const auto summary = summarize(rows, runs[0].config.axes, {1, 0});
    write_report(folder / "report" / "index.html", runs, rows, summary);
    return read_text_file(folder / "report" / "index.html");
}

/// The JSON that a browser would hand to the page's script: up to the first end tag.
nlohmann::json data_of(const std::string& page) {
    const std::string open = "<script type=\"application/json\" id=\"data\">";
    const std::size_t begin = page.find(open) + open.size();
    return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

nlohmann::json data_for(const RunContent& run, const ReportLimits& limits = {}) {
    const auto rows = population_rows({run});
    return report_data({run}, rows, summarize(rows, run.config.axes, {1, 0}), limits);
}

TEST(Report, LoadsNothingFromElsewhere) {
    const std::string page = report_of({test::made_up_run()});
    for (const std::string attribute : {"src", "href", "srcset", "action", "data"}) {
        const std::regex load("[\\s<]" + attribute + R"(\s*=\s*["']?\s*(https?:)?//)");
        EXPECT_FALSE(std::regex_search(page, load)) << attribute;
    }
    EXPECT_EQ(page.find("url("), std::string::npos);
    EXPECT_EQ(page.find("@import"), std::string::npos);
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page.find("Chart.js v"), std::string::npos);
    EXPECT_EQ(page.find("{{title}}"), std::string::npos);
    EXPECT_EQ(page.find("{{data}}"), std::string::npos);
}

TEST(Report, HostileNamesStayText) {
    const std::size_t scripts = count_of(report_of({test::made_up_run()}), "<script");
    RunContent run = test::made_up_run();
    const std::string name =
        "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{script}}<!-- \"&' "
        "\u2028\u2029\\ \xff";
    run.config.name = name;
    run.config.resolved_yaml = name;
    run.config.swept_keys = {name};
    run.config.axes = {name};
    for (NetworkSpec& spec : run.config.networks) {
        spec.swept = {{name, name}};
    }
    for (auto& [uid, analysis] : run.analysed) {
        analysis.evidence = name;
        analysis.limits = name;
    }

    const std::string page = report_of({run});

    EXPECT_EQ(count_of(page, "<script"), scripts);
    EXPECT_EQ(count_of(page, "</script>"), scripts);
    EXPECT_EQ(page.find("<img"), std::string::npos);
    EXPECT_NE(page.find("<title>&lt;/script&gt;"), std::string::npos);
    EXPECT_EQ(page.substr(page.find("id=\"data\"")).find("\u2028"), std::string::npos)
        << "a line end in older JavaScript";
    const nlohmann::json data = data_of(page);
    EXPECT_EQ(data["name"].get<std::string>().substr(0, name.size() - 1),
              name.substr(0, name.size() - 1));
}

TEST(Report, NumbersAreThoseOfTheSummary) {
    const RunContent run = test::made_up_run();
    const auto rows = population_rows({run});
    const auto summary = summarize(rows, run.config.axes, {1, 0});
    const nlohmann::json data = data_of(report_of({run}));

    EXPECT_EQ(data["all"]["networks"], summary[0].networks);
    EXPECT_EQ(data["all"]["accepted"], summary[0].accepted);
    EXPECT_EQ(data["all"]["diverged"], summary[0].diverged);
    ASSERT_EQ(data["by_key"].size(), 2u);
    EXPECT_EQ(data["by_key"][0]["values"].size(), 3u);
    EXPECT_EQ(data["by_key"][0]["values"][1]["accepted"], summary[2].accepted);
    EXPECT_EQ(data["table"]["rows"].size(), rows.size());
    std::size_t accepted = 0;
    for (const auto& line : data["maps"][0]["cells"]) {
        for (const auto& cell : line) {
            accepted += cell["accepted"].get<std::size_t>();
        }
    }
    EXPECT_EQ(accepted, summary[0].accepted);
}

TEST(Report, KeysThatVaryTogetherAreOneAxis) {
    RunContent run = test::made_up_run();
    run.config.swept_keys = {"network.gain", "network.feedback_scale", "training.learning_rate"};
    run.config.axes = {"network.gain, network.feedback_scale", "training.learning_rate"};
    for (NetworkSpec& spec : run.config.networks) {
        spec.swept.emplace_back("training.learning_rate", spec.replicate % 2 == 0 ? 0.1 : 0.01);
    }
    const nlohmann::json data = data_for(run);
    ASSERT_EQ(data["by_key"].size(), 2u);
    EXPECT_EQ(data["by_key"][0]["key"], "network.gain, network.feedback_scale");
    ASSERT_EQ(data["maps"].size(), 1u);
    const nlohmann::json& map = data["maps"][0];
    EXPECT_EQ(map["column_key"], "training.learning_rate");
    EXPECT_EQ(map["rows"].size(), map["tuned_of_row"].size());
    EXPECT_EQ(map["cells"][0][0]["tested"].get<int>() + map["cells"][0][1]["tested"].get<int>(),
              data["by_key"][0]["values"][0]["networks"].get<int>() -
                  data["by_key"][0]["values"][0]["pending"].get<int>());
}

TEST(Report, CurvesAreRmsOverBinsAndMediansOverNetworks) {
    // Two accepted networks, 4 trials, constant errors 1 and 3 of z_o; z_d 3 and 4 in quadrature.
    RunContent run;
    run.config.swept_keys = {};
    for (std::size_t i = 0; i < 2; ++i) {
        NetworkSpec spec;
        spec.uid = std::to_string(i);
        spec.position = i;
        run.config.networks.push_back(spec);
        TrainedNetwork network;
        network.uid = spec.uid;
        network.status = Status::trained;
        network.trials_done = 4;
        network.acceptance.accepted = true;
        for (int trial = 0; trial < 4; ++trial) {
            network.error_curve.insert(network.error_curve.end(),
                                       {i == 0 ? 1.0f : 3.0f, 3.0f, 4.0f});
        }
        run.trained[spec.uid] = network;
    }
    std::vector<std::string> notes;
    const nlohmann::json curves =
        training_curves({run}, population_rows({run}), ReportLimits{.curve_bins = 2}, notes);
    EXPECT_TRUE(notes.empty());

    EXPECT_EQ(curves["trials_per_bin"], 2);
    EXPECT_EQ(curves["trial"], nlohmann::json({1.5, 3.5}));
    const nlohmann::json& response = curves["kinds"]["response"]["accepted"];
    EXPECT_EQ(response["networks"], 2);
    EXPECT_EQ(response["median"], nlohmann::json({2.0, 2.0}));
    EXPECT_EQ(response["low"], nlohmann::json({1.5, 1.5}));
    EXPECT_EQ(curves["kinds"]["memory"]["accepted"]["median"][0], 3.536);  // sqrt(25 / 2)
}

TEST(Report, UnfinishedRuns) {
    test::PopulationOptions options;
    options.pending_share = 1.0;
    const nlohmann::json nothing = data_of(report_of({test::made_up_run(options)}));
    EXPECT_EQ(nothing["all"]["pending"], 48);
    EXPECT_TRUE(nothing["all"]["share_accepted"][0].is_null());
    EXPECT_TRUE(nothing["curves"].is_null());
    EXPECT_TRUE(nothing["examples"].empty());

    options.pending_share = 0.4;
    options.analysed = false;
    const nlohmann::json half = data_of(report_of({test::made_up_run(options)}));
    EXPECT_EQ(half["analysed"], 0);
    EXPECT_EQ(half["all"]["count"]["none"], half["all"]["accepted"]);
    EXPECT_EQ(half["table"]["rows"].size(), 48u);
}

TEST(Report, NobodyAccepted) {
    test::PopulationOptions options;
    options.accepted_share = 0.0;
    const nlohmann::json data = data_of(report_of({test::made_up_run(options)}));
    EXPECT_EQ(data["all"]["accepted"], 0);
    EXPECT_EQ(data["all"]["share_accepted"][0], 0.0);
    EXPECT_TRUE(data["slowness"]["mechanisms"].empty());
    EXPECT_FALSE(data["curves"]["kinds"]["response"].contains("accepted"));
}

TEST(Report, EveryLimitLeavesANote) {
    RunContent run = test::made_up_run();
    run.analysed.begin()->second.limits = "search stopped after 3 starts";
    const ReportLimits limits = {.table_rows = 10,
                                 .values_per_key = 2,
                                 .map_cells = 5,
                                 .curve_bins = 5,
                                 .example_samples = 100,
                                 .config_bytes = 4};
    const nlohmann::json data = data_for(run, limits);

    std::string notes;
    for (const auto& note : data["notes"]) {
        notes += note.get<std::string>() + "\n";
    }
    for (const char* part :
         {"lists 10 of 48 networks", "1 values are left out", "more than 5", "every 4th sample",
          "cut after 4 bytes", "The first: search stopped after 3 starts",
          "analysis of 1 network reached a limit"}) {
        EXPECT_NE(notes.find(part), std::string::npos) << part << " in\n" << notes;
    }
    EXPECT_EQ(data["table"]["rows"].size(), 10u);
    EXPECT_EQ(data["config"].get<std::string>().size(), 4u);
    EXPECT_EQ(data_for(test::made_up_run())["notes"].size(), 0u);
}

TEST(Report, OneExampleOfEachMechanismOverAllShards) {
    const RunContent run = test::made_up_run();
    const nlohmann::json once = data_of(report_of({run}))["examples"];
    RunContent other = run;
    other.config.networks.clear();
    EXPECT_EQ(data_of(report_of({run, other}))["examples"].size(), once.size());
    EXPECT_GE(once.size(), 4u);
    EXPECT_FALSE(once[0]["points"].empty());
}

/// The same run as if it had been analysed at level full.
RunContent fully_analysed(RunContent run) {
    for (auto& [uid, analysis] : run.analysed) {
        const auto full = std::make_shared<FullAnalysis>();
        full->forgetting.applicable = true;
        full->forgetting.median_survival = 10.0;
        full->noise.applicable = true;
        full->noise.sigmas = {0.5, 1.0};
        full->noise.failed_uniform = {0.0, 0.9};
        full->noise.failed_gaussian = {0.0, 0.1};
        full->portrait.components = 2;
        full->portrait.variance_explained = {0.7, 0.3};
        full->portrait.times = {0.0, 1.0, 2.0};
        full->portrait.paths = {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6};
        for (std::size_t i = 0; i < 2 * analysis.points.size(); ++i) {
            full->portrait.points.push_back(static_cast<double>(i));
        }
        full->portrait.orbit_attractors = {0};
        full->portrait.orbit_samples = 2;
        full->portrait.orbits = {7, 8, 9, 10};
        AttractorRecord attractor;
        attractor.kind = AttractorKind::limit_cycle;
        attractor.period = 12.5;
        attractor.memory_starts = 3;
        full->attractors = {attractor};
        full->activity.unit_phasic = {0.0, 0.02, 0.5, 1.0, std::nan("")};
        full->manifold.times = {0.0, 1.0};
        ManifoldPath path;
        path.memory = 1;
        path.speeds = {0.5, 0.25};
        full->manifold.paths = {path};
        analysis.full = full;
    }
    return run;
}

TEST(Report, ShowsNetworksInDetail) {
    const RunContent run = fully_analysed(test::made_up_run());
    const nlohmann::json data = data_for(run);
    ASSERT_EQ(data["details"].size(), std::min<std::size_t>(40, run.analysed.size()));
    std::set<std::string> first;  // one of each mechanism before a second of any
    std::set<std::string> all;
    for (const auto& [uid, analysis] : run.analysed) {
        all.insert(name_of(analysis.mechanism));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        first.insert(data["details"][i]["mechanism"]);
    }
    EXPECT_EQ(first, all);
    const nlohmann::json& detail = data["details"][0];
    EXPECT_EQ(detail["paths"][0]["x"], nlohmann::json({1.0, 3.0, 5.0}));
    EXPECT_EQ(detail["paths"][1]["y"], nlohmann::json({-2.0, -4.0, -6.0}));
    EXPECT_EQ(detail["orbits"][0]["x"], nlohmann::json({7.0, 9.0}));
    EXPECT_EQ(detail["delay"]["speeds"][0], nlohmann::json({0.5, 0.25}));
    EXPECT_EQ(detail["delay"]["memories"], nlohmann::json({1}));
    EXPECT_EQ(detail["attractors"][0]["kind"], "limit_cycle");
    EXPECT_EQ(detail["attractors"][0]["period"], 12.5);
    EXPECT_EQ(detail["marks"].size(), detail["points"]);
    ASSERT_EQ(detail["phasic"].size(), 20u);
    EXPECT_EQ(detail["phasic"][0], 2);
    EXPECT_EQ(detail["phasic"][10], 1);
    EXPECT_EQ(detail["phasic"][19], 1);

    // Ten networks that lose their memories at 10 with none censored: the curve falls to 0 there.
    const nlohmann::json& behaviour = data["behaviour"];
    for (const auto& [mechanism, curve] : behaviour["survival"].items()) {
        EXPECT_EQ(curve["times"], nlohmann::json({0.0, 10.0, 10.0})) << mechanism;
        EXPECT_EQ(curve["median"], nlohmann::json({1.0, 0.0, 0.0})) << mechanism;
        EXPECT_EQ(behaviour["biased"][mechanism]["median"], nlohmann::json({1.0, 0.0}));
        EXPECT_EQ(behaviour["centred"][mechanism]["median"], nlohmann::json({1.0, 1.0}));
    }
    EXPECT_TRUE(data_for(test::made_up_run())["behaviour"].is_null());
    EXPECT_TRUE(data_for(test::made_up_run())["details"].empty());
}

TEST(Report, CountsSearchesByWhatIsKnownOfMissingRoots) {
    RunContent run = fully_analysed(test::made_up_run());
    const SearchStatus statuses[] = {SearchStatus::proved, SearchStatus::no_sign,
                                     SearchStatus::incomplete, SearchStatus::unknown,
                                     SearchStatus::no_sign};
    int counts[4] = {};
    std::size_t i = 0;
    for (auto& [uid, analysis] : run.analysed) {
        const auto full = std::make_shared<FullAnalysis>(*analysis.full);
        full->search.status = statuses[i++ % 5];
        ++counts[static_cast<int>(full->search.status)];
        analysis.full = full;
    }
    ASSERT_GE(run.analysed.size(), 4u);
    const std::string sentence = fmt::format(
        "Of {} searches for fixed points {} are complete ({} proved, {} without a sign of a "
        "missing "
        "root), {} are incomplete, and of {} it is not known.",
        run.analysed.size(), counts[0] + counts[1], counts[0], counts[1], counts[3], counts[2]);
    EXPECT_EQ(searches_sentence(population_rows({run})), sentence);
    EXPECT_EQ(data_for(run)["searches"], sentence);
    EXPECT_EQ(searches_sentence(population_rows({test::made_up_run()})), "");
}

TEST(Report, LongSurvivalCurvesAreThinned) {
    RunContent run = fully_analysed(test::made_up_run());
    double time = 0.0;
    for (auto& [uid, analysis] : run.analysed) {
        const auto full = std::make_shared<FullAnalysis>(*analysis.full);
        full->forgetting.median_survival = time += 0.5;
        analysis.full = full;
        analysis.mechanism = Mechanism::direct;
    }
    const ReportLimits limits = {.survival_steps = 3};
    const nlohmann::json data = data_for(run, limits);
    const nlohmann::json& curve = data["behaviour"]["survival"]["direct"];
    EXPECT_LE(curve["times"].size(), 5u);  // 0, three steps, the longest delay
    EXPECT_EQ(curve["times"].back(), time);
    EXPECT_EQ(curve["median"].back(), 0.0);
    EXPECT_EQ(curve["networks"], run.analysed.size());
    EXPECT_NE(data["notes"].dump().find("The survival curve of direct is drawn with 3 of its"),
              std::string::npos)
        << data["notes"];
}

TEST(Report, DetailsOfDamagedRecordsAreLeftOut) {
    RunContent run = fully_analysed(test::made_up_run());
    for (auto& [uid, analysis] : run.analysed) {
        auto full = std::make_shared<FullAnalysis>(*analysis.full);
        full->portrait.paths.resize(7);  // one path of three samples, and a bit
        full->portrait.orbits.clear();
        full->portrait.orbit_samples = -5;
        full->portrait.points.clear();
        full->attractors[0].point = 1000;
        full->manifold.paths[0].speeds = {0.5, 0.25, 0.125, 0.1};
        analysis.full = full;
    }
    const nlohmann::json detail = data_for(run)["details"][0];
    EXPECT_EQ(detail["paths"].size(), 1u);
    EXPECT_TRUE(detail["orbits"].empty());
    EXPECT_TRUE(detail["marks"].empty());
    EXPECT_EQ(detail["delay"]["speeds"][0].size(), 2u);
}

TEST(Report, ShowsTheNetworksAskedFor) {
    const RunContent run = fully_analysed(test::made_up_run());
    const auto rows = population_rows({run});
    const auto summary = summarize(rows, run.config.axes, {1, 0});
    const std::string last = run.analysed.rbegin()->first;
    const std::string first = run.analysed.begin()->first;
    const nlohmann::json data = report_data({run}, rows, summary, {}, {last, first});
    ASSERT_EQ(data["details"].size(), 2u);
    EXPECT_EQ(data["details"][0]["uid"], last);
    EXPECT_EQ(data["details"][1]["uid"], first);
    EXPECT_NE(data["notes"].dump().find("shown in detail"), std::string::npos);
    try {
        report_data({run}, rows, summary, {}, {"ffffffffffffffff"});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("ffffffffffffffff"), std::string::npos);
    }
    ReportLimits limits;
    limits.detailed = 3;
    limits.detail_marks = 2;
    const nlohmann::json few = data_for(run, limits);
    EXPECT_EQ(few["details"].size(), 3u);
    for (const nlohmann::json& detail : few["details"]) {
        EXPECT_LE(detail["marks"].size(), 2u);
    }
}

TEST(Report, SmallForAnyPopulation) {
    // The page itself stays under 3 MB; data add at most 200 bytes a network.
    const std::size_t page = report_of({test::made_up_run()}).size();
    EXPECT_LT(page, 3u << 20);
    test::PopulationOptions many;
    many.replicates = 500;
    many.trials = 30;
    EXPECT_LT(report_of({test::made_up_run(many)}).size(), page + 200 * 3000);
}

TEST(Report, DamagedManifestIsSaid) {
    RunContent run = test::made_up_run();
    run.paths.folder = std::filesystem::path(testing::TempDir()) / "shoal_stats_manifest";
    std::filesystem::create_directories(run.paths.folder);
    replace_file(run.paths.manifest(),
                 std::string_view("{\"backend\": \"cpu\", \"stage\": {\"a\": 2}}"));
    const nlohmann::json good = data_for(run)["manifests"][0]["entries"];
    replace_file(run.paths.manifest(), std::string_view("{\"backend\": "));
    const nlohmann::json bad = data_for(run)["manifests"][0]["entries"];
    std::filesystem::remove_all(run.paths.folder);

    EXPECT_EQ(good, nlohmann::json::parse(R"([["backend", "cpu"], ["stage.a", "2"]])"));
    EXPECT_EQ(bad[0][0], "manifest.json");
}

}  // namespace
}  // namespace shoal
