// SPDX-License-Identifier: MIT
// The verdict on hand-made errors, and conclusions against a loop written out here.
#include <cmath>

#include "core/numbers.hpp"
#include "test_train_support.hpp"
#include "train/acceptance.hpp"

namespace shoal::test {
namespace {

Acceptance judge_rms(const std::vector<double>& rms) {
    return judge(rms, std::vector<double>(rms.size(), 0.0));
}

TEST(Judge, EveryRunBelowATenthIsAccepted) {
    const Acceptance verdict = judge_rms(std::vector<double>(160, std::nextafter(0.1, 0.0)));

    EXPECT_TRUE(verdict.accepted);
    EXPECT_TRUE(verdict.accepted_lax);
    EXPECT_EQ(verdict.fraction_failed, 0.0);
}

TEST(Judge, ExactlyATenthFails) {
    std::vector<double> rms(160, 0.05);
    rms[77] = 0.1;

    const Acceptance verdict = judge_rms(rms);

    EXPECT_FALSE(verdict.accepted);
    EXPECT_EQ(verdict.fraction_failed, 1.0 / 160);
    EXPECT_TRUE(verdict.accepted_lax);  // not above 0.1
}

TEST(Judge, NanAndInfinityFail) {
    for (const double bad : {nan, infinity}) {
        std::vector<double> rms(160, 0.05);
        rms[0] = bad;
        const Acceptance verdict = judge_rms(rms);
        EXPECT_FALSE(verdict.accepted);
        EXPECT_EQ(verdict.fraction_failed, 1.0 / 160);
        EXPECT_EQ(verdict.median_error, 0.05);
    }
    const Acceptance all = judge(std::vector<double>(4, nan), std::vector<double>(4, nan));
    EXPECT_EQ(all.fraction_failed, 1.0);
    EXPECT_FALSE(all.accepted_lax);
    EXPECT_EQ(all.median_error, infinity);
    EXPECT_EQ(all.authors_fractions, (std::vector<double>{1, 1, 1, 1}));
}

TEST(Judge, LaxRuleAllowsOneInTwenty) {
    std::vector<double> rms(160, 0.05);
    std::fill_n(rms.begin(), 8, 0.2);
    EXPECT_TRUE(judge_rms(rms).accepted_lax);
    EXPECT_FALSE(judge_rms(rms).accepted);
    rms[8] = 0.2;
    EXPECT_FALSE(judge_rms(rms).accepted_lax);
    EXPECT_EQ(judge_rms(rms).fraction_failed, 9.0 / 160);
}

TEST(Judge, MedianOfOddAndEvenCounts) {
    EXPECT_EQ(judge_rms({0.3, 0.1, 0.2}).median_error, 0.2);
    EXPECT_EQ(judge_rms({0.5, 0.25, 1.0, 0.75}).median_error, 0.625);
}

TEST(Judge, AuthorsStatistic) {
    // e = sqrt(sum / 4) of the four runs: 0.0025, 0.0075, 0.075, 1.
    const std::vector<double> sums = {4 * 0.0025 * 0.0025, 4 * 0.0075 * 0.0075, 4 * 0.075 * 0.075,
                                      4.0};

    const Acceptance verdict = judge(std::vector<double>(4, 0.0), sums);

    // Above 0.005, 0.01, 0.05, 0.1.
    EXPECT_EQ(verdict.authors_fractions, (std::vector<double>{0.75, 0.5, 0.5, 0.25}));
}

/// One network by the equations of host/MATHEMATICS.md, A.2, in double.
class PlainNetwork {
  public:
    explicit PlainNetwork(const NetworkModel& model) : m_(model), x_(model.initial_state) {
        const auto n = x_.size();
        matrix_.resize(n * n);
        for (std::size_t to = 0; to < n; ++to) {
            m_.recurrent->row(static_cast<int>(to), std::span(matrix_).subspan(to * n, n));
        }
        read_out();
    }
    void set(const std::vector<double>& x) {
        x_ = x;
        read_out();
    }
    void step(const double* u) {
        const auto n = x_.size();
        std::vector<double> next(n);
        for (std::size_t to = 0; to < n; ++to) {
            double sum = 0.0;
            for (std::size_t from = 0; from < n; ++from) {
                sum += matrix_[to * n + from] * std::tanh(x_[from]);
            }
            double a = m_.gain * sum;
            for (std::size_t o = 0; o < z.size(); ++o) {
                a += m_.feedback[to * z.size() + o] * z[o];
            }
            for (std::size_t i = 0; i < 2; ++i) {
                a += m_.input[to * 2 + i] * u[i];
            }
            next[to] = x_[to] + m_.dt / m_.tau * (a - x_[to]);
        }
        x_ = next;
        read_out();
    }
    const std::vector<double>& state() const { return x_; }
    std::vector<double> z;

  private:
    void read_out() {
        z.assign(static_cast<std::size_t>(m_.outputs), 0.0);
        for (std::size_t o = 0; o < z.size(); ++o) {
            for (std::size_t i = 0; i < x_.size(); ++i) {
                z[o] += m_.readout[o * x_.size() + i] * std::tanh(x_[i]);
            }
        }
    }
    NetworkModel m_;
    std::vector<double> matrix_, x_;
};

TEST(Conclusions, AreTheFirstEndsOfEachTypeWithFrozenWeights) {
    const Config config = config_of(with_sweep("  network.gain: [0.8, 1.2]\n  replicate: 2\n"));
    auto backend = make_backend("reference", {Precision::fp64, 1, 0});
    NetworkFactory factory;
    std::vector<NetworkModel> models;
    std::vector<Candidate> candidates;  // point into models
    const auto task = task_of(config.networks.front());
    models.reserve(config.networks.size());
    for (const NetworkSpec& spec : config.networks) {
        NetworkModel& model = models.emplace_back(factory.make(spec, 2, 3));
        model.readout = draws(spec.replicate, 3 * 8);
        candidates.push_back({&model, task.get(), spec.key()});
    }

    const auto outcomes = test_networks(*backend, candidates);

    // One step's rounding, 20 terms of order one, over 20 trials of 19 steps; the networks contract
    // or are at worst weakly chaotic over so short a time.
    const double tolerance = 1e-16 * 20 * 20 * 19 * 1000;
    double worst = 0.0;
    for (std::size_t k = 0; k < candidates.size(); ++k) {
        const Candidate& c = candidates[k];
        PlainNetwork network(*c.model);
        const auto order = random_permutation(c.key, Purpose::conclusion_order, 20);
        std::vector<std::vector<double>> ends(4);
        Trial trial;
        for (std::uint32_t i = 0; i < 20; ++i) {
            const std::uint32_t type = order[i] % 4;
            task->test_trial(c.key, Purpose::conclusion_stimulus, static_cast<int>(i),
                             task->types()[type], trial);
            for (int t = 0; t < task->shape().steps; ++t) {
                network.step(trial.inputs.data() + 2 * t);
            }
            if (ends[type].empty()) {
                ends[type] = network.state();
            }
        }
        ASSERT_EQ(outcomes[k].conclusions.size(), 4u * 8);
        for (std::size_t i = 0; i < 32; ++i) {
            worst = std::max(worst, std::abs(outcomes[k].conclusions[i] - ends[i / 8][i % 8]));
        }
        // And acceptance: ten stimuli, from each conclusion, each type.
        const StepWindow response = task->error_epochs().back();
        std::vector<double> rms, sums;
        for (std::size_t from = 0; from < 4; ++from) {
            for (int stimulus = 0; stimulus < 10; ++stimulus) {
                for (std::size_t type = 0; type < 4; ++type) {
                    // A stimulus seed: one independent trial of each type.
                    task->test_trial(c.key, Purpose::acceptance_stimulus,
                                     4 * stimulus + static_cast<int>(type), task->types()[type],
                                     trial);
                    network.set(ends[from]);
                    double sum = 0.0;
                    for (int t = 0; t < task->shape().steps; ++t) {
                        network.step(trial.inputs.data() + 2 * t);
                        const double error =
                            network.z[0] - trial.targets[static_cast<std::size_t>(3 * t)];
                        sum += t >= response.begin && t < response.end ? error * error : 0.0;
                    }
                    sums.push_back(sum);
                    rms.push_back(std::sqrt(sum / (response.end - response.begin)));
                }
            }
        }
        const Acceptance expected = judge(rms, sums);
        EXPECT_EQ(outcomes[k].acceptance.fraction_failed, expected.fraction_failed);
        EXPECT_EQ(outcomes[k].acceptance.authors_fractions, expected.authors_fractions);
        EXPECT_NEAR(outcomes[k].acceptance.median_error, expected.median_error, tolerance);
    }
    std::printf("worst difference %g of %g\n", worst, tolerance);
    EXPECT_LT(worst, tolerance);
}

TEST(Conclusions, DivergingRunsFail) {
    const Config config = config_of(with_sweep("  replicate: 1\n"));
    NetworkFactory factory;
    NetworkModel model = factory.make(config.networks.front(), 2, 3);
    model.readout.assign(24, 1e5);  // outputs leave the range at once
    const auto task = task_of(config.networks.front());
    const Candidate candidate{&model, task.get(), {1, 0}};
    for (const char* name : {"reference", "cpu"}) {
        const auto outcome =
            test_networks(*make_backend(name, {Precision::fp32, 1, 0}), std::span(&candidate, 1));
        EXPECT_EQ(outcome[0].acceptance.fraction_failed, 1.0) << name;
        EXPECT_FALSE(outcome[0].acceptance.accepted) << name;
    }
}

}  // namespace
}  // namespace shoal::test
