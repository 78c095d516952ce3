// SPDX-License-Identifier: MIT
// Every task can be learned: networks of 64 units reach its solved level by gradient training
// within a second. Chosen so that eight draws of eight were accepted; other instruction sets round
// otherwise.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "test_train_support.hpp"

namespace shoal::test {
namespace {

struct Lesson {
    const char* name;
    const char* network;
    const char* task;
    const char* training;
    int iterations;
};

void PrintTo(const Lesson& lesson, std::ostream* out) {
    *out << lesson.name;
}

Config lesson_config(const Lesson& lesson, int iterations) {
    return config_of(std::string("network: {units: 64, cell: rate, input_scale: 1.0, ") +
                     lesson.network + "}\ntask: {kind: " + lesson.name + ", " + lesson.task +
                     "}\ntraining: {method: bptt, clip: 1.0, schedule: cosine, " + lesson.training +
                     ", iterations: " + std::to_string(iterations) + "}\nsweep: {replicate: 2}\n");
}

std::vector<Acceptance> after(const Config& config) {
    const auto backend = make_backend("cpu", {Precision::fp32, 1, 0});
    const Folder folder;
    EXPECT_TRUE(train(config, *backend, folder));
    std::vector<Acceptance> verdicts;
    for (const NetworkSpec& spec : config.networks) {
        verdicts.push_back(trained(folder, spec.uid).acceptance);
    }
    return verdicts;
}

std::string lesson_name(const testing::TestParamInfo<Lesson>& lesson) {
    std::string name = lesson.param.name;
    std::erase(name, '-');
    return name;
}

class EveryTask : public testing::TestWithParam<Lesson> {};

INSTANTIATE_TEST_SUITE_P(
    Lessons, EveryTask,
    testing::Values(
        // Pairs of units that turn keep what was shown; orthogonal starts stay at chance for long.
        Lesson{"copy", "dt: 1, init: quasi-periodic", "delay: 10, symbols: 4, length: 3",
               "batch: 32, learning_rate: 0.003, loss: cross-entropy", 1000},
        Lesson{"interval", "dt: 1, init: orthogonal", "delay: 10",
               "batch: 32, learning_rate: 0.003", 400},
        Lesson{"angular-integration", "dt: 1, init: orthogonal", "duration: 20",
               "batch: 32, learning_rate: 0.003", 400},
        Lesson{"flip-flop", "dt: 1, init: orthogonal", "duration: 30",
               "batch: 32, learning_rate: 0.003", 400},
        Lesson{"adding", "dt: 1, init: orthogonal", "duration: 10",
               "batch: 64, learning_rate: 0.005", 1000},
        Lesson{"sequential-sum", "dt: 0.5, init: orthogonal",
               "source: gaussians, gaussians: {std: 0.1}, durations: {stimulus1: 2, delay1: 2, "
               "stimulus2: 2, delay2: 2, response: 2}",
               "batch: 32, learning_rate: 0.003", 800}),
    lesson_name);

TEST_P(EveryTask, IsTrainedOn) {
    const Config config = lesson_config(GetParam(), 10);
    const auto backend = make_backend("cpu", {Precision::fp32, 1, 0});
    const Folder folder;
    ASSERT_TRUE(train(config, *backend, folder));
    for (const NetworkSpec& spec : config.networks) {
        const std::vector<float> losses = trained(folder, spec.uid).loss_curve;
        ASSERT_EQ(losses.size(), 10u);
        EXPECT_LT(*std::min_element(losses.begin() + 1, losses.end()), losses.front());
        EXPECT_TRUE(std::all_of(losses.begin(), losses.end(),
                                [](float loss) { return loss > 0.0f && std::isfinite(loss); }));
    }
}

TEST_P(EveryTask, IsSolvedByASmallNetwork) {
    const Config config = lesson_config(GetParam(), GetParam().iterations);
    const SuccessRule rule = task_of(config.networks.front())->success();
    for (const Acceptance& verdict : after(config)) {
        std::printf("score %.4f, solved from %.2f, chance %.3f\n", 1.0 - verdict.fraction_failed,
                    rule.solved, rule.chance);
        EXPECT_TRUE(verdict.accepted);
        EXPECT_GE(1.0 - verdict.fraction_failed, rule.solved);
    }
    // The same networks as they were drawn do no better than chance: 200 trials, five standard
    // errors.
    const double error = 5.0 * std::sqrt(rule.chance * (1.0 - rule.chance) / 200);
    for (const Acceptance& verdict : after(lesson_config(GetParam(), 0))) {
        EXPECT_FALSE(verdict.accepted);
        EXPECT_LT(1.0 - verdict.fraction_failed, rule.chance + error);
    }
}

}  // namespace
}  // namespace shoal::test
