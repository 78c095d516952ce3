// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "core/error.hpp"
#include "task/latents.hpp"
#include "task/task.hpp"

namespace shoal {
namespace {

struct TaskSetup {
    TaskConfig task;
    NetworkConfig network;
    std::shared_ptr<const Task> make(ErrorSchedule schedule = ErrorSchedule::epochs) const {
        return make_task(task, network, schedule);
    }
};

TEST(SequentialSum, ShapeEpochsAndMasks) {
    const auto task = TaskSetup{}.make();
    EXPECT_EQ(task->shape(), (TaskShape{2, 3, 350}));
    EXPECT_EQ(task->error_epochs(), (std::vector<StepWindow>{{100, 150}, {250, 300}, {300, 350}}));
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 1, 1}));
    Trial trial;
    task->training_trial({1, 0}, 0, 2, trial);

    for (std::size_t t = 0; t < 350; ++t) {
        const bool delay = (t >= 100 && t < 150) || (t >= 250 && t < 300);
        EXPECT_EQ(trial.mask[t * 3], t >= 300);
        EXPECT_EQ(trial.mask[t * 3 + 1], delay);
        EXPECT_EQ(trial.mask[t * 3 + 2], delay);
        for (std::size_t o = 0; o < 3; ++o) {
            if (trial.mask[t * 3 + o] == 0) {
                EXPECT_EQ(trial.targets[t * 3 + o], 0.0);
            }
        }
        const bool stimulus = t < 100 || (t >= 150 && t < 250);
        EXPECT_EQ(trial.inputs[t * 2] != 0.0, stimulus) << t;
    }
}

TEST(SequentialSum, SaysWhatItsTrialsAskFor) {
    for (const ErrorSchedule schedule : {ErrorSchedule::epochs, ErrorSchedule::everywhere}) {
        const auto task = TaskSetup{}.make(schedule);
        EXPECT_EQ(task->output_names(), (std::vector<std::string>{"z_o", "z_d1", "z_d2"}));
        std::vector<Trial> trials(4);
        for (int type = 0; type < 4; ++type) {
            Trial& trial = trials[static_cast<std::size_t>(type)];
            task->test_trial({1, 0}, Purpose::test, 0, type, trial);
            EXPECT_EQ(task->memory(trial), type / 2) << "the first digit";
        }
        const auto parts = task->parts(trials);
        ASSERT_TRUE(parts.has_value());
        EXPECT_EQ(parts->stimulus, (StepWindow{0, 100}));
        EXPECT_EQ(parts->delay, (StepWindow{100, 150}));
        const auto searched = task->Task::parts(trials);
        ASSERT_TRUE(searched.has_value());
        EXPECT_EQ(searched->stimulus, parts->stimulus);
        EXPECT_EQ(searched->delay, parts->delay);
    }
}

TEST(SequentialSum, TargetsAreClassMeansAndTheCodeOfTheSum) {
    const auto classes = parse_digits(built_in_digits(), "built-in");
    const auto task = TaskSetup{}.make();
    const double codes[] = {1.0, 0.5, 1.5};
    for (int type = 0; type < 4; ++type) {
        Trial trial;
        task->training_trial({1, 0}, 5, type, trial);
        const auto d1 = static_cast<std::size_t>(type / 2);
        const auto d2 = static_cast<std::size_t>(type % 2);
        EXPECT_EQ(trial.targets[120 * 3 + 1], classes.mean[d1][0]);
        EXPECT_EQ(trial.targets[120 * 3 + 2], classes.mean[d1][1]);
        EXPECT_EQ(trial.targets[270 * 3 + 1], classes.mean[d2][0]);
        EXPECT_EQ(trial.targets[320 * 3], codes[d1 + d2]);
    }
}

TEST(SequentialSum, StimuliAreFreshRowsOfTheRightClass) {
    const auto classes = parse_digits(built_in_digits(), "built-in");
    const auto task = TaskSetup{}.make();
    Trial trial;
    task->training_trial({1, 0}, 0, 1, trial);  // digit 0, then digit 1
    std::set<std::pair<double, double>> seen;
    for (std::size_t t = 0; t < 100; ++t) {
        const Latent u = {trial.inputs[t * 2], trial.inputs[t * 2 + 1]};
        EXPECT_NE(std::find(classes.rows[0].begin(), classes.rows[0].end(), u),
                  classes.rows[0].end());
        seen.insert({u[0], u[1]});
        const Latent v = {trial.inputs[(150 + t) * 2], trial.inputs[(150 + t) * 2 + 1]};
        EXPECT_NE(std::find(classes.rows[1].begin(), classes.rows[1].end(), v),
                  classes.rows[1].end());
    }
    EXPECT_GT(seen.size(), 50u) << "a fresh latent at every step";
}

TEST(SequentialSum, DigitsAreTheCommittedData) {
    const auto classes = parse_digits(built_in_digits(), "built-in");
    EXPECT_EQ(classes.rows[0].size(), 178u);  // counts of the UCI test set
    EXPECT_EQ(classes.rows[1].size(), 182u);
}

TEST(SequentialSum, OrderHasEqualCountsAndIsPermuted) {
    const auto task = TaskSetup{}.make();
    const auto order = task->training_order({1, 0}, 600);
    for (int type = 0; type < 4; ++type) {
        EXPECT_EQ(std::count(order.begin(), order.end(), type), 150);
    }
    EXPECT_NE(order, task->training_order({1, 1}, 600));
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST(SequentialSum, GaussianSource) {
    TaskSetup setup;
    setup.task.source = StimulusSource::gaussians;
    const auto task = setup.make();
    double sum = 0, squares = 0;
    const int trials = 100;
    Trial trial;
    for (int i = 0; i < trials; ++i) {
        task->training_trial({1, 0}, i, 0, trial);
        for (std::size_t t = 0; t < 100; ++t) {
            sum += trial.inputs[t * 2];
            squares += std::pow(trial.inputs[t * 2] + 0.5, 2);
        }
    }
    const double n = 100.0 * trials;
    EXPECT_NEAR(sum / n, -0.5, 5 * 0.4 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 0.16, 5 * 0.16 * std::sqrt(2 / n));
}

/// Half of the trials have sum 1. Codes 0.15 apart have an answer within a tenth of both.
TEST(SequentialSum, ChanceIsThatOfTheBestConstantAnswer) {
    TaskSetup setup;
    EXPECT_EQ(setup.make()->success().chance, 0.5);
    setup.task.codes = {1.0, 1.15, 1.5};
    EXPECT_EQ(setup.make()->success().chance, 0.75);
    setup.task.codes = {1.0, 1.0, 1.0};
    EXPECT_EQ(setup.make()->success().chance, 1.0);
    const auto task = TaskSetup{}.make();
    double right = 0.0;
    for (int type = 0; type < 4; ++type) {
        Trial trial;
        task->training_trial({1, 0}, 0, type, trial);
        right += task->score(trial, std::vector<double>(trial.targets.size(), 0.5));
    }
    EXPECT_EQ(right, 2.0);
}

TEST(SequentialSum, DurationsAreConfigurable) {
    TaskSetup setup;
    setup.task.durations = {2.0, 1.0, 3.0, 1.0, 0.5};
    EXPECT_EQ(setup.make()->shape().steps, 75);
    setup.task.durations.delay1 = 1.05;
    EXPECT_THROW(setup.make(), Error);
}

TEST(SequentialSum, RejectsMirrorClasses) {
    TaskSetup setup;
    setup.task.source = StimulusSource::gaussians;
    setup.task.gaussians.means = {{0.5, 1.0}, {-0.5, -1.0}};
    try {
        setup.make();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("odd"), std::string::npos);
    }
    setup.task.gaussians.means = {{0.0, 0.0}, {0.0, 0.0}};
    EXPECT_THROW(setup.make(), Error);
    setup.task.gaussians.means = {{0.5, 1.0}, {-0.5, -1.001}};
    EXPECT_NO_THROW(setup.make());
}

TEST(PlainForce, ErrorAtEveryStepOfTraining) {
    const auto task = TaskSetup{}.make(ErrorSchedule::everywhere);
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 0, 0}));
    Trial training, test;
    task->training_trial({1, 0}, 0, 3, training);
    task->test_trial({1, 0}, Purpose::acceptance_stimulus, 0, 3, test);
    EXPECT_EQ(std::count(training.mask.begin(), training.mask.end(), 1), 350 * 3);
    EXPECT_EQ(std::count(test.mask.begin(), test.mask.end(), 1), 50 + 4 * 50);
}

TEST(Digits, BadFilesAreNamedByLine) {
    for (const char* text :
         {"digit,u1\n0,1,2\n", "digit,u1,u2\n0,1\n", "digit,u1,u2\n0,1,nan\n",
          "digit,u1,u2\n0,1,2\n", "digit,u1,u2\n0,1,2\n1,x,2\n", "digit,u1,u2\n10,1,2\n", ""}) {
        try {
            parse_digits(text, "d.csv");
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::file);
            EXPECT_EQ(std::string(error.what()).rfind("d.csv:", 0), 0u);
        }
    }
}

TrialList small_list() {
    TrialList list;
    list.shape = {1, 3, 4};
    for (int i = 0; i < 3; ++i) {
        Trial trial;
        trial.type = i == 1 ? 7 : 2;
        trial.inputs = {1.0 * i, 2, 3, 4};
        trial.targets.assign(12, 0.5);
        trial.mask = {0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0};
        list.trials.push_back(trial);
    }
    return list;
}

TEST(FileTask, CyclesTypesGroupsAndEpochs) {
    TaskConfig config;
    config.kind = TaskKind::file;
    config.path = "t.h5";
    const auto task = make_task(config, {}, ErrorSchedule::epochs,
                                [](const std::string&) { return small_list(); });
    EXPECT_EQ(task->types(), (std::vector<int>{2, 7}));
    EXPECT_EQ(task->training_order({1, 0}, 5), (std::vector<int>{2, 7, 2, 2, 7}));
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 1, 0}));
    EXPECT_EQ(task->error_epochs(), (std::vector<StepWindow>{{1, 3}, {3, 4}}));
    EXPECT_TRUE(task->output_names().empty());
    Trial trial;
    EXPECT_EQ(task->memory(trial), std::nullopt);
    task->training_trial({1, 0}, 4, 7, trial);
    EXPECT_EQ(trial.inputs[0], 1.0);
    task->test_trial({1, 0}, Purpose::acceptance_stimulus, 3, 2, trial);
    EXPECT_EQ(trial.inputs[0], 2.0) << "draw 3 of type 2: trials 0 and 2 in turn";
}

TEST(FileTask, MasksThatDifferInOneTrialMakeTwoGroups) {
    TaskConfig config;
    config.kind = TaskKind::file;
    auto list = small_list();
    list.trials[2].mask[0] = 1;
    const auto task =
        make_task(config, {}, ErrorSchedule::epochs, [&](const std::string&) { return list; });
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 1, 2}));
}

/// A file of some kB can hold these, compressed; time must not grow with the square of the outputs.
TEST(FileTask, ManyOutputsWithMasksOfTheirOwn) {
    constexpr int outputs = 1 << 15;
    TrialList list;
    list.shape = {1, outputs, 16};
    Trial& trial = list.trials.emplace_back();
    trial.inputs.assign(16, 0.0);
    trial.targets.assign(16 * std::size_t{outputs}, 0.0);
    for (int step = 0; step < 16; ++step) {
        for (int output = 0; output < outputs; ++output) {
            trial.mask.push_back(step == 15 || (output >> step) % 2 == 1);
        }
    }
    TaskConfig config;
    config.kind = TaskKind::file;
    const auto task =
        make_task(config, {}, ErrorSchedule::epochs, [&](const std::string&) { return list; });
    EXPECT_EQ(task->output_groups().back(), outputs - 1);
}

TEST(FileTask, EmptyAndErrorFreeFilesAreErrors) {
    TaskConfig config;
    config.kind = TaskKind::file;
    auto list = small_list();
    list.trials[0].mask.assign(12, 0);
    EXPECT_THROW(
        make_task(config, {}, ErrorSchedule::epochs, [&](const std::string&) { return list; }),
        Error);
    list.trials.clear();
    EXPECT_THROW(
        make_task(config, {}, ErrorSchedule::epochs, [&](const std::string&) { return list; }),
        Error);
}

}  // namespace
}  // namespace shoal
