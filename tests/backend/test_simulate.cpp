// SPDX-License-Identifier: MIT
// Simulation with frozen weights: batches, records, agreement with the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"
#include "populations.hpp"

namespace shoal {
namespace {

struct Batch {
    TestNetwork network;
    std::vector<Trial> trials;
    SimulationRequest request;
};

/// `conditions` starts, driven by the trial types in turn; every third one has no input.
Batch make_batch(NetworkFactory& factory, int units, int conditions, Cell cell) {
    Batch batch{make_network(factory, units, 2, 1.1, cell), {}, {}};
    for (std::size_t i = 0; i < batch.network.model.readout.size(); ++i) {
        batch.network.model.readout[i] =
            0.05 * standard_normal(
                       random_bits({8, 0}, Purpose::test, 0, 0, static_cast<std::uint32_t>(i)));
    }
    batch.trials.resize(4);
    for (int type = 0; type < 4; ++type) {
        batch.network.task->test_trial({1, 0}, Purpose::test, type, type,
                                       batch.trials[static_cast<std::size_t>(type)]);
    }
    batch.request.steps = 70;
    batch.request.outputs_from = 60;
    batch.request.states_at = {0, 10, 70};
    batch.request.mean_rates = {{0, 70}, {20, 30}};
    for (int c = 0; c < conditions; ++c) {
        for (int i = 0; i < units; ++i) {
            batch.request.initial_states.push_back(
                0.5 * standard_normal(random_bits({9, static_cast<std::uint32_t>(c)}, Purpose::test,
                                                  0, 0, static_cast<std::uint32_t>(i))));
        }
        batch.request.inputs.push_back(
            c % 3 == 2 ? nullptr : batch.trials[static_cast<std::size_t>(c % 4)].inputs.data());
    }
    return batch;
}

TEST(Simulate, CpuAgreesWithTheReference) {
    NetworkFactory factory;
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    for (const int units : {1, 31, 33, 100, 200}) {
        for (const Cell cell : all_values<Cell>) {
            Batch batch = make_batch(factory, units, 7, cell);
            batch.request.network = &batch.network.model;
            batch.request.constant_input = {0.3, -0.4};
            const auto want = exact->simulate({&batch.request, 1}).front();
            for (const Precision precision : {Precision::fp32, Precision::fp64}) {
                const auto tested = make_backend("cpu", {precision, 1, 0});
                const auto got = tested->simulate({&batch.request, 1}).front();
                // 7 tau: see the bound of the training test.
                const double bound = 1e4 * (precision == Precision::fp32 ? 0x1p-23 : 0x1p-52);
                EXPECT_LE(distance(got.outputs, want.outputs), bound);
                EXPECT_LE(distance(got.states, want.states), bound);
                EXPECT_LE(distance(got.mean_rates, want.mean_rates), bound);
                EXPECT_LE(distance(got.final_states, want.final_states), bound);
                EXPECT_EQ(got.diverged_at, want.diverged_at);
            }
        }
    }
}

class SimulateBatches : public ::testing::TestWithParam<const char*> {};

TEST_P(SimulateBatches, OfAnySizeGiveTheSameBits) {
    NetworkFactory factory;
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        const auto backend = make_backend(GetParam(), {precision, 3, 0});
        const Batch one = make_batch(factory, 33, 1, Cell::current);
        const auto size = [&](int conditions) {
            Batch batch = make_batch(factory, 33, conditions, Cell::current);
            batch.request.network = &batch.network.model;
            std::vector<SimulationRequest> requests(3, batch.request);
            auto results = backend->simulate(requests);
            EXPECT_EQ(results[0].outputs, results[2].outputs);
            return std::move(results[1]);
        };
        const auto alone = size(1);
        for (const int conditions : {7, 300}) {
            const auto many = size(conditions);
            EXPECT_TRUE(
                std::equal(alone.outputs.begin(), alone.outputs.end(), many.outputs.begin()));
            EXPECT_TRUE(std::equal(alone.states.begin(), alone.states.end(), many.states.begin()));
            EXPECT_TRUE(std::equal(alone.mean_rates.begin(), alone.mean_rates.end(),
                                   many.mean_rates.begin()));
        }
    }
}
INSTANTIATE_TEST_SUITE_P(All, SimulateBatches, ::testing::Values("cpu", "reference"));

TEST(Simulate, RecordsMeanWhatTheySay) {
    NetworkFactory factory;
    for (const char* name : {"cpu", "reference"}) {
        const auto backend = make_backend(name, {Precision::fp64, 1, 0});
        Batch batch = make_batch(factory, 20, 2, Cell::rate);
        batch.request.network = &batch.network.model;
        batch.request.outputs_from = 0;
        batch.request.states_at.clear();
        for (int t = 0; t <= 70; ++t) {
            batch.request.states_at.push_back(t);
        }
        const auto result = backend->simulate({&batch.request, 1}).front();

        for (std::size_t c = 0; c < 2; ++c) {
            const double* states = result.states.data() + c * 71 * 20;
            EXPECT_TRUE(
                std::equal(states, states + 20, batch.request.initial_states.data() + c * 20));
            EXPECT_TRUE(std::equal(states + 70 * 20, states + 71 * 20,
                                   result.final_states.data() + c * 20));
            // rate cell: r is the state itself; window 20..30 holds the rates after steps 20
            // ... 29.
            for (std::size_t i = 0; i < 20; ++i) {
                double mean = 0;
                for (std::size_t t = 21; t <= 30; ++t) {
                    mean += states[t * 20 + i] / 10;
                }
                EXPECT_NEAR(result.mean_rates[(c * 2 + 1) * 20 + i], mean, 1e-14);
            }
            for (std::size_t o = 0; o < 3; ++o) {
                double z = 0;
                for (std::size_t i = 0; i < 20; ++i) {
                    z += batch.network.model.readout[o * 20 + i] * states[5 * 20 + i];
                }
                EXPECT_NEAR(result.outputs[(c * 70 + 4) * 3 + o], z, 1e-14);
            }
        }
    }
}

TEST(Factory, MissingBackendsAreDeviceErrors) {
    // Whatever was built and whatever this machine has: a library that is not there.
    setenv("SHOAL_CUDA_LIBRARY", "absent/libshoal_cuda.so", 1);
    try {
        make_backend("cuda", {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::device);
        EXPECT_NE(std::string(error.what()).find("absent/libshoal_cuda.so"), std::string::npos);
    }
    std::string note;
    EXPECT_EQ(make_backend("auto", {}, &note)->name(), "cpu");
    EXPECT_FALSE(note.empty());
    EXPECT_THROW(make_backend("gpu", {}), Error);
}

}  // namespace
}  // namespace shoal
