// SPDX-License-Identifier: MIT
// Gradient training as its users meet it: one run to its report, the same bits however it came
// about, and losses that follow from the weights.
#include "config/config.hpp"
#include "store/exchange_files.hpp"
#include "test_cli_program.hpp"

namespace shoal::test {
namespace {

const char* const gradient_config = R"(name: gradient
seed: 5
network: {units: 12, cell: rate, dt: 1, gain: 1}
task: {kind: adding, duration: 6}
training: {method: bptt, batch: 16, iterations: 400, noise: 0.01, clip: 1}
sweep:
  training.learning_rate: [0.003, 0.01]
  network.init: [orthogonal, quasi-periodic]
  replicate: 2
)";

class GradientRun : public CommandLine {
  protected:
    GradientRun() { write("gradient.yaml", gradient_config); }
    static Outcome go(const std::string& command, const std::string& out,
                      const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {command, "gradient.yaml", "--out", out, "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return shoal(arguments);
    }
};

TEST_F(GradientRun, FromConfigToReport) {
    const std::vector<std::string> easier = {"--set", "training.iterations=1000", "--set",
                                             "task.duration=4"};
    const Outcome outcome = go("run", "r", easier);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    for (const char* file :
         {"config.yaml", "population.csv", "population.h5", "analysis.h5", "report/index.html"}) {
        EXPECT_TRUE(fs::exists(fs::path("r") / file)) << file;
    }
    expect_contains(outcome.out, "network.init (down) by training.learning_rate (across)");
    const PopulationFile file("r/population.h5");
    ASSERT_EQ(file.uids().size(), 8u);
    std::size_t accepted = 0;
    for (const std::string& uid : file.uids()) {
        const TrainedNetwork network = file.network(uid);
        EXPECT_EQ(network.loss_curve.size(), 1000u);
        accepted += network.acceptance.accepted ? 1 : 0;
    }
    EXPECT_GE(accepted, 4u);
    // The resolved configuration repeats the run.
    const Outcome again = shoal({"train", "r/config.yaml", "--out", "again", "--quiet"});
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(networks_of("r"), networks_of("again"));
}

TEST_F(GradientRun, TheSameBitsByShardsThreadsAndFromItsOwnTrials) {
    const std::vector<std::string> shorter = {"--set", "training.iterations=20"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), shorter.begin(), shorter.end());
        return more;
    };
    ASSERT_EQ(go("train", "whole", with({"--threads", "1"})).status, 0);
    ASSERT_EQ(go("train", "many", with({"--threads", "3"})).status, 0);
    const auto whole = networks_of("whole");
    EXPECT_EQ(whole, networks_of("many"));
    auto pieces = std::map<std::string, std::vector<std::byte>>{};
    for (const char* shard : {"0/3", "1/3", "2/3"}) {
        const std::string out = std::string("shard-") + shard[0];
        ASSERT_EQ(go("train", out, with({"--shard", shard})).status, 0);
        pieces.merge(networks_of(out));
    }
    EXPECT_EQ(whole, pieces);

    // The trials of replicate 0, written and trained on as a file.
    ASSERT_EQ(shoal({"task", "gradient.yaml", "--trials", "320", "--out", "t.h5", "--set",
                     "training.iterations=20"})
                  .status,
              0);
    ASSERT_EQ(go("train", "file",
                 with({"--set", "task.kind=file", "--set", "task.path=t.h5", "--set",
                       "sweep.replicate=1"}))
                  .status,
              2);  // task.duration has no effect on a file
    write("file.yaml", R"(seed: 5
network: {units: 12, cell: rate, dt: 1, gain: 1, init: orthogonal}
task: {kind: file, path: t.h5}
training: {method: bptt, batch: 16, iterations: 20, noise: 0.01, clip: 1, learning_rate: 0.003}
)");
    ASSERT_EQ(shoal({"train", "file.yaml", "--out", "f", "--quiet"}).status, 0);
    const PopulationFile drawn("whole/population.h5");
    const PopulationFile from_file("f/population.h5");
    const Config config = load_config("gradient.yaml", {"training.iterations=20"});
    const std::string& uid = config.networks.front().uid;  // 0.003, orthogonal, replicate 0
    EXPECT_EQ(drawn.network(uid).loss_curve,
              from_file.network(from_file.uids().front()).loss_curve);
}

TEST_F(GradientRun, KilledAtAnyInstant) {
    const std::vector<std::string> longer = {"--set", "training.iterations=1500"};
    ASSERT_EQ(go("train", "whole", longer).status, 0);
    for (const std::uint32_t seed : {1u, 2u}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::string out = "killed-" + std::to_string(seed);
        const int kills = kill_until_done({"train", "gradient.yaml", "--out", out, "--resume",
                                           "--checkpoint-seconds", "0", "--set", longer[1]},
                                          seed, SIGKILL);
        EXPECT_GE(kills, 2);
        EXPECT_EQ(networks_of("whole"), networks_of(out));
    }
}

TEST_F(GradientRun, NoIterationsThenOneStepOfGradientDescent) {
    // The stored weights, the trials that `shoal task` writes and the stored loss belong together.
    const std::vector<std::string> one = {"--set", "training.noise=0", "--set",
                                          "training.iterations=1"};
    ASSERT_EQ(go("train", "before", {"--set", "training.noise=0", "--set", "training.iterations=0"})
                  .status,
              0);
    ASSERT_EQ(go("train", "after", one).status, 0);
    ASSERT_EQ(shoal({"task", "gradient.yaml", "--trials", "16", "--out", "t.h5"}).status, 0);
    const PopulationFile before("before/population.h5");
    const PopulationFile after("after/population.h5");
    const TrialsFile trials = read_trials("t.h5");
    ASSERT_EQ(trials.trials.size(), 16u);
    const NetworkModel model = before.model(before.uids().front());
    double sum = 0.0;
    double terms = 0.0;
    for (const Trial& trial : trials.trials) {
        std::vector<double> h(12, 0.0);
        std::vector<double> row(12);
        for (int t = 0; t < trials.shape.steps; ++t) {
            std::vector<double> next(12);
            for (std::size_t i = 0; i < 12; ++i) {
                model.recurrent->row(static_cast<int>(i), row);
                double drive = 0.0;
                for (std::size_t j = 0; j < 12; ++j) {
                    drive += row[j] * h[j];
                }
                for (std::size_t c = 0; c < 2; ++c) {
                    drive +=
                        model.input[i * 2 + c] * trial.inputs[static_cast<std::size_t>(t) * 2 + c];
                }
                next[i] = std::tanh(drive);
            }
            h = next;
            if (trial.mask[static_cast<std::size_t>(t)] != 0) {
                double z = 0.0;
                for (std::size_t i = 0; i < 12; ++i) {
                    z += model.readout[i] * h[i];
                }
                const double error = z - trial.targets[static_cast<std::size_t>(t)];
                sum += error * error;
                terms += 1.0;
            }
        }
    }
    // Single precision: the loss is a mean of 16 squares of numbers of order 1, each within some
    // ten steps' rounding of 6e-8 of the double one.
    const double expected = sum / terms;
    EXPECT_NEAR(after.network(after.uids().front()).loss_curve.front(), expected, 1e-5 * expected);
    EXPECT_EQ(after.network(after.uids().front()).trials_done, 1);
    EXPECT_EQ(before.network(before.uids().front()).trials_done, 0);
}

}  // namespace
}  // namespace shoal::test
