// SPDX-License-Identifier: MIT
// Whole runs with --backend cuda on the emulated device: from YAML to HDF5, killed, resumed, cut
// into waves and shards, beside the cpu backend.
#include <cmath>

#include "cli/test_cli_program.hpp"

namespace shoal::test {
namespace {

/// Two sizes of different launches, one matrix for every two networks, one size alone in its
/// launch.
const char* const config = R"(name: cuda
seed: 5
network: {density: 0.6, input_scale: 0.05}
task:
  source: gaussians
  durations: {stimulus1: 0.3, delay1: 0.3, stimulus2: 0.3, delay2: 0.3, response: 0.3}
training: {trials: 13}
sweep:
  network.units: [9, 33]
  network.gain: [0.5, 0.8]
  replicate: 2
)";

class run : public CommandLine {
  protected:
    run() { write("cuda.yaml", config); }

    static std::vector<std::string> command(const std::string& out,
                                            const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"train",   "cuda.yaml", "--out", out,
                                              "--quiet", "--backend", "cuda"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    static void train_cuda(const std::string& out, const std::vector<std::string>& more = {}) {
        const Outcome outcome = shoal(command(out, more));
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
};

double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
    double difference = 0.0;
    double size = 0.0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        difference += (a.at(i) - b[i]) * (a.at(i) - b[i]);
        size += b[i] * b[i];
    }
    return std::sqrt(difference / size);
}

/// 13 trials are 19.5 tau. Rounding does not grow along trajectories of networks with a gain below
/// 1, but through the readout's feedback while P is near I, by gains of order N: 1e4 eps covers
/// that.
TEST_F(run, agrees_with_cpu_over_20_tau) {
    train_cuda("cuda");
    const Outcome cpu =
        shoal({"train", "cuda.yaml", "--out", "cpu", "--backend", "cpu", "--quiet"});
    ASSERT_EQ(cpu.status, 0) << cpu.err;

    const PopulationFile got("cuda/population.h5");
    const PopulationFile want("cpu/population.h5");

    ASSERT_EQ(got.uids(), want.uids());
    ASSERT_EQ(got.uids().size(), 8u);
    for (const std::string& uid : got.uids()) {
        SCOPED_TRACE(uid);
        EXPECT_LE(relative_distance(got.model(uid).readout, want.model(uid).readout),
                  1e4 * 0x1p-23);
        EXPECT_LE(relative_distance(got.model(uid).initial_state, want.model(uid).initial_state),
                  1e4 * 0x1p-23);
        EXPECT_EQ(got.network(uid).status, want.network(uid).status);
    }
}

/// The whole job, long beyond the time over which trajectories agree: only the population is
/// compared.
TEST_F(run, population_like_cpu) {
    for (const char* backend : {"cuda", "cpu"}) {
        const Outcome outcome = shoal({"run", "small.yaml", "--out", backend, "--backend", backend,
                                       "--quiet", "--set", "network.units=16"});
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }

    const PopulationFile got("cuda/population.h5");
    const PopulationFile want("cpu/population.h5");
    int only_cuda = 0;
    int only_cpu = 0;
    int accepted = 0;
    for (const std::string& uid : want.uids()) {
        const bool a = got.network(uid).acceptance.accepted;
        const bool b = want.network(uid).acceptance.accepted;
        only_cuda += a && !b ? 1 : 0;
        only_cpu += b && !a ? 1 : 0;
        accepted += b ? 1 : 0;
    }

    // Fewer than 6 discordant pairs, all on one side, is what chance does in 1 of 32 cases or more.
    EXPECT_LT(std::abs(only_cuda - only_cpu), 6);
    EXPECT_GT(accepted, 0);
    EXPECT_TRUE(fs::exists("cuda/analysis.h5"));
    EXPECT_TRUE(fs::exists("cuda/report/index.html"));
}

TEST_F(run, same_bits_under_any_split) {
    train_cuda("whole");
    const auto whole = networks_of("whole");

    train_cuda("threads", {"--threads", "3"});
    expect_same_file("whole/population.h5", "threads/population.h5");
    // Room for few networks: many waves.
    train_cuda("waves", {"--max-memory", "40K"});
    expect_same_file("whole/population.h5", "waves/population.h5");
    std::size_t in_shards = 0;
    for (const char* shard : {"0/2", "1/2"}) {
        const std::string out = std::string("shard-") + shard[0];
        train_cuda(out, {"--shard", shard});
        for (const auto& [uid, bytes] : networks_of(out)) {
            EXPECT_TRUE(whole.at(uid) == bytes) << uid;
            ++in_shards;
        }
    }
    EXPECT_EQ(in_shards, whole.size());
}

/// fp64 networks are streamed, whatever their size.
TEST_F(run, same_bits_under_any_split_streamed) {
    const std::vector<std::string> small = {
        "--precision", "fp64", "--set", "training.trials=3", "--set", "sweep.network.gain=[0.5]"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), small.begin(), small.end());
        return more;
    };
    train_cuda("whole", with({}));
    const auto whole = networks_of("whole");

    train_cuda("waves", with({"--max-memory", "150K"}));
    expect_same_file("whole/population.h5", "waves/population.h5");
    train_cuda("shard", with({"--shard", "1/2"}));
    for (const auto& [uid, bytes] : networks_of("shard")) {
        EXPECT_TRUE(whole.at(uid) == bytes) << uid;
    }
}

/// Long training and a short test of what was trained: killing falls into training too.
const std::vector<std::string> quick_tests = {"--set", "training.trials=150",
                                              "--set", "sweep.network.units=[9]",
                                              "--set", "sweep.network.gain=[0.5]"};

void expect_same_after(const std::vector<std::string>& whole, std::vector<std::string> ended,
                       std::uint32_t seed, int signal) {
    ASSERT_EQ(shoal(whole).status, 0);
    ended.insert(ended.end(), {"--resume", "--checkpoint-seconds", "0"});

    EXPECT_GE(kill_until_done(ended, seed, signal), 2);

    expect_same_file("whole/population.h5", "ended/population.h5");
}

TEST_F(run, killed_at_any_instant) {
    expect_same_after(command("whole", quick_tests), command("ended", quick_tests), 1, SIGKILL);
}

TEST_F(run, stopped_and_resumed) {
    expect_same_after(command("whole", quick_tests), command("ended", quick_tests), 3, SIGTERM);
}

TEST_F(run, diverged_networks_are_retired) {
    train_cuda("healthy");
    const auto healthy = networks_of("healthy");

    // The same networks beside others whose first steps leave the range.
    train_cuda("mixed", {"--set", "sweep.network.gain=[0.5, 0.8, 1e6]"});

    const PopulationFile file("mixed/population.h5");
    ASSERT_EQ(file.uids().size(), 12u);
    const auto mixed = networks_of("mixed");
    int diverged = 0;
    for (const std::string& uid : file.uids()) {
        if (healthy.contains(uid)) {
            EXPECT_TRUE(healthy.at(uid) == mixed.at(uid)) << uid;
        } else {
            EXPECT_EQ(file.network(uid).status, Status::diverged);
            ++diverged;
        }
    }
    EXPECT_EQ(diverged, 4);
}

TEST_F(run, other_backend_does_not_resume) {
    auto arguments = command("run", {"--max-hours", "1e-9"});
    ASSERT_EQ(shoal(arguments).status, 5);

    const Outcome outcome =
        shoal({"train", "cuda.yaml", "--out", "run", "--resume", "--backend", "cpu", "--quiet"});

    EXPECT_EQ(outcome.status, 2);
    expect_contains(outcome.err, "--allow-different-bits");
}

TEST_F(run, info_lists_device_and_policy) {
    const Outcome outcome = shoal({"info", "--json"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    expect_contains(outcome.out, "\"force_policies\"");
    expect_contains(outcome.out, "\"tile204\"");
    expect_contains(outcome.out, "\"auto\":\"cuda\"");
}

TEST_F(run, device_that_is_not_there) {
    const Outcome outcome = shoal(command("run", {"--device", "7"}));

    EXPECT_EQ(outcome.status, 4);
    expect_contains(outcome.err, "--device 7");
    EXPECT_FALSE(fs::exists("run/population.h5"));
}

TEST_F(run, auto_takes_the_cpu_where_the_gpu_cannot_be_used) {
    const Outcome outcome = shoal({"train", "cuda.yaml", "--out", "run", "--device", "7"});

    EXPECT_EQ(outcome.status, 0);
    expect_contains(outcome.err, "backend auto: cpu, because --device 7");
}

TEST_F(run, bench_needs_a_gpu) {
    const Outcome outcome = shoal({"bench", "force", "--backend", "cuda", "--units", "9",
                                   "--networks", "2", "--trials", "1"});

    EXPECT_EQ(outcome.status, 4);
    expect_contains(outcome.err, "emulated");
}

}  // namespace
}  // namespace shoal::test
