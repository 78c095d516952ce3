// SPDX-License-Identifier: MIT
// copy and interval: targets follow from the inputs, and scores count what they should.
#include <algorithm>
#include <set>

#include "test_task_support.hpp"

namespace shoal::test {
namespace {

/// Channel that is 1 at a step; the others must be 0.
std::size_t hot_channel(const std::vector<double>& values, std::size_t width, std::size_t t) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(t * width);
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    EXPECT_EQ(std::count(row, end, 1.0), 1);
    EXPECT_EQ(std::count(row, end, 0.0), static_cast<std::ptrdiff_t>(width) - 1);
    return static_cast<std::size_t>(std::find(row, end, 1.0) - row);
}

TEST(Copy, TargetsRepeatTheSymbolsThatWereShown) {
    for (const double dt : {1.0, 0.25}) {
        const auto slot = static_cast<std::size_t>(1.0 / dt);
        const auto task = drawn_task(TaskKind::copy, dt).make();
        for (int i = 0; i < 50; ++i) {
            const Trial trial = drawn(*task, i);
            for (std::size_t t = 0; t < 17 * slot; ++t) {
                const std::size_t channel = hot_channel(trial.inputs, 6, t);
                if (t < 3 * slot) {
                    EXPECT_LT(channel, 4u);
                    EXPECT_EQ(hot_channel(trial.targets, 5, t + 14 * slot), channel);
                } else {
                    EXPECT_EQ(channel, t / slot == 13 ? 5u : 4u) << "the cue stands in slot 13";
                }
            }
        }
    }
}

TEST(Copy, SymbolsAreUniformAndIndependent) {
    const auto task = drawn_task(TaskKind::copy).make();
    std::vector<int> pairs(16);
    const int trials = 4000;
    for (int i = 0; i < trials; ++i) {
        const Trial trial = drawn(*task, i);
        ++pairs[hot_channel(trial.inputs, 6, 0) * 4 + hot_channel(trial.inputs, 6, 2)];
    }
    for (const int count : pairs) {
        EXPECT_NEAR(count / static_cast<double>(trials), 1.0 / 16, five_errors(1.0 / 16, trials));
    }
}

TEST(Copy, AFixedAnswerScoresAtChance) {
    const auto task = drawn_task(TaskKind::copy).make();
    EXPECT_EQ(task->success().chance, 0.25);
    for (std::size_t o = 0; o < 5; ++o) {
        const double score = mean_score(*task, 2000, [&](const Trial& trial) {
            std::vector<double> z(trial.targets.size());
            for (std::size_t at = o; at < z.size(); at += 5) {
                z[at] = 1.0;
            }
            return z;
        });
        EXPECT_NEAR(score, o < 4 ? 0.25 : 0.0, five_errors(0.25, 2000)) << o;
    }
}

TEST(Copy, OnlyTheEndOfASlotCountsAndATieIsWrong) {
    const auto task = drawn_task(TaskKind::copy, 0.25).make();
    const Trial trial = drawn(*task, 0);
    std::vector<double> z(trial.targets.size(), -3.0);
    for (std::size_t slot = 14; slot < 17; ++slot) {
        const std::size_t row = (4 * slot + 3) * 5;
        z[row + hot_channel(trial.targets, 5, 4 * slot)] = -2.9;
    }
    EXPECT_EQ(task->score(trial, z), 1.0);
    z[(4 * 15 + 3) * 5 + 4] = -2.9;
    EXPECT_EQ(task->score(trial, z), 2.0 / 3);
}

TEST(Interval, TheTargetIsThePulseAfterTheDelay) {
    for (const double dt : {1.0, 0.25}) {
        const auto slot = static_cast<std::size_t>(1.0 / dt);
        const auto task = drawn_task(TaskKind::interval, dt).make();
        std::set<std::size_t> onsets;
        for (int i = 0; i < 400; ++i) {
            const Trial trial = drawn(*task, i);
            const auto pulse = static_cast<std::size_t>(
                std::find(trial.inputs.begin(), trial.inputs.end(), 1.0) - trial.inputs.begin());
            EXPECT_EQ(pulse % slot, 0u);
            onsets.insert(pulse / slot);
            for (std::size_t t = 0; t < trial.inputs.size(); ++t) {
                const bool target = t >= pulse + 10 * slot && t < pulse + 11 * slot;
                EXPECT_EQ(trial.inputs[t], t >= pulse && t < pulse + slot ? 1.0 : 0.0);
                EXPECT_EQ(trial.targets[t], target ? 1.0 : 0.0);
            }
        }
        EXPECT_EQ(onsets.size(), 15u);
        EXPECT_EQ(*onsets.begin(), 5u);
        EXPECT_EQ(*onsets.rbegin(), 19u);
    }
}

TEST(Interval, NoFixedTimeDoesBetterThanChance) {
    for (const double dt : {1.0, 0.5}) {
        const auto task = drawn_task(TaskKind::interval, dt).make();
        const int trials = 1500;
        const double chance = task->success().chance;
        double best = 0.0;
        for (int t = 0; t < task->shape().steps; ++t) {
            const double score = mean_score(*task, trials, [&](const Trial& trial) {
                std::vector<double> z(trial.targets.size());
                z[static_cast<std::size_t>(t)] = 1.0;
                return z;
            });
            best = std::max(best, score);
        }
        EXPECT_NEAR(best, chance, five_errors(chance, trials));
    }
}

TEST(Interval, TwoSlotsEarlyOrLateAreInTime) {
    const auto task = drawn_task(TaskKind::interval, 0.5).make();
    const Trial trial = drawn(*task, 0);
    const auto target =
        std::find(trial.targets.begin(), trial.targets.end(), 1.0) - trial.targets.begin();
    const auto score_at = [&](std::ptrdiff_t late, double height) {
        std::vector<double> z(trial.targets.size(), 0.1);
        z[static_cast<std::size_t>(target + late)] = height;
        return task->score(trial, z);
    };
    EXPECT_EQ(score_at(-5, 1.0), 0.0);
    EXPECT_EQ(score_at(-4, 1.0), 1.0);
    EXPECT_EQ(score_at(5, 1.0), 1.0);
    EXPECT_EQ(score_at(6, 1.0), 0.0);
    EXPECT_EQ(score_at(0, 0.5), 1.0);
    EXPECT_EQ(score_at(0, 0.49), 0.0);
    std::vector<double> z = trial.targets;
    for (const double elsewhere : {0.49, 0.5, std::nan("")}) {
        z[0] = elsewhere;
        EXPECT_EQ(task->score(trial, z), elsewhere == 0.49 ? 1.0 : 0.0) << elsewhere;
    }
    z = trial.targets;
    z[static_cast<std::size_t>(target + 3)] = std::nan("");
    EXPECT_EQ(task->score(trial, z), 0.0);
}

}  // namespace
}  // namespace shoal::test
