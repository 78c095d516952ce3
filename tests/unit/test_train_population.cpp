// SPDX-License-Identifier: MIT
// The training loop: interrupted after every trial, checkpoints, networks that diverge.
#include <cmath>

#include "core/file.hpp"
#include "test_train_support.hpp"
#include "train/checkpoint.hpp"

namespace shoal::test {
namespace {

struct Arithmetic {
    const char* backend;
    Precision precision;
};

class Interrupted : public testing::TestWithParam<Arithmetic> {};

/// Networks of two lengths of training, so that some end while others go on.
const char* const ragged = "  training.trials: [3, 6]\n  network.units: [5, 8]\n  replicate: 2\n";

TEST_P(Interrupted, AfterEveryTrial) {
    const Config config = config_of(with_sweep(ragged));
    const Folder whole;
    auto backend = counting(GetParam().backend, GetParam().precision);
    ASSERT_TRUE(train(config, backend, whole));
    ASSERT_EQ(backend.calls, 6);
    const std::size_t trials = 4 * 3 + 4 * 6;
    EXPECT_EQ(backend.trials, trials);
    EXPECT_EQ(backend.wave_sizes, (std::vector<std::size_t>{8, 8, 8, 4, 4, 4}));

    for (int stop = 1; stop <= 6; ++stop) {
        SCOPED_TRACE("stopped after trial " + std::to_string(stop));
        const Folder folder;
        auto first = counting(GetParam().backend, GetParam().precision);
        first.stop_after = stop;
        EXPECT_FALSE(train(config, first, folder));
        EXPECT_EQ(first.calls, stop);
        if (stop == 3) {
            EXPECT_EQ(first.simulations, 0u);  // the first ones to end are tested later
        }
        auto second = counting(GetParam().backend, GetParam().precision);
        EXPECT_TRUE(train(config, second, folder));
        // The checkpoint was used: nothing is done twice.
        EXPECT_EQ(first.trials + second.trials, trials);
        EXPECT_EQ(first.simulations + second.simulations, backend.simulations);
        expect_same_records(config, whole, folder);
    }
}

TEST_P(Interrupted, AgainAndAgainUnderTightMemory) {
    const Config config = config_of(with_sweep(ragged));
    const Folder whole;
    auto backend = counting(GetParam().backend, GetParam().precision);
    ASSERT_TRUE(train(config, backend, whole));
    const std::uint64_t memory = 2 * (backend.force_bytes(8, 3, 2) + backend.recurrent_bytes(8));

    const Folder folder;
    std::size_t trials = 0;
    for (bool done = false; !done;) {
        auto slice = counting(GetParam().backend, GetParam().precision);
        slice.stop_after = 2;
        done = train(config, slice, folder, 30.0, memory);
        trials += slice.trials;
        for (const std::size_t size : slice.wave_sizes) {
            EXPECT_LT(size, 8u);  // memory does hold the wave down
        }
    }
    EXPECT_EQ(trials, backend.trials);
    expect_same_records(config, whole, folder);
}

TEST_P(Interrupted, NeverTakesMoreMemoryThanAllowed) {
    const Config config = config_of(with_sweep(ragged));
    const Folder folder;
    auto backend = counting(GetParam().backend, GetParam().precision);
    backend.stop_after = 1;
    ASSERT_FALSE(train(config, backend, folder));
    const std::uint64_t memory = 2 * (backend.force_bytes(8, 3, 2) + backend.recurrent_bytes(8));

    try {
        train(config, backend, folder, 30.0, memory);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("--max-memory"), std::string::npos);
    }
    EXPECT_EQ(backend.calls, 1);
    EXPECT_TRUE(train(config, backend, folder));  // and nothing is lost
    EXPECT_EQ(backend.trials, 4u * 3 + 4 * 6);
}

INSTANTIATE_TEST_SUITE_P(Backends, Interrupted,
                         testing::Values(Arithmetic{"cpu", Precision::fp32},
                                         Arithmetic{"cpu", Precision::fp64},
                                         Arithmetic{"reference", Precision::fp32}),
                         [](const auto& given) {
                             return std::string(given.param.backend) + "_" +
                                    name_of(given.param.precision);
                         });

TEST(Training, CheckpointsComeInTheWantedInterval) {
    const Config config = config_of(with_sweep("  replicate: 2\n", 5));
    auto backend = counting("reference");
    const Folder rare;
    ASSERT_TRUE(train(config, backend, rare, 1e6));
    EXPECT_FALSE(std::filesystem::exists(rare / "checkpoint/active-000000000000.bin"));
    const Folder often;
    ASSERT_TRUE(train(config, backend, often, 0.0));
    EXPECT_TRUE(std::filesystem::exists(often / "checkpoint/active-000000000000.bin"));
    expect_same_records(config, rare, often);
}

TEST(Training, FinishedNetworksAreNotTrainedAgain) {
    const Config small = config_of(with_sweep("  replicate: 2\n"));
    const Config large = config_of(with_sweep("  replicate: 5\n"));
    const Folder folder;
    auto backend = counting("cpu");
    ASSERT_TRUE(train(small, backend, folder));
    EXPECT_EQ(backend.trials, 2u * 4);
    ASSERT_TRUE(train(large, backend, folder));
    EXPECT_EQ(backend.trials, 5u * 4);
    ASSERT_TRUE(train(large, backend, folder));
    EXPECT_EQ(backend.trials, 5u * 4);
}

TEST(Checkpoint, KeepsEveryBitInBothPrecisions) {
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        const Folder folder;
        std::filesystem::create_directory(folder / "c");
        const auto values = [&](std::uint32_t stream, std::size_t count) {
            return precision == Precision::fp32 ? float_draws(stream, count) : draws(stream, count);
        };
        std::vector<ActiveNetwork> networks;
        for (std::uint32_t i = 0; i < 3; ++i) {
            networks.push_back({"uid" + std::to_string(i), static_cast<int>(i),
                                std::vector<float>(3 * i, 0.5f),
                                ForceState{values(i, 4),
                                           values(10 + i, 12),
                                           values(20 + i, 3),
                                           {values(30 + i, 10), values(40 + i, 10)}}});
        }
        networks.push_back(
            {"gradients", 7, {0.25f}, GradientState{values(50, 9), values(60, 9), values(70, 9)}});
        CheckpointFiles files(folder / "c", precision);
        EXPECT_EQ(files.read([](ActiveNetwork&&) { FAIL() << "nothing was written"; }), "");

        files.write(4, [&](std::size_t i) { return networks[i]; });

        std::size_t next = 0;
        EXPECT_EQ(files.read([&](ActiveNetwork&& found) {
            const ActiveNetwork& expected = networks[next++];
            EXPECT_EQ(found.uid, expected.uid);
            EXPECT_EQ(found.rounds_done, expected.rounds_done);
            EXPECT_EQ(found.curve, expected.curve);
            ASSERT_EQ(found.state.index(), expected.state.index());
            if (const auto* state = std::get_if<ForceState>(&expected.state)) {
                const auto& read = std::get<ForceState>(found.state);
                EXPECT_EQ(read.state, state->state);
                EXPECT_EQ(read.readout, state->readout);
                EXPECT_EQ(read.output, state->output);
                EXPECT_EQ(read.inverse_correlation, state->inverse_correlation);
            } else {
                const auto& read = std::get<GradientState>(found.state);
                const auto& written = std::get<GradientState>(expected.state);
                EXPECT_EQ(read.weights, written.weights);
                EXPECT_EQ(read.first_moment, written.first_moment);
                EXPECT_EQ(read.second_moment, written.second_moment);
            }
        }),
                  "");
        EXPECT_EQ(next, 4u);
    }
}

/// A checkpoint whose checksum fits, of a network that it does not.
TEST(Checkpoint, StatesOfOtherSizesAreFileErrors) {
    using Change = void (*)(ActiveNetwork&);
    const Change changes[] = {
        [](ActiveNetwork& n) { n.rounds_done = -1; },
        [](ActiveNetwork& n) { n.rounds_done = 1'000'000; },
        [](ActiveNetwork& n) { n.curve.pop_back(); },
        [](ActiveNetwork& n) { n.state = GradientState{}; },
        [](ActiveNetwork& n) { std::get<ForceState>(n.state).state.pop_back(); },
        [](ActiveNetwork& n) { std::get<ForceState>(n.state).readout.clear(); },
        [](ActiveNetwork& n) { std::get<ForceState>(n.state).output.resize(1000); },
        [](ActiveNetwork& n) { std::get<ForceState>(n.state).inverse_correlation.pop_back(); },
        [](ActiveNetwork& n) { std::get<ForceState>(n.state).inverse_correlation[0].clear(); },
    };
    const Config config = config_of(with_sweep("  replicate: 1\n"));
    for (const char* name : {"cpu", "reference"}) {
        const Folder folder;
        auto stopped = counting(name);
        stopped.stop_after = 2;
        ASSERT_FALSE(train(config, stopped, folder));
        const CheckpointFiles files(folder / "checkpoint", Precision::fp64);
        std::vector<ActiveNetwork> saved;
        files.read([&](ActiveNetwork&& network) { saved.push_back(std::move(network)); });
        ASSERT_EQ(saved.size(), 1u);
        for (const Change change : changes) {
            ActiveNetwork changed = saved[0];
            change(changed);
            CheckpointFiles(folder / "checkpoint", Precision::fp64).write(1, [&](std::size_t) {
                return changed;
            });

            auto backend = counting(name);
            const std::string message = file_error_of([&] { train(config, backend, folder); });

            EXPECT_NE(message.find("does not fit network " + saved[0].uid), std::string::npos)
                << message;
        }
    }
}

TEST(Checkpoint, ForeignNamesAreLeftAlone) {
    const Folder folder;
    std::filesystem::create_directory(folder / "c");
    for (const char* name :
         {"active-1.bin.tmp-77", "active-x.bin", "active-000000000009.bin.old"}) {
        replace_file(folder / "c" / name, "junk");
    }
    CheckpointFiles files(folder / "c", Precision::fp32);
    EXPECT_EQ(files.read([](ActiveNetwork&&) { FAIL(); }), "");
    for (int i = 0; i < 5; ++i) {
        files.write(0, [](std::size_t) { return ActiveNetwork{}; });
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "c/active-000000000004.bin"));
    EXPECT_TRUE(std::filesystem::exists(folder / "c/active-000000000003.bin"));
    EXPECT_FALSE(std::filesystem::exists(folder / "c/active-000000000002.bin"));
    EXPECT_TRUE(std::filesystem::exists(folder / "c/active-000000000009.bin.old"));
}

/// A gain so large that the first step throws the state far out
/// of range; its neighbours in the wave share its matrix.
const char* const wild = "  network.gain: [0.8, 1000000.0]\n  replicate: 3\n";

TEST(Diverged, KeepsItsRowAndHarmsNobody) {
    const Config all = config_of(with_sweep(wild));
    const Config tame = config_of(with_sweep("  network.gain: [0.8]\n  replicate: 3\n"));
    for (const char* name : {"cpu", "reference"}) {
        for (const Precision precision : {Precision::fp32, Precision::fp64}) {
            SCOPED_TRACE(std::string(name) + " " + name_of(precision));
            auto backend = counting(name, precision);
            const Folder together;
            const Folder apart;
            ASSERT_TRUE(train(all, backend, together));
            ASSERT_TRUE(train(tame, backend, apart));

            expect_same_records(tame, together, apart);
            for (std::size_t i = 3; i < 6; ++i) {
                const TrainedNetwork record = trained(together, all.networks[i].uid);
                EXPECT_EQ(record.status, Status::diverged);
                EXPECT_EQ(record.trials_done, 0);
                EXPECT_EQ(record.diverged_step, 0);  // the first step leaves the range
                EXPECT_FALSE(record.acceptance.accepted);
                EXPECT_EQ(record.acceptance.fraction_failed, 1.0);
                EXPECT_TRUE(record.conclusions.empty());
                EXPECT_TRUE(record.error_curve.empty());
                // Last good: as it was before the trial.
                EXPECT_EQ(record.readout, std::vector<double>(24, 0.0));
                const NetworkModel model = NetworkFactory().make(all.networks[i], 2, 3);
                ASSERT_EQ(record.state.size(), 8u);
                for (std::size_t k = 0; k < 8; ++k) {
                    const double start = model.initial_state[k];
                    EXPECT_EQ(record.state[k], precision == Precision::fp32
                                                   ? static_cast<double>(static_cast<float>(start))
                                                   : start);
                }
            }
        }
    }
}

TEST(Diverged, LaterThanTheFirstTrial) {
    // P starts so large that the readout's first updates overshoot, then feedback carries it off.
    const Config config =
        config_of(with_sweep("  network.feedback_scale: [0.2, 100000.0]\n  replicate: 4\n", 6));
    auto backend = counting("reference", Precision::fp32);
    const Folder folder;
    ASSERT_TRUE(train(config, backend, folder));
    int diverged = 0;
    for (const NetworkSpec& spec : config.networks) {
        const TrainedNetwork record = trained(folder, spec.uid);
        const int steps = task_of(spec)->shape().steps;
        if (record.status != Status::diverged) {
            EXPECT_EQ(record.trials_done, 6);
            continue;
        }
        ++diverged;
        EXPECT_GT(spec.network.feedback_scale, 1.0);
        EXPECT_GE(record.diverged_step, std::int64_t{record.trials_done} * steps);
        EXPECT_LT(record.diverged_step, std::int64_t{record.trials_done + 1} * steps);
        EXPECT_EQ(record.error_curve.size(), 3u * static_cast<std::size_t>(record.trials_done));
        for (const auto* values : {&record.state, &record.readout}) {
            for (const double value : *values) {
                EXPECT_TRUE(std::isfinite(value));
            }
        }
    }
    EXPECT_GT(diverged, 0);
}

}  // namespace
}  // namespace shoal::test
