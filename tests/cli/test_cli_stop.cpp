// SPDX-License-Identifier: MIT
// Networks so large that parts of their analysis take minutes: the real program ends in time all
// the same, says how to go on, and goes on behind the parts that were finished.
#include <cmath>

#include "store/exchange_files.hpp"
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

/// The program promises 2 seconds; the other two are for a machine that is busy with other tests.
constexpr double promised_seconds = 4.0;

/// One random network. Its outputs are 0: it solves a task whose targets are.
void write_network(const fs::path& path, int units, double gain) {
    WeightsFile weights;
    weights.units = units;
    weights.inputs = 1;
    weights.outputs = 1;
    const auto size = static_cast<std::uint32_t>(units);
    const double scale = gain / std::sqrt(units);
    for (std::uint32_t i = 0; i < size * size; ++i) {
        weights.recurrent.push_back(scale *
                                    standard_normal(random_bits({1, 0}, Purpose::test, 0, 0, i)));
    }
    weights.input.assign(size, 0.1);
    weights.readout.assign(size, 0.0);
    write_weights_h5(path, weights);
}

double seconds_to_stop(Program& program, int signal) {
    const auto start = std::chrono::steady_clock::now();
    program.send(signal);
    EXPECT_EQ(program.wait(), 5) << output();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_F(CommandLine, LargeWeightsStopInTime) {
    write_network("w.h5", 1000, 1.5);
    for (const int signal : {SIGTERM, SIGINT}) {
        SCOPED_TRACE(signal);
        fs::remove("output.txt");
        Program program({"analyze", "--weights", "w.h5", "--threads", "1"});
        wait_until_shown("network 0: search, ");
        EXPECT_LT(seconds_to_stop(program, signal), promised_seconds);
        EXPECT_EQ(shown_command(), "shoal analyze --weights w.h5 --out w.analysis.h5 --threads 1");
        EXPECT_FALSE(fs::exists("w.analysis.h5"));
    }
    const Outcome limited = shoal({"analyze", "--weights", "w.h5", "--max-hours", "1e-9"});
    EXPECT_EQ(limited.status, 5);
    expect_contains(limited.err, "time limit reached");
}

TEST_F(CommandLine, LargeRunsStopInTime) {
    write_network("w.h5", 1000, 1.5);
    TrialsFile trials;
    trials.shape = {1, 1, 50};
    trials.trials.resize(2);
    for (Trial& trial : trials.trials) {
        trial.inputs.assign(50, 0.0);
        trial.targets.assign(50, 0.0);
        trial.mask.assign(50, 1);
    }
    write_trials("trials.h5", trials, 0.1);
    write("big.yaml",
          "network: {units: 1000, init: file, path: w.h5}\n"
          "task: {kind: file, path: trials.h5}\n"
          "training: {method: bptt, iterations: 0}\n"
          "analysis: {level: full}\n");
    Program program({"run", "big.yaml", "--out", "r", "--threads", "1"});
    wait_until_shown(": first, ");
    EXPECT_LT(seconds_to_stop(program, SIGTERM), promised_seconds);
    EXPECT_EQ(shown_command(), "shoal run big.yaml --out r --threads 1 --resume");
    EXPECT_TRUE(fs::exists("r/population.h5"));
    EXPECT_FALSE(fs::exists("r/analysis.h5"));
}

TEST_F(CommandLine, WeightsGoOnBehindTheirFinishedParts) {
    write_network("w.h5", 300, 0.5);
    const std::vector<std::string> arguments = {"analyze", "--weights", "w.h5", "--threads", "1"};
    ASSERT_EQ(Program(arguments).wait(), 0) << output();
    fs::rename("w.analysis.h5", "whole.h5");
    EXPECT_FALSE(fs::exists("w.analysis.h5.parts"));

    // Later and later, until a part was finished. The first search takes far more than 100 ms.
    const fs::path part = "w.analysis.h5.parts/begun-00000000.bin";
    for (int i = 1; !fs::exists(part); ++i) {
        Program program(arguments);
        std::this_thread::sleep_for(milliseconds(100 * i));
        program.send(SIGTERM);
        const int status = program.wait();
        // Before the program has set its handlers, a signal simply ends it.
        ASSERT_TRUE(status == 5 || status == 1000 + SIGTERM) << status << ": " << output();
    }
    fs::copy("w.analysis.h5.parts", "parts");
    EXPECT_EQ(type(shown_command()), 0) << output();
    EXPECT_EQ(output().find(": search"), std::string::npos) << output();
    expect_same_file("whole.h5", "w.analysis.h5");
    EXPECT_FALSE(fs::exists("w.analysis.h5.parts"));

    // Parts of other weights are none of these.
    write_network("w.h5", 20, 0.5);
    ASSERT_EQ(Program(arguments).wait(), 0) << output();
    fs::rename("w.analysis.h5", "alone.h5");
    fs::rename("parts", "w.analysis.h5.parts");
    ASSERT_EQ(Program(arguments).wait(), 0) << output();
    expect_same_file("alone.h5", "w.analysis.h5");
}

TEST_F(CommandLine, FullAnalysesGoOnBehindTheirFinishedParts) {
    const std::vector<std::string> level = {"--set", "analysis.level=full", "--set",
                                            "sweep.network.gain=[1.2]"};
    run("whole", level);
    train("trained", level);
    fs::copy("trained", "r", fs::copy_options::recursive);
    kill_until_done({"analyze", "r", "--threads", "2"}, 7, SIGTERM);
    expect_same_file("whole/analysis.h5", "r/analysis.h5");
    EXPECT_FALSE(fs::exists("r/checkpoint"));
}

// Commands that keep nothing end at once.
TEST_F(CommandLine, ShortCommandsStopWithTheCommandToStartAgain) {
    Program program({"bench", "force", "--units", "1000", "--networks", "64", "--seconds", "60"});
    std::this_thread::sleep_for(milliseconds(500));
    EXPECT_LT(seconds_to_stop(program, SIGTERM), promised_seconds);
    expect_contains(output(),
                    "interrupted. Start again with: shoal bench force --units 1000 --networks 64");
}

}  // namespace
}  // namespace shoal::test
