// SPDX-License-Identifier: MIT
// Gradient training of populations: interrupted after every iteration, alone and in company, early
// ends, divergence, and what is kept of it.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "store/population_file.hpp"
#include "test_train_support.hpp"
#include "train/early_stop.hpp"
#include "train/forecast.hpp"

namespace shoal::test {
namespace {

Config gradient_config(const std::string& training, const std::string& sweep,
                       const std::string& network = ", cell: rate, gain: 1.0") {
    return config_of(
        "network: {units: 6, dt: 0.5" + network +
        "}\n"
        "task:\n"
        "  source: gaussians\n"
        "  durations: {stimulus1: 1, delay1: 1, stimulus2: 1, delay2: 1, response: 1}\n"
        "training: {method: bptt, batch: 4" +
        training + "}\nsweep:\n" + sweep);
}

/// Two sizes and two lengths of training, noise and all parts, so that nothing may be forgotten.
const char* const ragged_sizes =
    "  training.iterations: [3, 6]\n  network.units: [5, 8]\n  replicate: 2\n";
const char* const all_parts =
    ", noise: 0.1, clip: 0.5, train: [recurrent, input, readout, bias, initial_state]";

struct GradientArithmetic {
    const char* backend;
    Precision precision;
};

class GradientRuns : public testing::TestWithParam<GradientArithmetic> {
  protected:
    static CountingBackend backend() { return counting(GetParam().backend, GetParam().precision); }
};

TEST_P(GradientRuns, InterruptedAfterEveryIteration) {
    const Config config = gradient_config(all_parts, ragged_sizes);
    const Folder whole;
    auto uninterrupted = backend();
    ASSERT_TRUE(train(config, uninterrupted, whole));
    EXPECT_EQ(uninterrupted.wave_sizes, (std::vector<std::size_t>{8, 8, 8, 4, 4, 4}));

    for (int stop = 1; stop <= 6; ++stop) {
        SCOPED_TRACE("stopped after iteration " + std::to_string(stop));
        const Folder folder;
        auto first = backend();
        first.stop_after = stop;
        EXPECT_FALSE(train(config, first, folder));
        auto second = backend();
        EXPECT_TRUE(train(config, second, folder));
        EXPECT_EQ(first.trials + second.trials, uninterrupted.trials) << "nothing is done twice";
        expect_same_records(config, whole, folder);
    }
}

TEST_P(GradientRuns, AloneOrInCompany) {
    const Config config = gradient_config(", rank: 2, optimizer: sgd, momentum: 0.5", ragged_sizes);
    const Folder together;
    auto crowd = backend();
    ASSERT_TRUE(train(config, crowd, together));
    const Folder apart;
    for (const NetworkSpec& spec : config.networks) {
        Config one = config;
        one.networks = {spec};
        auto single = backend();
        ASSERT_TRUE(train(one, single, apart));
    }
    expect_same_records(config, together, apart);
}

INSTANTIATE_TEST_SUITE_P(Backends, GradientRuns,
                         testing::Values(GradientArithmetic{"cpu", Precision::fp32},
                                         GradientArithmetic{"cpu", Precision::fp64},
                                         GradientArithmetic{"reference", Precision::fp32},
                                         GradientArithmetic{"reference", Precision::fp64}),
                         [](const auto& given) {
                             return std::string(given.param.backend) + "_" +
                                    name_of(given.param.precision);
                         });

TEST(GradientTraining, LearnsAndKeepsWhatItLearned) {
    const Config config =
        gradient_config(", iterations: 300, learning_rate: 0.01", "  replicate: 2\n");
    const Folder folder;
    auto backend = counting("reference");
    ASSERT_TRUE(train(config, backend, folder));
    for (const NetworkSpec& spec : config.networks) {
        const TrainedNetwork record = trained(folder, spec.uid);
        EXPECT_EQ(record.status, Status::trained);
        ASSERT_EQ(record.trials_done, 300);
        ASSERT_EQ(record.loss_curve.size(), 300u);
        const auto mean = [&](std::ptrdiff_t from) {
            return std::accumulate(record.loss_curve.begin() + from,
                                   record.loss_curve.begin() + from + 20, 0.0) /
                   20.0;
        };
        EXPECT_LT(mean(280), 0.3 * mean(0));
        // What is kept is the network of the last iteration: its loss on a batch is as low.
        const auto task = task_of(spec);
        NetworkModel model = NetworkFactory().make(spec, 2, 3);
        set_weights(model, record.weights);
        EXPECT_EQ(record.readout, model.readout);
        const auto session = backend.gradient_session();
        const TrialBatch batch =
            training_batch(*task, spec.key(), task->training_order(spec.key(), 64), 0, 64);
        std::vector<double> gradient;
        GradientRule rule = gradient_rule(spec, *task);
        rule.shape.batch = 64;
        const int handle = session->add(model, rule, nullptr);
        EXPECT_LT(session->gradient({handle, &batch, 0}, gradient).loss, 0.3 * mean(0));
    }
}

TEST(GradientTraining, NoIterationsKeepTheInitialWeights) {
    const Config config = gradient_config(", iterations: 0", "  replicate: 2\n");
    const Folder folder;
    auto backend = counting("cpu");
    ASSERT_TRUE(train(config, backend, folder));
    EXPECT_EQ(backend.calls, 0);
    for (const NetworkSpec& spec : config.networks) {
        const TrainedNetwork record = trained(folder, spec.uid);
        EXPECT_EQ(record.status, Status::trained);
        const auto task = task_of(spec);
        const GradientRule rule = gradient_rule(spec, *task);
        EXPECT_EQ(record.weights, initial_weights(NetworkFactory().make(spec, 2, 3), rule));
        EXPECT_TRUE(record.loss_curve.empty());
        EXPECT_EQ(record.conclusions.size(), 4u * 6);
    }
}

TEST(GradientTraining, DivergedNetworksKeepTheirLastGoodWeightsAndHarmNobody) {
    const std::string sweep = "  training.learning_rate: [0.001, 1.0e+6]\n  replicate: 2\n";
    const Config config =
        gradient_config(", iterations: 20, optimizer: sgd", sweep, ", cell: current");
    Config healthy = config;
    std::erase_if(healthy.networks,
                  [](const NetworkSpec& s) { return s.training.learning_rate > 1.0; });
    const Folder mixed;
    const Folder pure;
    auto backend = counting("cpu", Precision::fp32);
    ASSERT_TRUE(train(config, backend, mixed));
    ASSERT_TRUE(train(healthy, backend, pure));
    expect_same_records(healthy, mixed, pure);
    for (const NetworkSpec& spec : config.networks) {
        const TrainedNetwork record = trained(mixed, spec.uid);
        if (spec.training.learning_rate < 1.0) {
            EXPECT_EQ(record.status, Status::trained);
            continue;
        }
        EXPECT_EQ(record.status, Status::diverged);
        EXPECT_EQ(record.diverged_step, record.trials_done);
        EXPECT_LT(record.trials_done, 20);
        EXPECT_EQ(record.loss_curve.size(), static_cast<std::size_t>(record.trials_done));
        EXPECT_TRUE(std::all_of(record.weights.begin(), record.weights.end(),
                                [](double w) { return std::isfinite(w); }));
    }
}

TEST(GradientTraining, EndsEarlyAtItsTargetAndItsSlotIsTaken) {
    const Config config = gradient_config(", iterations: 400, learning_rate: 0.01",
                                          "  training.target_loss: [0, 0.3]\n  replicate: 2\n");
    const Folder folder;
    auto backend = counting("reference");
    ASSERT_TRUE(train(config, backend, folder));
    for (const NetworkSpec& spec : config.networks) {
        const TrainedNetwork record = trained(folder, spec.uid);
        if (spec.training.target_loss == 0.0) {
            EXPECT_EQ(record.trials_done, 400);
            continue;
        }
        ASSERT_LT(record.trials_done, 400);
        const auto mean_before = [&](int end) {
            return std::accumulate(record.loss_curve.begin() + end - EarlyStopping::window,
                                   record.loss_curve.begin() + end, 0.0) /
                   EarlyStopping::window;
        };
        EXPECT_LT(mean_before(record.trials_done), 0.3);
        EXPECT_GE(mean_before(record.trials_done - 1), 0.3) << "not an iteration later";
    }
}

TEST(EarlyStopping, EndsWithoutProgress) {
    TrainingConfig training;
    training.patience = 5;
    EarlyStopping falling;
    EarlyStopping flat;
    for (int k = 0; k < 200; ++k) {
        EXPECT_FALSE(falling.observe(training, std::pow(0.99f, static_cast<float>(k))));
    }
    int ended = 0;
    while (!flat.observe(training, 1.0f)) {
        ++ended;
    }
    EXPECT_EQ(ended + 1, EarlyStopping::window + training.patience);
}

TEST(GradientTraining, MemoryHoldsTheWaveDown) {
    const Config config = gradient_config(", iterations: 2", "  replicate: 5\n");
    auto backend = counting("cpu", Precision::fp32);
    const GradientShape shape =
        gradient_rule(config.networks[0], *task_of(config.networks[0])).shape;
    ASSERT_GT(backend.gradient_bytes(shape), 0u);
    const std::uint64_t memory =
        backend.gradient_scratch_bytes(shape) + 2 * backend.gradient_bytes(shape);
    const Folder folder;
    ASSERT_TRUE(train(config, backend, folder, 30.0, memory));
    EXPECT_EQ(*std::max_element(backend.wave_sizes.begin(), backend.wave_sizes.end()), 2u);
    const Folder whole;
    ASSERT_TRUE(train(config, backend, whole));
    expect_same_records(config, whole, folder);
    EXPECT_THROW(train(config, backend, Folder(), 30.0, memory / 100), Error);
}

TEST(GradientTraining, ForecastCountsIterationsAndWeights) {
    const Config config = gradient_config(", iterations: 10", "  replicate: 3\n");
    auto backend = counting("cpu", Precision::fp32);
    const Forecast forecast = forecast_run(config, backend, 0, true);
    EXPECT_EQ(forecast.network_steps, 3.0 * 10 * 4 * 10);  // iterations, trials, steps
    EXPECT_GT(forecast.training_seconds, 0.0);
    EXPECT_GT(forecast.checkpoint_bytes, 3u * 3 * 4 * (6 * 6 + 6 * 2 + 6 + 6 * 3 + 6) - 1);
}

TEST(GradientTraining, ThePopulationFileHoldsTheTrainedNetworks) {
    const Config config = gradient_config(std::string(", iterations: 5") + all_parts,
                                          "  replicate: 3\n", ", cell: rate, gain: 1.5");
    const Folder folder;
    auto backend = counting("cpu", Precision::fp32);
    ASSERT_TRUE(train(config, backend, folder));
    write_population(folder / "population.h5", config, Precision::fp32,
                     [&](const NetworkSpec& spec) -> std::optional<TrainedNetwork> {
                         if (spec.replicate == 2) {
                             return std::nullopt;
                         }
                         return trained(folder, spec.uid);
                     });
    const PopulationFile file(folder / "population.h5");
    for (const NetworkSpec& spec : config.networks) {
        if (spec.replicate == 2) {
            EXPECT_EQ(file.network(spec.uid).status, Status::pending);
            continue;
        }
        const TrainedNetwork expected = trained(folder, spec.uid);
        const TrainedNetwork found = file.network(spec.uid);
        EXPECT_EQ(found.loss_curve, expected.loss_curve);
        EXPECT_EQ(found.trials_done, 5);
        EXPECT_EQ(found.conclusions, expected.conclusions);
        const NetworkModel model = file.model(spec.uid);
        EXPECT_EQ(model.gain, 1.0);
        const GradientRule rule = gradient_rule(spec, *task_of(spec));
        EXPECT_EQ(initial_weights(model, rule), expected.weights);
    }
}

}  // namespace
}  // namespace shoal::test
