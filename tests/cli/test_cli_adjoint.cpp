// SPDX-License-Identifier: MIT
// shoal adjoint: learning signals in closed form, and its mistakes.
#include <cmath>

#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// Two networks of two units that do not talk to each other: at the origin unit i of network n
/// multiplies by 1 - dt + dt w[n][i]. Outputs read one unit each.
constexpr double own[2][2] = {{0.5, -0.25}, {0.9, 0.0}};

WeightsFile lines_file(Cell cell) {
    WeightsFile file;
    file.networks = 2;
    file.units = 2;
    file.inputs = 1;
    file.outputs = 2;
    file.cell = cell;
    file.dt = 0.2;
    for (const auto& w : own) {
        file.recurrent.insert(file.recurrent.end(), {w[0], 0.0, 0.0, w[1]});
        file.input.insert(file.input.end(), {1.0, 0.5});
        file.readout.insert(file.readout.end(), {3.0, 0.0, 0.0, -2.0});
    }
    return file;
}

double multiplier(std::size_t network, std::size_t unit, double slope = 1.0) {
    return 0.8 + 0.2 * slope * own[network][unit];
}

TEST_F(CommandLine, AdjointsAtTheOriginAreTheEigenvalues) {
    for (const Cell cell : all_values<Cell>) {
        write_weights_h5("w.h5", lines_file(cell));
        const Outcome outcome =
            shoal({"adjoint", "--weights", "w.h5", "--steps", "200", "--out", "s.h5"});
        ASSERT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");

        const hdf5::ReadGroup file("s.h5");
        const auto shape = file.extents("adjoint_norm", {"network", "trial", "lag", "output"});
        const std::uint64_t lags = shape[2];
        ASSERT_EQ(shape, (hdf5::Extents{2, 1, lags, 2}));
        const auto lag = file.numbers("lag", {lags});
        const auto norm = file.numbers("adjoint_norm", shape);
        const auto forward = file.numbers("exponents", {2, 1, 2});
        const auto backward = file.numbers("adjoint_exponents", {2, 1, 2});
        EXPECT_EQ(lag.front(), 0.0);
        EXPECT_NEAR(lag[1], 0.2, 1e-15);
        EXPECT_NEAR(lag.back(), 40.0, 1e-13);
        for (std::size_t n = 0; n < 2; ++n) {
            for (std::size_t i = 0; i < lags; ++i) {
                for (std::size_t o = 0; o < 2; ++o) {
                    const double expected = std::pow(multiplier(n, o), lag[i] / 0.2);
                    // 200 factors, each rounded a few times.
                    EXPECT_NEAR(norm[(n * lags + i) * 2 + o] / expected, 1.0, 200 * 4e-16);
                }
            }
            for (std::size_t k = 0; k < 2; ++k) {
                const double expected = std::log(multiplier(n, k)) / 0.2;
                // Frames turn to the leading unit as exp(-0.5 t) at least; 8 of 40 tau are skipped.
                EXPECT_NEAR(forward[n * 2 + k], expected, 1e-3);
                EXPECT_NEAR(backward[n * 2 + k], expected, 1e-3);
            }
        }
    }
}

TEST_F(CommandLine, AdjointsFollowInputsAndConstantInput) {
    WeightsFile weights = lines_file(Cell::rate);
    weights.constant_input = {0.7, -0.3};
    write_weights_h5("w.h5", weights);
    WeightsFile driven = lines_file(Cell::rate);
    driven.inputs_series = {0.4, 1.5};
    driven.series_trials = 2;
    driven.series_steps = 1;
    driven.initial_state = {0.1, 0.2, 0.3, 0.4};
    driven.initial_trials = 2;
    write_weights_h5("driven.h5", driven);

    ASSERT_EQ(shoal({"adjoint", "--weights", "w.h5", "--steps", "1", "--out", "a.h5"}).status, 0);
    ASSERT_EQ(shoal({"adjoint", "--weights", "driven.h5", "--out", "b.h5"}).status, 0);

    const auto constant = hdf5::ReadGroup("a.h5").numbers("adjoint_norm", {2, 1, 2, 2});
    const auto series = hdf5::ReadGroup("b.h5").numbers("adjoint_norm", {2, 2, 2, 2});
    for (std::size_t n = 0; n < 2; ++n) {
        for (std::size_t o = 0; o < 2; ++o) {
            const double gain = o == 0 ? 1.0 : 0.5;
            const auto slope = [&](double drive) { return 1 - std::pow(std::tanh(drive), 2); };
            const double held = slope(gain * weights.constant_input[n]);
            EXPECT_NEAR(constant[(n * 2 + 1) * 2 + o], multiplier(n, o, held), 4e-16);
            for (std::size_t trial = 0; trial < 2; ++trial) {
                const double drive = own[n][o] * driven.initial_state[2 * trial + o] +
                                     gain * driven.inputs_series[trial];
                EXPECT_NEAR(series[((n * 2 + trial) * 2 + 1) * 2 + o],
                            multiplier(n, o, slope(drive)), 4e-16);
            }
        }
    }
}

TEST_F(CommandLine, AdjointsOfShortRunsHaveNoExponents) {
    const WeightsFile lines = lines_file(Cell::rate);
    write_weights_h5("w.h5", lines);
    const auto adjoint = [](const char* steps, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"adjoint", "--weights", "w.h5", "--steps",
                                              steps,     "--out",     "s.h5"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return shoal(arguments);
    };
    const Outcome brief = adjoint("49");  // 10 tau are 50 steps of 0.2
    ASSERT_EQ(brief.status, 0) << brief.err;
    expect_contains(brief.err, "exponents need a run of 10 tau, 50 steps; this one has 49");
    {
        const hdf5::ReadGroup file("s.h5");
        EXPECT_FALSE(file.has("exponents") || file.has("adjoint_exponents"));
        const auto shape = file.extents("adjoint_norm", {"network", "trial", "lag", "output"});
        // The last lag, output 0 of network 0; 49 factors, each rounded a few times.
        const double last = file.numbers("adjoint_norm", shape)[(shape[2] - 1) * 2];
        EXPECT_NEAR(last / std::pow(multiplier(0, 0), 49), 1.0, 49 * 4e-16);
    }
    fs::remove("s.h5");
    const Outcome asked = adjoint("49", {"--exponents", "1"});
    EXPECT_EQ(asked.status, 2);
    expect_contains(asked.err, "10 tau, 50 steps");
    EXPECT_FALSE(fs::exists("s.h5"));

    const Outcome enough = adjoint("50");
    EXPECT_EQ(enough.status, 0);
    EXPECT_EQ(enough.err, "");
    for (const double exponent : hdf5::ReadGroup("s.h5").numbers("exponents", {2, 1, 2})) {
        EXPECT_TRUE(std::isfinite(exponent));
    }
}

TEST_F(CommandLine, WhatLeavesTheRangeIsAnError) {
    // At the origin a unit multiplies by 0.8 + 0.2 * 20 a step: 4.8^452 > 1.8e308.
    WeightsFile steep = lines_file(Cell::current);
    steep.recurrent[0] = 20.0;
    write_weights_h5("w.h5", steep);
    const Outcome gradients =
        shoal({"adjoint", "--weights", "w.h5", "--steps", "600", "--out", "s.h5"});
    EXPECT_EQ(gradients.status, 3);
    expect_contains(gradients.err, "w.h5: network 0, trial 0: gradients exceed float64 from a lag");

    // Sums of two such numbers are none.
    steep.recurrent.assign(8, 1.5e308);
    steep.inputs_series.assign(100, 1.0);
    steep.series_trials = 1;
    steep.series_steps = 100;
    write_weights_h5("w.h5", steep);
    const Outcome states = shoal({"adjoint", "--weights", "w.h5", "--out", "s.h5"});
    EXPECT_EQ(states.status, 3);
    expect_contains(states.err, "w.h5: network 0, trial 0: the states leave the range of float64");
    const Outcome simulated = shoal({"simulate", "--weights", "w.h5", "--out", "s.h5"});
    EXPECT_EQ(simulated.status, 3);
    expect_contains(simulated.err, "w.h5: network 0, trial 0: leaves the range of fp64 in step");
    const Outcome narrow =
        shoal({"simulate", "--weights", "w.h5", "--out", "s.h5", "--precision", "fp32"});
    EXPECT_EQ(narrow.status, 3);
    expect_contains(narrow.err, "give --precision fp64");
    EXPECT_FALSE(fs::exists("s.h5"));
}

TEST_F(CommandLine, AdjointMistakes) {
    WeightsFile weights = lines_file(Cell::current);
    write_weights_h5("w.h5", weights);
    const Outcome endless = shoal({"adjoint", "--weights", "w.h5", "--out", "s.h5"});
    EXPECT_EQ(endless.status, 2);
    expect_contains(endless.err, "--steps");
    expect_contains(endless.err, "--inputs");
    EXPECT_EQ(shoal({"adjoint", "--weights", "w.h5", "--steps", "0", "--out", "s.h5"}).status, 2);

    weights.inputs_series.assign(10, 0.5);
    weights.series_trials = 1;
    weights.series_steps = 10;
    write_weights_h5("driven.h5", weights);
    const Outcome lengths =
        shoal({"adjoint", "--weights", "driven.h5", "--steps", "11", "--out", "s.h5"});
    EXPECT_EQ(lengths.status, 2);
    expect_contains(lengths.err, "the inputs have 10 steps");

    weights.outputs = 0;
    weights.readout.clear();
    write_weights_h5("mute.h5", weights);
    const Outcome mute = shoal({"adjoint", "--weights", "mute.h5", "--out", "s.h5"});
    EXPECT_EQ(mute.status, 3);
    expect_contains(mute.err, "no `readout`");
    EXPECT_FALSE(fs::exists("s.h5"));
}

}  // namespace
}  // namespace shoal::test
