// SPDX-License-Identifier: MIT
// Killed at any instant, or asked to stop: the resumed run ends in the same bits. The real program.
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

void expect_tidy(const fs::path& run) {
    for (const auto& entry : fs::recursive_directory_iterator(run)) {
        const std::string name = entry.path().filename().string();
        EXPECT_EQ(name.find(".tmp-"), std::string::npos) << entry.path();
        EXPECT_EQ(name.find("checkpoint"), std::string::npos) << entry.path();
    }
}

const std::vector<std::string> long_training = {"--set", "training.trials=200"};

std::vector<std::string> resumed_run(const std::string& out) {
    return {"run", "small.yaml", "--out",         out, "--resume", "--checkpoint-seconds",
            "0",   "--set",      long_training[1]};
}

TEST_F(CommandLine, KilledAtAnyInstant) {
    run("whole", long_training);
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::string out = "killed-" + std::to_string(seed);
        const int kills = kill_until_done(resumed_run(out), seed, SIGKILL);
        EXPECT_GE(kills, 2);
        expect_same_results("whole", out);
        expect_tidy(out);
    }
}

TEST_F(CommandLine, StoppedAtAnyInstant) {
    run("whole", long_training);
    const std::vector<int> signals = {SIGTERM, SIGINT, SIGUSR1};
    for (std::uint32_t i = 0; i < 3; ++i) {
        SCOPED_TRACE("signal " + std::to_string(signals[i]));
        const std::string out = "stopped-" + std::to_string(i);
        kill_until_done(resumed_run(out), 10 + i, signals[i]);
        expect_same_results("whole", out);
        expect_tidy(out);
    }
}

TEST_F(CommandLine, KilledInTheAnalysis) {
    run("whole");
    train("trained");
    for (const std::uint32_t seed : {1u, 2u}) {
        for (const int signal : {SIGKILL, SIGTERM}) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", signal " + std::to_string(signal));
            fs::remove_all("r");
            fs::copy("trained", "r", fs::copy_options::recursive);
            kill_until_done({"analyze", "r", "--threads", "1"}, seed, signal);
            expect_same_file("whole/analysis.h5", "r/analysis.h5");
            EXPECT_FALSE(fs::exists("r/checkpoint"));
        }
    }
}

/// Waits until training has begun; then the program catches signals.
void wait_for(const fs::path& path) {
    for (int i = 0; i < 6000 && !fs::exists(path); ++i) {
        std::this_thread::sleep_for(milliseconds(5));
    }
    ASSERT_TRUE(fs::exists(path)) << output();
    std::this_thread::sleep_for(milliseconds(30));
}

TEST_F(CommandLine, SignalsLeaveACheckpointAndTheCommandToGoOn) {
    const std::vector<std::string> options = {"--set", "training.trials=600", "--set",
                                              "sweep.network.gain=[0.8]"};
    train("whole", options);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
        SCOPED_TRACE(signal);
        const std::string out = "run of " + std::to_string(signal);
        std::vector<std::string> arguments = {"train", "small.yaml", "--out", out};
        arguments.insert(arguments.end(), options.begin(), options.end());
        Program program(arguments);
        wait_for(fs::path(out) / "checkpoint");
        program.send(signal);
        ASSERT_EQ(program.wait(), 5) << output();
        expect_contains(output(), "interrupted; a checkpoint was written. Go on with: ");
        EXPECT_TRUE(fs::exists(out + "/checkpoint/active-000000000000.bin"));
        EXPECT_FALSE(fs::exists(out + "/population.h5"));

        EXPECT_EQ(type(shown_command()), 0) << output();
        expect_same_file("whole/population.h5", out + "/population.h5");
    }
}

TEST_F(CommandLine, TheCommandToGoOnNamesWhatMatters) {
    fs::copy_file("small.yaml", "it's.yaml");
    Program program({"run",          "it's.yaml",
                     "--set",        "sweep.network.gain=[0.8, 1.1]",
                     "--set",        "task.codes=[1.0, 1.0, 1.5]",
                     "--shard",      "1/2",
                     "--precision",  "fp64",
                     "--backend",    "reference",
                     "--threads",    "1",
                     "--max-memory", "1G",
                     "--max-hours",  "1e-9",
                     "--out",        "a b"});
    ASSERT_EQ(program.wait(), 5);
    expect_contains(output(), "time limit reached");

    EXPECT_EQ(type(shown_command()), 0) << output();

    run("whole", {"--set", "sweep.network.gain=[0.8, 1.1]", "--set", "task.codes=[1.0, 1.0, 1.5]",
                  "--shard", "1/2", "--precision", "fp64", "--backend", "reference"});
    expect_same_results("whole", "a b");
}

TEST_F(CommandLine, TimeLimitStopsBetweenTrials) {
    run("whole");
    const std::vector<std::string> slice = {"run",     "small.yaml", "--out",       "r",
                                            "--quiet", "--resume",   "--max-hours", "1e-9"};
    // Each slice does one trial of all networks; after 40 they are trained.
    for (int i = 0; i < 40; ++i) {
        const Outcome outcome = shoal(slice);
        ASSERT_EQ(outcome.status, 5) << outcome.err;
        expect_contains(outcome.err, "shoal run small.yaml --out r --resume");
        ASSERT_EQ(lines(outcome.err), 1u) << outcome.err;
    }
    EXPECT_EQ(shoal({"stats", "r"}).status, 0);
    EXPECT_EQ(read_csv("r/population.csv")[1][4], "trained");

    run("r", {"--resume"});
    expect_same_results("whole", "r");
}

TEST_F(CommandLine, RealProcessesKeepOutOfEachOthersWay) {
    Program first({"train", "small.yaml", "--out", "r", "--set", "training.trials=100000"});
    wait_for("r/checkpoint");

    const Outcome second =
        shoal({"train", "small.yaml", "--out", "r", "--resume", "--set", "training.trials=100000"});

    EXPECT_EQ(second.status, 2);
    expect_contains(second.err, "another shoal process is working in this run directory");
    first.send(SIGKILL);
    EXPECT_EQ(first.wait(), 1000 + SIGKILL);
    // The lock ended with its process.
    EXPECT_EQ(shoal({"train", "small.yaml", "--out", "r", "--resume", "--set",
                     "training.trials=100000", "--max-hours", "1e-9", "--quiet"})
                  .status,
              5);
}

}  // namespace
}  // namespace shoal::test
