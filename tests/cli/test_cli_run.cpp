// SPDX-License-Identifier: MIT
// run and its stages: the run directory, its protection, resuming, dry runs, shards, summaries.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

TEST_F(CommandLine, RunLeavesEverythingInItsDirectory) {
    const Outcome outcome = shoal({"run", "small.yaml"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    for (const char* file : {"config.yaml", "manifest.json", "population.h5", "analysis.h5",
                             "population.csv", "report/index.html"}) {
        EXPECT_GT(fs::file_size(fs::path("runs/small") / file), 0u) << file;
    }
    EXPECT_FALSE(fs::exists("runs/small/checkpoint"));  // nothing is left to resume
    expect_contains(outcome.out, "share accepted");
    expect_contains(outcome.out, "runs/small/population.csv");
    expect_contains(outcome.out, "runs/small/report/index.html");
    expect_contains(outcome.err, "training 12/12");
    expect_contains(outcome.err, "backend auto: cpu");
}

TEST_F(CommandLine, TableKeepsItsContract) {
    run("r");

    const auto rows = read_csv("r/population.csv");
    ASSERT_EQ(rows.size(), 13u);
    const std::vector<std::string> head = {
        "uid",    "replicate", "network.gain",    "network.feedback_scale",
        "status", "accepted",  "fraction_failed", "mechanism",
        "rule_a", "rule_b"};
    ASSERT_GE(rows[0].size(), head.size());
    EXPECT_EQ(std::vector(rows[0].begin(), rows[0].begin() + 10), head);
    const std::vector<std::string> mechanisms = {
        "direct", "slow_manifold", "limit_cycle", "torus", "mixed", "chaotic", "far", "undecided"};
    const std::vector<std::string> labels = {"direct", "manifold", "limit_cycle", "mixed", "far"};
    int accepted = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const auto& row = rows[i];
        SCOPED_TRACE(row[0]);
        ASSERT_EQ(row.size(), rows[0].size());
        EXPECT_EQ(row[0].size(), 16u);
        EXPECT_EQ(row[0].find_first_not_of("0123456789abcdef"), std::string::npos);
        // The first key of the sweep varies slowest.
        EXPECT_EQ(row[1], std::to_string((i - 1) % 3));
        EXPECT_EQ(row[2], i <= 6 ? "0.8" : "1.2");
        EXPECT_EQ(row[3], (i - 1) / 3 % 2 == 0 ? "0.2" : "1");
        EXPECT_EQ(row[4], "trained");
        const double failed = std::stod(row[6]);
        EXPECT_EQ(row[5], failed == 0.0 ? "true" : "false");
        EXPECT_EQ(failed * 160, std::round(failed * 160));  // of 160 runs
        EXPECT_EQ(row[8], "");                              // rule A was not asked for
        if (row[5] == "true") {
            ++accepted;
            EXPECT_EQ(std::count(mechanisms.begin(), mechanisms.end(), row[7]), 1) << row[7];
            EXPECT_EQ(std::count(labels.begin(), labels.end(), row[9]), 1) << row[9];
        } else {
            EXPECT_EQ(row[7], "none");
            EXPECT_EQ(row[9], "");
        }
    }
    EXPECT_GT(accepted, 0);
    EXPECT_LT(accepted, 12);
}

TEST_F(CommandLine, DivergedNetworksKeepTheirRows) {
    run("tame");
    run("wild", {"--set", "sweep.network.gain=[0.8, 1000000.0, 1.2]"});

    const auto tame = read_csv("tame/population.csv");
    auto wild = read_csv("wild/population.csv");
    ASSERT_EQ(wild.size(), 19u);
    const auto column = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(wild[0].begin(), wild[0].end(), name) -
                                        wild[0].begin());
    };
    for (std::size_t i = 7; i < 13; ++i) {
        EXPECT_EQ(wild[i][column("status")], "diverged");
        EXPECT_EQ(wild[i][column("accepted")], "false");
        EXPECT_EQ(wild[i][column("fraction_failed")], "1");
        EXPECT_EQ(wild[i][column("mechanism")], "none");
        EXPECT_EQ(wild[i][column("diverged_step")], "0");
    }
    // The others are as if these had never been.
    wild.erase(wild.begin() + 7, wild.begin() + 13);
    EXPECT_EQ(wild, tame);
    const auto all = networks_of("wild");
    for (const auto& [uid, bytes] : networks_of("tame")) {
        EXPECT_TRUE(all.at(uid) == bytes) << uid;
    }
    const Outcome stats = shoal({"stats", "wild", "--json"});
    const auto summary = nlohmann::json::parse(stats.out);
    EXPECT_EQ(summary.at("networks"), 18);  // every denominator has them
    EXPECT_EQ(summary.at("diverged"), 6);
}

TEST_F(CommandLine, ARunIsNeverOverwritten) {
    run("r");
    const auto before = read_file("r/population.h5");

    for (const char* command : {"run", "train"}) {
        const Outcome outcome = shoal({command, "small.yaml", "--out", "r", "--set", "seed=4"});
        EXPECT_EQ(outcome.status, 2);
        for (const char* part : {"r already holds a run", "--resume", "--force", "--out"}) {
            expect_contains(outcome.err, part);
        }
        EXPECT_EQ(read_file("r/population.h5"), before);
    }
}

TEST_F(CommandLine, ForceStartsAgainAndTouchesNothingElse) {
    run("r");
    write("r/notes.txt", "mine");
    write("r/report/figure.svg", "mine");

    const Outcome outcome = shoal({"train", "small.yaml", "--out", "r", "--force", "--quiet",
                                   "--set", "seed=4", "--set", "sweep.replicate=1"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(networks_of("r").size(), 4u);
    EXPECT_FALSE(fs::exists("r/analysis.h5"));
    EXPECT_FALSE(fs::exists("r/population.csv"));
    EXPECT_EQ(read_text_file("r/notes.txt"), "mine");
    EXPECT_EQ(read_text_file("r/report/figure.svg"), "mine");
}

TEST_F(CommandLine, ResumeOnAFinishedRunDoesNothing) {
    run("r");
    const auto time = fs::last_write_time("r/population.csv");
    const std::string manifest = read_text_file("r/manifest.json");

    const Outcome outcome = shoal({"run", "small.yaml", "--out", "r", "--resume"});

    EXPECT_EQ(outcome.status, 0);
    expect_contains(outcome.out, "finished; nothing to do");
    EXPECT_EQ(fs::last_write_time("r/population.csv"), time);
    EXPECT_EQ(read_text_file("r/manifest.json"), manifest);

    const Outcome json = shoal({"run", "small.yaml", "--out", "r", "--resume", "--json"});
    EXPECT_EQ(json.status, 0);
    EXPECT_EQ(nlohmann::json::parse(json.out).at("trained"), 12);
    expect_contains(json.err, "nothing to do");
}

TEST_F(CommandLine, ResumeStartsWhatIsNotThere) {
    run("r");
    run("s", {"--resume"});

    expect_same_results("r", "s");
}

TEST_F(CommandLine, ResumeGoesOnFromStageToStage) {
    run("whole");
    train("r");
    EXPECT_FALSE(fs::exists("r/analysis.h5"));

    const Outcome again = shoal({"train", "small.yaml", "--out", "r", "--resume"});
    EXPECT_EQ(again.status, 0);
    expect_contains(again.out, "nothing to do");

    run("r", {"--resume"});
    expect_same_results("whole", "r");
}

TEST_F(CommandLine, StagesOneByOneGiveTheSameResults) {
    run("whole");
    train("r");
    EXPECT_EQ(shoal({"analyze", "r", "--quiet"}).status, 0);
    const Outcome stats = shoal({"stats", "r"});
    const Outcome report = shoal({"report", "r"});

    EXPECT_EQ(stats.status, 0);
    expect_contains(stats.out, "share accepted");
    EXPECT_EQ(report.status, 0);
    EXPECT_TRUE(fs::exists("r/report/index.html"));
    expect_same_results("whole", "r");

    const Outcome again = shoal({"analyze", "r"});
    EXPECT_EQ(again.status, 0);
    expect_contains(again.out, "nothing to do");
}

TEST_F(CommandLine, ResumeOfAnotherConfigurationIsRefused) {
    train("r");
    for (const std::string set :
         {"seed=4", "training.trials=41", "sweep.replicate=2", "analysis.rule_a=true"}) {
        SCOPED_TRACE(set);
        const Outcome outcome =
            shoal({"run", "small.yaml", "--out", "r", "--resume", "--set", set});
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, "another configuration");
        expect_contains(outcome.err, "--out");
    }
    // What the run computes is not touched by its name.
    const Outcome renamed =
        shoal({"run", "small.yaml", "--out", "r", "--resume", "--set", "name=other", "--quiet"});
    EXPECT_EQ(renamed.status, 0) << renamed.err;
}

TEST_F(CommandLine, OtherBitsAreRefusedUnlessAllowed) {
    train("r");
    const std::vector<std::vector<std::string>> other = {{"--precision", "fp64"},
                                                         {"--backend", "reference"}};
    for (const auto& option : other) {
        SCOPED_TRACE(option.back());
        std::vector<std::string> arguments = {"run", "small.yaml", "--out", "r", "--resume"};
        arguments.insert(arguments.end(), option.begin(), option.end());
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, "different bits");
        expect_contains(outcome.err, "--allow-different-bits");

        const Outcome analysis = shoal({"analyze", "r", option.front(), option.back()});
        EXPECT_EQ(analysis.status, 2);
        expect_contains(analysis.err, "--allow-different-bits");
    }
    EXPECT_EQ(nlohmann::json::parse(read_text_file("r/manifest.json")).at("mixed_bits"), false);

    const Outcome allowed = shoal({"run", "small.yaml", "--out", "r", "--resume", "--backend",
                                   "reference", "--allow-different-bits", "--quiet"});
    EXPECT_EQ(allowed.status, 0) << allowed.err;
    const auto manifest = nlohmann::json::parse(read_text_file("r/manifest.json"));
    EXPECT_EQ(manifest.at("mixed_bits"), true);
    EXPECT_EQ(manifest.at("backend"), "reference");
}

TEST_F(CommandLine, AnalysisUsesTheBackendOfTheTraining) {
    run("whole", {"--backend", "reference"});
    train("r", {"--backend", "reference"});

    const Outcome outcome = shoal({"analyze", "r", "--quiet"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    expect_same_file("whole/analysis.h5", "r/analysis.h5");
}

TEST_F(CommandLine, ResolvedConfigurationReproducesTheRun) {
    train("r", {"--set", "network.density=0.4"});

    const Outcome outcome = shoal({"train", "r/config.yaml", "--out", "s", "--quiet"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    expect_same_file("r/population.h5", "s/population.h5");
    expect_same_file("r/config.yaml", "s/config.yaml");
}

TEST_F(CommandLine, SetOverridesTheConfiguration) {
    train("r", {"--set", "network.units=12", "--set", "sweep.network.gain=[1.5]", "--set",
                "sweep.replicate=[7]"});

    const PopulationFile file("r/population.h5");
    ASSERT_EQ(file.uids().size(), 2u);
    EXPECT_EQ(file.model(file.uids()[0]).units, 12);
    EXPECT_EQ(file.model(file.uids()[0]).gain, 1.5);
}

TEST_F(CommandLine, DryRunStartsNothing) {
    const Outcome text = shoal({"run", "small.yaml", "--dry-run"});
    const Outcome json = shoal({"run", "small.yaml", "--dry-run", "--json"});

    EXPECT_EQ(text.status, 0);
    expect_contains(text.out, "12 in 1 wave(s)");
    expect_contains(text.out, "nothing was started");
    EXPECT_EQ(json.status, 0);
    EXPECT_EQ(lines(json.out), 1u);
    const auto forecast = nlohmann::json::parse(json.out);
    EXPECT_EQ(forecast.at("name"), "small");
    EXPECT_EQ(forecast.at("networks"), 12);
    EXPECT_EQ(forecast.at("waves"), 1);
    EXPECT_EQ(forecast.at("largest_wave"), 12);
    EXPECT_EQ(forecast.at("network_steps"), 12 * 40 * 50);  // trials of 5 tau, dt 0.1
    for (const char* field :
         {"program_bytes", "wave_bytes", "test_bytes", "memory_bytes", "disk_bytes",
          "checkpoint_bytes", "training_seconds", "test_seconds", "measured_seconds"}) {
        EXPECT_GT(forecast.at(field), 0.0) << field;
    }
    EXPECT_FALSE(fs::exists("runs"));
    EXPECT_EQ(std::distance(fs::directory_iterator("."), fs::directory_iterator()), 1);
}

TEST_F(CommandLine, DryRunSeesShardAndMemory) {
    const Outcome outcome = shoal({"run", "small.yaml", "--dry-run", "--json", "--shard", "0/2",
                                   "--max-memory", "40K", "--backend", "reference"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto forecast = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(forecast.at("networks"), 6);
    EXPECT_GT(forecast.at("waves"), 1);
    EXPECT_LE(forecast.at("wave_bytes"), 40000);
}

TEST_F(CommandLine, QuietSaysNothingOnStderr) {
    const Outcome outcome = shoal({"run", "small.yaml", "--quiet"});

    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(CommandLine, SummaryAsJson) {
    const Outcome outcome = shoal({"run", "small.yaml", "--json", "--quiet"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(lines(outcome.out), 1u);
    const auto summary = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(summary.at("run"), "runs/small");
    EXPECT_EQ(summary.at("networks"), 12);
    EXPECT_EQ(summary.at("trained"), 12);
    EXPECT_EQ(summary.at("diverged"), 0);
    EXPECT_EQ(summary.at("pending"), 0);
    int accepted = 0;
    for (const auto& [mechanism, count] : summary.at("mechanisms").items()) {
        accepted += mechanism == "none" ? 0 : count.get<int>();
    }
    EXPECT_EQ(summary.at("accepted"), accepted);
    EXPECT_GT(accepted, 0);
    EXPECT_TRUE(fs::exists(summary.at("table").get<std::string>()));
    EXPECT_TRUE(fs::exists(summary.at("report").get<std::string>()));

    for (const char* stage : {"stats", "report", "analyze"}) {
        const Outcome again = shoal({stage, "runs/small", "--json"});
        ASSERT_EQ(again.status, 0) << again.err;
        EXPECT_EQ(lines(again.out), 1u);
        EXPECT_EQ(nlohmann::json::parse(again.out).at("mechanisms"), summary.at("mechanisms"));
    }
    const Outcome train = shoal({"train", "small.yaml", "--out", "t", "--json", "--quiet"});
    ASSERT_EQ(train.status, 0) << train.err;
    EXPECT_EQ(nlohmann::json::parse(train.out).at("accepted"), accepted);
}

TEST_F(CommandLine, OneProcessAtATime) {
    train("r");
    const int other = open("r/.lock", O_RDWR | O_CLOEXEC);
    ASSERT_EQ(flock(other, LOCK_EX), 0);
    const std::vector<std::vector<std::string>> attempts = {
        {"run", "small.yaml", "--out", "r", "--resume"},
        {"run", "small.yaml", "--out", "r", "--force"},
        {"analyze", "r"}};
    for (const auto& arguments : attempts) {
        const Outcome outcome = shoal(arguments);
        EXPECT_EQ(outcome.status, 2);
        expect_contains(outcome.err, "r: another shoal process is working");
    }
    // Reading needs no lock.
    EXPECT_EQ(shoal({"stats", "r"}).status, 0);
    close(other);
    EXPECT_EQ(shoal({"analyze", "r", "--quiet"}).status, 0);
}

TEST_F(CommandLine, UnfinishedRunsHaveTablesToo) {
    const Outcome stopped =
        shoal({"run", "small.yaml", "--out", "r", "--quiet", "--max-hours", "1e-9"});
    ASSERT_EQ(stopped.status, 5) << stopped.err;

    const Outcome stats = shoal({"stats", "r", "--json"});

    ASSERT_EQ(stats.status, 0) << stats.err;
    EXPECT_EQ(nlohmann::json::parse(stats.out).at("pending"), 12);
    const auto rows = read_csv("r/population.csv");
    ASSERT_EQ(rows.size(), 13u);
    EXPECT_EQ(rows[1][4], "pending");
    EXPECT_EQ(rows[1][5], "");
    EXPECT_EQ(rows[1][7], "none");
    EXPECT_EQ(shoal({"report", "r"}).status, 0);
    const Outcome analysis = shoal({"analyze", "r"});
    EXPECT_EQ(analysis.status, 2);
    expect_contains(analysis.err, "training is not finished");
}

TEST_F(CommandLine, MergingRefusesDuplicatesAndStrangers) {
    train("a", {"--shard", "0/2"});
    train("b", {"--shard", "1/2"});
    train("c", {"--shard", "1/2", "--set", "seed=4"});

    const Outcome twice = shoal({"stats", "a", "b", "a", "--out", "m"});
    EXPECT_EQ(twice.status, 2);
    expect_contains(twice.err, "in both a and a");
    const Outcome stranger = shoal({"stats", "a", "c", "--out", "m"});
    EXPECT_EQ(stranger.status, 2);
    expect_contains(stranger.err, "a and c hold runs of different configurations");
    const Outcome wrong =
        shoal({"train", "small.yaml", "--out", "a", "--shard", "1/2", "--resume"});
    EXPECT_EQ(wrong.status, 2);
    expect_contains(wrong.err, "a holds shard 0/2");
}

}  // namespace
}  // namespace shoal::test
