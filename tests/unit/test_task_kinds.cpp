// SPDX-License-Identifier: MIT
// What holds for every task whose trials are drawn afresh: copy, interval, angular-integration,
// flip-flop, adding.
#include <algorithm>
#include <set>

#include "core/numbers.hpp"
#include "test_task_support.hpp"

namespace shoal::test {
namespace {

struct Kind {
    TaskKind kind;
    double dt;
    TaskShape shape;
    StepWindow epoch;
};

std::string kind_name(const testing::TestParamInfo<Kind>& info) {
    std::string name = name_of(info.param.kind);
    std::erase(name, '-');
    return name + (info.param.dt < 1.0 ? "FineSteps" : "");
}

class EveryKind : public testing::TestWithParam<Kind> {
  protected:
    DrawnTask setup() const { return drawn_task(GetParam().kind, GetParam().dt); }
    std::shared_ptr<const Task> task_ = setup().make();
};

// Slots of copy: 3 symbols, delay 10, cue, 3 symbols; of interval: 20 + delay 10 + 5.
INSTANTIATE_TEST_SUITE_P(
    Tasks, EveryKind,
    testing::Values(Kind{TaskKind::copy, 1.0, {6, 5, 17}, {14, 17}},
                    Kind{TaskKind::copy, 0.25, {6, 5, 68}, {56, 68}},
                    Kind{TaskKind::interval, 1.0, {1, 1, 35}, {0, 35}},
                    Kind{TaskKind::interval, 0.25, {1, 1, 140}, {0, 140}},
                    Kind{TaskKind::angular_integration, 1.0, {1, 2, 20}, {0, 20}},
                    Kind{TaskKind::angular_integration, 0.25, {1, 2, 80}, {0, 80}},
                    Kind{TaskKind::flip_flop, 1.0, {3, 3, 20}, {0, 20}},
                    Kind{TaskKind::flip_flop, 0.25, {3, 3, 80}, {0, 80}},
                    Kind{TaskKind::adding, 1.0, {2, 1, 20}, {19, 20}},
                    Kind{TaskKind::adding, 0.25, {2, 1, 80}, {76, 80}}),
    kind_name);

TEST_P(EveryKind, ShapeTypesAndOrder) {
    EXPECT_EQ(task_->shape(), GetParam().shape);
    EXPECT_EQ(task_->types(), std::vector<int>{0});
    EXPECT_EQ(task_->training_order(task_key, 5), std::vector<int>(5, 0));
    EXPECT_EQ(task_->recipe(), nullptr);
    EXPECT_TRUE(task_->output_names().empty());
    EXPECT_EQ(task_->targets_are_classes(), GetParam().kind == TaskKind::copy);
    EXPECT_THROW(
        {
            Trial trial;
            task_->training_trial(task_key, 0, 1, trial);
        },
        std::logic_error);
}

/// Over 200 trials: errors where the epoch says, groups that share their masks, targets of 0 where
/// there is no error, and classes where they are promised.
TEST_P(EveryKind, MasksEpochsGroupsAndClasses) {
    const auto outputs = static_cast<std::size_t>(task_->shape().outputs);
    const auto steps = static_cast<std::size_t>(task_->shape().steps);
    const auto groups = task_->output_groups();
    ASSERT_EQ(groups.size(), outputs);
    std::set<std::size_t> steps_with_error;
    std::set<int> differing_groups = {0};
    bool overlap = false;
    for (int i = 0; i < 200; ++i) {
        const Trial trial = drawn(*task_, i);
        ASSERT_EQ(trial.type, 0);
        ASSERT_EQ(trial.targets.size(), steps * outputs);
        ASSERT_EQ(trial.mask.size(), steps * outputs);
        EXPECT_NE(std::count(trial.mask.begin(), trial.mask.end(), 1), 0);
        for (std::size_t t = 0; t < steps; ++t) {
            double sum = 0.0;
            std::set<int> here;
            for (std::size_t o = 0; o < outputs; ++o) {
                const std::size_t at = t * outputs + o;
                sum += trial.targets[at];
                if (trial.mask[at] != 0) {
                    steps_with_error.insert(t);
                    here.insert(groups[o]);
                } else {
                    EXPECT_EQ(trial.targets[at], 0.0);
                }
                for (std::size_t b = 0; b < o; ++b) {
                    const bool equal = trial.mask[at] == trial.mask[t * outputs + b];
                    EXPECT_TRUE(equal || groups[o] != groups[b]);
                    if (!equal) {
                        differing_groups.insert(std::max(groups[o], groups[b]));
                    }
                }
                if (task_->targets_are_classes()) {
                    EXPECT_TRUE(trial.targets[at] == 0.0 || trial.targets[at] == 1.0);
                }
            }
            overlap = overlap || here.size() > 1;
            if (task_->targets_are_classes() && !here.empty()) {
                EXPECT_EQ(sum, 1.0);
            }
        }
    }
    EXPECT_EQ(task_->error_epochs(), std::vector<StepWindow>{GetParam().epoch});
    EXPECT_EQ(steps_with_error.size(),
              static_cast<std::size_t>(GetParam().epoch.end - GetParam().epoch.begin));
    EXPECT_EQ(static_cast<int>(*steps_with_error.begin()), GetParam().epoch.begin);
    EXPECT_EQ(differing_groups, std::set<int>(groups.begin(), groups.end()));
    EXPECT_EQ(task_->groups_overlap(), overlap);
}

TEST_P(EveryKind, TheSameDrawHasTheSameBitsAndNoOtherHas) {
    DrawnTask noisy = setup();
    noisy.task.noise = 0.1;
    for (const DrawnTask& made : {setup(), noisy}) {
        const auto task = made.make();
        const Trial trial = drawn(*task, 4);
        drawn(*task, 5);
        const Trial again = drawn(*made.make(), 4);
        EXPECT_EQ(trial.inputs, again.inputs);
        EXPECT_EQ(trial.targets, again.targets);
        EXPECT_EQ(trial.mask, again.mask);
        Trial training;
        task->training_trial(task_key, 4, 0, training);
        EXPECT_EQ(training.inputs, drawn(*task, 4, task_key, Purpose::training_stimulus).inputs);
        // Draws that differ in one thing each: few choices (15 pulses) repeat in some trials, not
        // in all twenty.
        for (const auto& [key, purpose, shift] :
             {std::tuple{RandomKey{8, 3}, test_purpose, 0},
              std::tuple{RandomKey{7, 4}, test_purpose, 0},
              std::tuple{task_key, Purpose::training_stimulus, 0},
              std::tuple{task_key, Purpose::conclusion_stimulus, 0},
              std::tuple{task_key, test_purpose, 1}}) {
            int equal = 0;
            for (int i = 0; i < 20; ++i) {
                equal += drawn(*task, i).inputs == drawn(*task, i + shift, key, purpose).inputs;
            }
            // Twenty trials, each equal with probability at most 1/15: nine or more with
            // probability below C(20, 9) 15^-9 = 5e-6.
            EXPECT_LT(equal, 9);
        }
    }
}

TEST_P(EveryKind, NoiseIsOnEveryInputAndNowhereElse) {
    DrawnTask noisy = setup();
    noisy.task.noise = 0.3;
    const auto task = noisy.make();
    const auto inputs = static_cast<std::size_t>(task_->shape().inputs);
    std::vector<double> squares(inputs);
    std::vector<double> sums(inputs);
    double neighbours = 0.0;  // products of channels beside each other, or steps
    double previous = 0.0;
    double count = 0.0;
    for (int i = 0; i < 100; ++i) {
        const Trial clean = drawn(*task_, i);
        const Trial trial = drawn(*task, i);
        EXPECT_EQ(trial.targets, clean.targets);
        EXPECT_EQ(trial.mask, clean.mask);
        for (std::size_t at = 0; at < trial.inputs.size(); ++at) {
            const double difference = trial.inputs[at] - clean.inputs[at];
            sums[at % inputs] += difference;
            squares[at % inputs] += difference * difference;
            neighbours += difference * previous;
            previous = difference;
        }
        count += task_->shape().steps;
    }
    const double values = count * static_cast<double>(inputs);
    EXPECT_NEAR(neighbours / values, 0.0, 5 * 0.09 / std::sqrt(values));
    for (std::size_t i = 0; i < inputs; ++i) {
        EXPECT_NEAR(sums[i] / count, 0.0, 5 * 0.3 / std::sqrt(count));
        EXPECT_NEAR(squares[i] / count, 0.09, 5 * 0.09 * std::sqrt(2.0 / count));
    }
}

TEST_P(EveryKind, ThePerfectAnswerScoresOneAndNoNumberScoresNothing) {
    const SuccessRule rule = task_->success();
    EXPECT_NE(std::string(rule.decision), "");
    EXPECT_LT(rule.chance, rule.solved);
    EXPECT_LT(rule.solved, 1.0);
    EXPECT_EQ(mean_score(*task_, 50, [](const Trial& trial) { return trial.targets; }), 1.0);
    EXPECT_EQ(mean_score(*task_, 50,
                         [&](const Trial& trial) {
                             return std::vector<double>(trial.targets.size(), nan);
                         }),
              0.0);
}

TEST_P(EveryKind, PlainForceHasErrorsEverywhere) {
    const auto task = setup().make(ErrorSchedule::everywhere);
    Trial trial;
    task->training_trial(task_key, 0, 0, trial);
    EXPECT_EQ(std::count(trial.mask.begin(), trial.mask.end(), 0), 0);
    EXPECT_EQ(task->success().chance, task_->success().chance);
    EXPECT_FALSE(task->groups_overlap());
}

TEST(DrawnTasks, TimesThatAreNoWholeStepsAreUsageErrors) {
    for (const TaskKind kind : {TaskKind::copy, TaskKind::interval}) {
        DrawnTask wrong = drawn_task(kind, 0.25);
        wrong.task.delay = 10.1;
        EXPECT_NE(usage_message(wrong).find("task.delay: 10.1"), std::string::npos);
        wrong.task.delay = 1e7;
        EXPECT_NE(usage_message(wrong).find("10 million"), std::string::npos);
    }
    for (const TaskKind kind :
         {TaskKind::angular_integration, TaskKind::flip_flop, TaskKind::adding}) {
        DrawnTask wrong = drawn_task(kind, 0.25);
        wrong.task.duration = 20.1;
        EXPECT_NE(usage_message(wrong).find("task.duration: 20.1"), std::string::npos);
        wrong.task.duration = 1e7;
        EXPECT_NE(usage_message(wrong).find("10 million"), std::string::npos);
    }
}

TEST(DrawnTasks, LongPartsAndLongTau) {
    DrawnTask wrong = drawn_task(TaskKind::copy);
    wrong.task.length = 10'000;
    wrong.network.dt = 0.001;
    EXPECT_NE(usage_message(wrong).find("a trial of copy has 20011000 steps"), std::string::npos);
    wrong.network.tau = 1e9;
    EXPECT_NE(usage_message(wrong).find("network.tau"), std::string::npos);
    wrong = drawn_task(TaskKind::interval, 0.1);
    wrong.task.delay = 999'999;
    EXPECT_NE(usage_message(wrong).find("a trial of interval has 10000240 steps"),
              std::string::npos);
}

}  // namespace
}  // namespace shoal::test
