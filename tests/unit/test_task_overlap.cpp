// SPDX-License-Identifier: MIT
// Whether readout groups may have an error at the same step: what decides how a network can learn.
#include <gtest/gtest.h>

#include "backend/readout_groups.hpp"
#include "task/file_task.hpp"

namespace shoal {
namespace {

/// A task of trials with these masks, [trial][time * output].
std::shared_ptr<const Task> with_masks(int outputs, std::vector<std::vector<std::uint8_t>> masks) {
    TrialList list;
    list.shape = {1, outputs, static_cast<int>(masks.front().size()) / outputs};
    for (auto& mask : masks) {
        Trial trial;
        trial.inputs.assign(static_cast<std::size_t>(list.shape.steps), 0.0);
        trial.targets.assign(mask.size(), 0.0);
        trial.mask = std::move(mask);
        list.trials.push_back(std::move(trial));
    }
    return make_file_task(std::move(list), "trials.h5");
}

TEST(GroupsOverlap, OneGroupHasNoOther) {
    const auto task = with_masks(2, {{1, 1, 0, 0, 1, 1}, {0, 0, 1, 1, 0, 0}});
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 0}));
    EXPECT_FALSE(task->groups_overlap());
}

TEST(GroupsOverlap, GroupsThatTakeTurnsDoNot) {
    const auto task = with_masks(3, {{1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1}});
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 1, 1}));
    EXPECT_FALSE(task->groups_overlap());
    EXPECT_FALSE(force_rule(1.0, *task).groups_overlap);
}

TEST(GroupsOverlap, OneStepOfOneTrialIsEnough) {
    const auto task = with_masks(3, {{1, 0, 0, 0, 1, 1, 1, 0, 0}, {0, 1, 1, 1, 0, 0, 1, 1, 1}});
    EXPECT_EQ(task->output_groups(), (std::vector<int>{0, 1, 1}));
    EXPECT_TRUE(task->groups_overlap());
    EXPECT_TRUE(force_rule(1.0, *task).groups_overlap);
}

TEST(GroupsOverlap, AnErrorOfOneOutputWithinAnothersEpoch) {
    EXPECT_TRUE(with_masks(2, {{1, 0, 1, 1, 1, 0}})->groups_overlap());
    EXPECT_TRUE(with_masks(2, {{0, 1, 1, 1, 0, 1}})->groups_overlap());
}

TEST(GroupsOverlap, SequentialSumWithErrorsInEpochsAndEverywhere) {
    const auto epochs = make_task({}, {}, ErrorSchedule::epochs);
    EXPECT_EQ(epochs->output_groups(), (std::vector<int>{0, 1, 1}));
    EXPECT_FALSE(epochs->groups_overlap());
    const auto everywhere = make_task({}, {}, ErrorSchedule::everywhere);
    EXPECT_EQ(everywhere->output_groups(), (std::vector<int>{0, 0, 0}));
    EXPECT_FALSE(everywhere->groups_overlap());
}

/// Where errors are everywhere, all outputs are one group, whatever the file's masks say.
TEST(GroupsOverlap, FileWithErrorsEverywhere) {
    TaskConfig config;
    config.kind = TaskKind::file;
    const auto loader = [](const std::string&) {
        TrialList list;
        list.shape = {1, 2, 2};
        list.trials.push_back({0, {0.0, 0.0}, {1.0, 0.0, 1.0, 1.0}, {1, 0, 1, 1}});
        return list;
    };
    EXPECT_TRUE(make_task(config, {}, ErrorSchedule::epochs, loader)->groups_overlap());
    const auto everywhere = make_task(config, {}, ErrorSchedule::everywhere, loader);
    EXPECT_EQ(everywhere->output_groups(), (std::vector<int>{0, 0}));
    EXPECT_FALSE(everywhere->groups_overlap());
}

}  // namespace
}  // namespace shoal
