// SPDX-License-Identifier: MIT
// training.accept from the configuration to the verdict: classifiers and regressions from a file.
#include "core/random.hpp"
#include "store/exchange_files.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// Trials of five steps: a pulse in one of three channels; which one, or 0.5 times its size plus
/// noise, is asked for at the last two.
TrialsFile pulses(bool classes) {
    TrialsFile file;
    file.shape = {3, classes ? 3 : 1, 5};
    const auto outputs = static_cast<std::size_t>(file.shape.outputs);
    for (std::uint32_t i = 0; i < 30; ++i) {
        Trial trial;
        trial.type = static_cast<int>(i % 3);
        trial.inputs.assign(15, 0.0);
        const double size =
            classes ? 1.0 : standard_normal(random_bits({3, 0}, Purpose::test, 0, 0, i));
        trial.inputs[i % 3] = size;
        trial.targets.assign(5 * outputs, 0.0);
        trial.mask.assign(5 * outputs, 0);
        for (std::size_t at = 3 * outputs; at < 5 * outputs; ++at) {
            trial.mask[at] = 1;
            const double noise = standard_normal(random_bits({3, 0}, Purpose::test, 0, 1, i));
            trial.targets[at] =
                classes ? (at % outputs == i % 3 ? 1.0 : 0.0) : 0.5 * size + 0.1 * noise;
        }
        file.trials.push_back(std::move(trial));
    }
    return file;
}

Acceptance after(const std::string& out, const std::vector<std::string>& set = {}) {
    std::vector<std::string> arguments = {"train", "file.yaml", "--out", out, "--quiet"};
    for (const std::string& one : set) {
        arguments.insert(arguments.end(), {"--set", one});
    }
    const Outcome outcome = shoal(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const PopulationFile file(fs::path(out) / "population.h5");
    return file.network(file.uids().front()).acceptance;
}

const char* const task_from_file = R"(network: {units: 16, cell: rate, dt: 1, input_scale: 1}
task: {kind: file, path: t.h5}
training: {method: bptt, batch: 30, iterations: 300, learning_rate: 0.01)";

TEST_F(CommandLine, AClassifierIsAcceptedByItsAccuracy) {
    write_trials("t.h5", pulses(true), 1.0);
    write("file.yaml", std::string(task_from_file) + ", loss: cross-entropy}\n");
    const Acceptance trained = after("r");
    EXPECT_TRUE(trained.accepted);
    EXPECT_EQ(trained.fraction_failed, 0.0);
    EXPECT_FALSE(after("fresh", {"training.iterations=0"}).accepted);
    // Logits are no probabilities: their RMS error says nothing.
    EXPECT_FALSE(after("within", {"training.accept.score=within"}).accepted);
}

TEST_F(CommandLine, ANoisyRegressionIsAcceptedByR2) {
    write_trials("t.h5", pulses(false), 1.0);
    write("file.yaml", std::string(task_from_file) + ", weight_decay: 1}\n");
    // Noise of variance 0.01 beside 0.25 of what can be known.
    const Acceptance by_r2 =
        after("r", {"training.accept.score=r2", "training.accept.at_least=0.8"});
    EXPECT_TRUE(by_r2.accepted);
    EXPECT_GT(by_r2.fraction_failed, 0.0);
    EXPECT_FALSE(after("own").accepted);
    EXPECT_TRUE(
        after("wide", {"training.accept.score=within", "training.accept.tolerance=1"}).accepted);
    const Outcome no_classes = shoal({"train", "file.yaml", "--out", "wrong", "--quiet", "--set",
                                      "training.accept.score=accuracy"});
    EXPECT_EQ(no_classes.status, 2);
    expect_contains(no_classes.err, "accuracy wants targets that are one-hot");
}

TEST_F(CommandLine, ForceIsJudgedByTheSameKeys) {
    const auto share = [](const std::string& out, const std::vector<std::string>& more) {
        train(out, more);
        const PopulationFile file(fs::path(out) / "population.h5");
        double accepted = 0;
        for (const std::string& uid : file.uids()) {
            accepted += file.network(uid).acceptance.accepted ? 1.0 : 0.0;
        }
        return accepted / static_cast<double>(file.uids().size());
    };
    EXPECT_EQ(share("all", {"--set", "training.accept.at_least=0"}), 1.0);
    EXPECT_EQ(share("wide", {"--set", "training.accept.score=within", "--set",
                             "training.accept.tolerance=100"}),
              1.0);
    EXPECT_EQ(share("narrow", {"--set", "training.accept.score=within", "--set",
                               "training.accept.tolerance=1e-9"}),
              0.0);
}

TEST_F(CommandLine, ForceRefusesWeights) {
    TrialsFile file = pulses(false);
    file.trials[0].weights.assign(5, 0.5);
    for (std::size_t i = 1; i < file.trials.size(); ++i) {
        file.trials[i].weights.assign(5, 1.0);
    }
    write_trials("t.h5", file, 1.0);
    write("file.yaml", "network: {units: 8}\ntask: {kind: file, path: t.h5}\n");
    const Outcome outcome = shoal({"train", "file.yaml", "--out", "r", "--quiet"});
    EXPECT_EQ(outcome.status, 2);
    expect_contains(outcome.err, "mask has numbers other than 0 and 1");
}

}  // namespace
}  // namespace shoal::test
