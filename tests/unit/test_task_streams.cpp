// SPDX-License-Identifier: MIT
// angular-integration, flip-flop and adding: targets follow from the inputs, inputs have the
// statistics that are promised, and scores count what they should.
#include <algorithm>
#include <numbers>
#include <set>

#include "test_task_support.hpp"

namespace shoal::test {
namespace {

TEST(AngularIntegration, TheTargetIsTheIntegral) {
    for (const double dt : {1.0, 0.25}) {
        const auto task = drawn_task(TaskKind::angular_integration, dt).make();
        for (int i = 0; i < 50; ++i) {
            const Trial trial = drawn(*task, i);
            double angle = 0.0;
            for (std::size_t t = 0; t < trial.inputs.size(); ++t) {
                angle += dt * trial.inputs[t];
                // The same sum in the same order: equal up to an ulp of each term.
                EXPECT_NEAR(trial.targets[2 * t], std::cos(angle), 1e-13);
                EXPECT_NEAR(trial.targets[2 * t + 1], std::sin(angle), 1e-13);
            }
        }
    }
}

/// At dt = 0.3 points and steps do not coincide.
TEST(AngularIntegration, VelocityIsTheGaussianProcess) {
    for (const double dt : {1.0, 0.3}) {
        DrawnTask setup = drawn_task(TaskKind::angular_integration, dt);
        setup.task.smoothness = 3.0;
        setup.task.speed = 0.7;
        setup.task.moving_share = 1.0;
        setup.task.duration = 12.0;
        const auto task = setup.make();
        const auto lag = static_cast<std::size_t>(std::lround(3.0 / dt));
        const int trials = 40'000;
        std::vector<double> sums(4);
        double fourth = 0.0;
        const double speed2 = 0.7 * 0.7;
        for (int i = 0; i < trials; ++i) {
            const auto v = drawn(*task, i).inputs;
            const std::size_t from = static_cast<std::size_t>(i) % (v.size() - 2 * lag);
            for (std::size_t k = 0; k < 3; ++k) {
                sums[k] += v[from] * v[from + k * lag] / speed2;
            }
            sums[3] += v[from] / 0.7;
            fourth += std::pow(v[from] / 0.7, 4);
        }
        // One pair per trial, trials independent: the product of two normals of correlation c has
        // variance 1 + c^2; a fourth power has mean 3 and variance 96.
        for (std::size_t k = 0; k < 3; ++k) {
            const double c = std::exp(-0.5 * static_cast<double>(k * k));
            EXPECT_NEAR(sums[k] / trials, c, 5 * std::sqrt((1 + c * c) / trials)) << k;
        }
        EXPECT_NEAR(sums[3] / trials, 0.0, 5 / std::sqrt(trials));
        EXPECT_NEAR(fourth / trials, 3.0, 5 * std::sqrt(96.0 / trials));
    }
}

TEST(AngularIntegration, RestsInWholeStretches) {
    DrawnTask setup = drawn_task(TaskKind::angular_integration, 0.5);
    setup.task.moving_share = 0.3;
    const auto task = setup.make();
    const int trials = 500;
    int moving = 0;
    for (int i = 0; i < trials; ++i) {
        const auto v = drawn(*task, i).inputs;
        for (std::size_t stretch = 0; stretch < 4; ++stretch) {
            const auto begin = v.begin() + static_cast<std::ptrdiff_t>(10 * stretch);
            const auto at_rest = std::count(begin, begin + 10, 0.0);
            EXPECT_TRUE(at_rest == 0 || at_rest == 10);
            moving += at_rest == 0;
        }
    }
    EXPECT_NEAR(moving / (4.0 * trials), 0.3, five_errors(0.3, 4 * trials));
}

TEST(AngularIntegration, ChanceIsWhatTheBestFixedAngleScores) {
    for (const double speed : {0.02, 0.1, 1.0}) {
        DrawnTask setup = drawn_task(TaskKind::angular_integration);
        setup.task.speed = speed;
        const auto task = setup.make();
        const double chance = task->success().chance;
        const int trials = 1000;
        const auto fixed = [&](double angle) {
            return mean_score(*task, trials, [&](const Trial& trial) {
                std::vector<double> z;
                for (std::size_t t = 0; t < trial.inputs.size(); ++t) {
                    z.insert(z.end(), {std::cos(angle), std::sin(angle)});
                }
                return z;
            });
        };
        // Both are means over 1000 trials.
        EXPECT_NEAR(fixed(0.0), chance, std::sqrt(2.0) * five_errors(chance, trials)) << speed;
        for (const double angle : {-2.0, -0.5, 0.5, 2.0}) {
            EXPECT_LT(fixed(angle), chance + std::sqrt(2.0) * five_errors(chance, trials));
        }
    }
}

TEST(AngularIntegration, OnlyTheAngleOfTheOutputsCounts) {
    const auto task = drawn_task(TaskKind::angular_integration).make();
    const Trial trial = drawn(*task, 0);
    const auto turned = [&](double by, double length) {
        std::vector<double> z;
        for (std::size_t t = 0; t < trial.inputs.size(); ++t) {
            const double c = trial.targets[2 * t];
            const double s = trial.targets[2 * t + 1];
            z.push_back(length * (c * std::cos(by) - s * std::sin(by)));
            z.push_back(length * (c * std::sin(by) + s * std::cos(by)));
        }
        return task->score(trial, z);
    };
    const double limit = std::numbers::pi / 8;
    for (const double length : {0.01, 1.0, 100.0}) {
        EXPECT_EQ(turned(limit - 1e-6, length), 1.0);
        EXPECT_EQ(turned(1e-6 - limit, length), 1.0);
        EXPECT_EQ(turned(limit + 1e-6, length), 0.0);
        EXPECT_EQ(turned(-limit - 1e-6, length), 0.0);
        EXPECT_EQ(turned(std::numbers::pi, length), 0.0);
    }
    EXPECT_EQ(turned(0.0, 0.0), 0.0) << "outputs of 0 have no angle";
}

TEST(FlipFlop, OutputsHoldTheSignOfTheLastPulse) {
    for (const double dt : {1.0, 0.25}) {
        const auto slot = static_cast<std::size_t>(1.0 / dt);
        const auto task = drawn_task(TaskKind::flip_flop, dt).make();
        for (int i = 0; i < 100; ++i) {
            const Trial trial = drawn(*task, i);
            bool early = false;
            for (std::size_t o = 0; o < 3; ++o) {
                double held = 0.0;
                for (std::size_t t = 0; t < trial.inputs.size() / 3; ++t) {
                    const double u = trial.inputs[3 * t + o];
                    EXPECT_TRUE(u == 0.0 || u == 1.0 || u == -1.0);
                    EXPECT_EQ(u, trial.inputs[3 * (t - t % slot) + o]) << "pulses fill slots";
                    held = u != 0.0 ? u : held;
                    EXPECT_EQ(trial.targets[3 * t + o], held);
                    EXPECT_EQ(trial.mask[3 * t + o], held != 0.0 ? 1 : 0);
                }
                early = early || trial.inputs[o] != 0.0;
                EXPECT_EQ(trial.inputs[trial.inputs.size() - 3 + o], 0.0);
            }
            EXPECT_TRUE(early) << "some channel has a pulse in the first slot";
        }
    }
}

TEST(FlipFlop, PulsesComeAtTheirRateWithEitherSign) {
    const auto task = drawn_task(TaskKind::flip_flop, 0.5).make();
    const int trials = 500;
    int pulses = 0;
    int positive = 0;
    for (int i = 0; i < trials; ++i) {
        const Trial trial = drawn(*task, i);
        for (std::size_t slot = 1; slot < 19; ++slot) {  // beyond the first, which has a sure one
            for (std::size_t o = 0; o < 3; ++o) {
                pulses += trial.inputs[6 * slot + o] != 0.0;
                positive += trial.inputs[6 * slot + o] > 0.0;
            }
        }
    }
    EXPECT_NEAR(pulses / (54.0 * trials), 0.2, five_errors(0.2, 54 * trials));
    EXPECT_NEAR(positive / static_cast<double>(pulses), 0.5, five_errors(0.5, pulses));
}

TEST(FlipFlop, AFixedAnswerScoresAtChance) {
    const auto task = drawn_task(TaskKind::flip_flop).make();
    EXPECT_EQ(task->success().chance, 0.5);
    for (const double answer : {-1.0, 0.0, 1.0}) {
        const double score = mean_score(*task, 1000, [&](const Trial& trial) {
            return std::vector<double>(trial.targets.size(), answer);
        });
        EXPECT_NEAR(score, answer == 0.0 ? 0.0 : 0.5, five_errors(0.5, 1000));
    }
}

TEST(FlipFlop, AnAnswerHasOneTauAndMayBeHalfOff) {
    const auto task = drawn_task(TaskKind::flip_flop, 0.25).make();
    const auto late = [&](std::size_t steps, double off) {
        return mean_score(*task, 50, [&](const Trial& trial) {
            std::vector<double> z(trial.targets.size());
            for (std::size_t at = 3 * steps; at < z.size(); ++at) {
                z[at] = trial.targets[at - 3 * steps] + off;
            }
            return z;
        });
    };
    EXPECT_EQ(late(4, 0.0), 1.0);
    EXPECT_LT(late(5, 0.0), 1.0);
    EXPECT_EQ(late(0, 0.49), 1.0);
    EXPECT_EQ(late(0, -0.49), 1.0);
    EXPECT_EQ(late(0, 0.51), 0.0);
}

TEST(Adding, TheTargetIsTheSumOfTheMarkedValues) {
    for (const double dt : {1.0, 0.25}) {
        const auto slot = static_cast<std::size_t>(1.0 / dt);
        const auto task = drawn_task(TaskKind::adding, dt).make();
        std::set<std::size_t> first_slots, second_slots;
        for (int i = 0; i < 400; ++i) {
            const Trial trial = drawn(*task, i);
            std::vector<std::size_t> marked;
            double sum = 0.0;
            for (std::size_t t = 0; t < 20 * slot; ++t) {
                const double value = trial.inputs[2 * t];
                const double marker = trial.inputs[2 * t + 1];
                EXPECT_TRUE(value > 0.0 && value < 1.0);
                EXPECT_EQ(value, trial.inputs[2 * (t - t % slot)]) << "values fill slots";
                EXPECT_EQ(marker, trial.inputs[2 * (t - t % slot) + 1]);
                if (marker == 1.0 && t % slot == 0) {
                    marked.push_back(t / slot);
                    sum += value;
                }
                EXPECT_EQ(trial.targets[t], t >= 19 * slot ? sum : 0.0);
            }
            ASSERT_EQ(marked.size(), 2u);
            first_slots.insert(marked[0]);
            second_slots.insert(marked[1]);
        }
        // Nineteen slots before the answer's: 0 ... 8 and 9 ... 18.
        EXPECT_EQ(first_slots.size(), 9u);
        EXPECT_EQ(*first_slots.rbegin(), 8u);
        EXPECT_EQ(second_slots.size(), 10u);
        EXPECT_EQ(*second_slots.begin(), 9u);
        EXPECT_EQ(*second_slots.rbegin(), 18u);
    }
}

TEST(Adding, NoConstantDoesBetterThanChance) {
    const auto task = drawn_task(TaskKind::adding).make();
    const double chance = task->success().chance;
    EXPECT_NEAR(chance, 0.19, 1e-15);
    for (const double answer : {0.5, 0.8, 1.0, 1.2, 1.5}) {
        const double score = mean_score(*task, 4000, [&](const Trial& trial) {
            return std::vector<double>(trial.targets.size(), answer);
        });
        // Density of the sum: min(s, 2 - s); over a window of 0.2 around s.
        const double expected = answer == 1.0 ? 0.19 : 0.2 * std::min(answer, 2.0 - answer);
        EXPECT_NEAR(score, expected, five_errors(expected, 4000)) << answer;
        EXPECT_LE(expected, chance + 1e-15);
    }
}

TEST(Adding, OnlyTheLastStepCounts) {
    const auto task = drawn_task(TaskKind::adding, 0.25).make();
    const Trial trial = drawn(*task, 0);
    std::vector<double> z(trial.targets.size(), 50.0);
    z.back() = trial.targets.back() + 0.099;
    EXPECT_EQ(task->score(trial, z), 1.0);
    z.back() = trial.targets.back() - 0.101;
    EXPECT_EQ(task->score(trial, z), 0.0);
}

/// What a duration has beyond whole slots belongs to the last.
TEST(DrawnTasks, DurationsNeedNotBeWholeSlots) {
    DrawnTask setup = drawn_task(TaskKind::adding, 0.25);
    setup.task.duration = 20.5;
    EXPECT_EQ(setup.make()->error_epochs(), (std::vector<StepWindow>{{76, 82}}));
    setup.task.kind = TaskKind::flip_flop;
    const auto task = setup.make();
    for (int i = 0; i < 50; ++i) {
        const Trial trial = drawn(*task, i);
        EXPECT_TRUE(std::all_of(trial.inputs.end() - 3 * 6, trial.inputs.end(),
                                [](double u) { return u == 0.0; }));
    }
}

TEST(DrawnTasks, ShortTrialsAndCrowdedPulsesAreUsageErrors) {
    DrawnTask wrong = drawn_task(TaskKind::flip_flop, 0.5);
    wrong.task.duration = 1.5;
    EXPECT_NE(usage_message(wrong).find("shorter than two tau"), std::string::npos);
    wrong = drawn_task(TaskKind::flip_flop);
    wrong.task.pulse_rate = 1.1;
    EXPECT_NE(usage_message(wrong).find("task.pulse_rate: 1.1"), std::string::npos);
    wrong = drawn_task(TaskKind::adding);
    wrong.task.duration = 2.0;
    EXPECT_NE(usage_message(wrong).find("shorter than three tau"), std::string::npos);
    wrong.task.duration = 3.0;
    EXPECT_EQ(wrong.make()->shape().steps, 3);
    wrong = drawn_task(TaskKind::angular_integration);
    wrong.task.smoothness = 0.5;
    EXPECT_NE(usage_message(wrong).find("task.smoothness: 0.5"), std::string::npos);
}

}  // namespace
}  // namespace shoal::test
