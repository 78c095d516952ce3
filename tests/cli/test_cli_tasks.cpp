// SPDX-License-Identifier: MIT
// shoal task for every kind of task whose trials are drawn afresh, and under gradient training.
#include "config/config.hpp"
#include "store/exchange_files.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

std::string config_of(const std::string& kind) {
    const std::string times = kind == "copy" || kind == "interval" ? "delay: 5" : "duration: 10";
    return "network: {units: 8, dt: 0.5}\ntask: {kind: " + kind + ", " + times +
           ", noise: 0.1}\ntraining: {method: bptt, iterations: 3, batch: 4}\n";
}

TEST_F(CommandLine, TaskWritesEveryKind) {
    for (const char* kind : {"copy", "interval", "angular-integration", "flip-flop", "adding"}) {
        SCOPED_TRACE(kind);
        write("kind.yaml", config_of(kind));
        const Outcome outcome = shoal({"task", "kind.yaml", "--trials", "12", "--out", "t.h5"});
        ASSERT_EQ(outcome.status, 0) << outcome.err;

        const TrialsFile file = read_trials("t.h5");
        const NetworkSpec spec = load_config("kind.yaml").networks.front();
        const auto task = make_task(spec.task, spec.network, spec.training.error);
        EXPECT_EQ(file.shape, task->shape());
        ASSERT_EQ(file.trials.size(), 12u);
        for (std::size_t i = 0; i < file.trials.size(); ++i) {
            Trial trial;
            task->training_trial(spec.key(), static_cast<int>(i), 0, trial);
            EXPECT_EQ(file.trials[i].type, 0);
            EXPECT_EQ(file.trials[i].inputs, trial.inputs);
            EXPECT_EQ(file.trials[i].targets, trial.targets);
            EXPECT_EQ(file.trials[i].mask, trial.mask);
        }
    }
}

TEST_F(CommandLine, TaskCountsTheTrialsOfGradientTraining) {
    write("kind.yaml", config_of("copy"));
    const Outcome many = shoal({"task", "kind.yaml", "--trials", "13", "--out", "t.h5"});
    EXPECT_EQ(many.status, 2);
    expect_contains(many.err, "training sees 12 trials (training.iterations times training.batch)");
    // Without any iteration the weights are those drawn; a batch is there to look at.
    const Outcome none = shoal(
        {"task", "kind.yaml", "--set", "training.iterations=0", "--trials", "4", "--out", "t.h5"});
    EXPECT_EQ(none.status, 0) << none.err;
}

TEST_F(CommandLine, TaskNamesAWrongTime) {
    write("kind.yaml", config_of("interval"));
    const Outcome outcome =
        shoal({"task", "kind.yaml", "--set", "task.delay=5.2", "--out", "t.h5"});
    EXPECT_EQ(outcome.status, 2);
    expect_contains(outcome.err, "task.delay: 5.2 is not a positive whole number of steps");
    EXPECT_FALSE(fs::exists("t.h5"));
}

}  // namespace
}  // namespace shoal::test
