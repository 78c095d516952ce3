// SPDX-License-Identifier: MIT
// What export writes, --weights and init: file read back: the same networks, bit for bit.
#include <fmt/format.h>

#include "config/config.hpp"
#include "core/random.hpp"
#include "store/exchange_files.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

struct Case {
    const char* network;  ///< beside units
    const char* task;
    const char* training;
    int inputs;
};

constexpr const char* sums =
    "{source: gaussians, durations: {stimulus1: 1, delay1: 1, stimulus2: 1, delay2: 1, response: "
    "1}}";
/// Both cells, with feedback by FORCE, with bias and initial states by gradients, as flow and map.
const Case cases[] = {
    {"cell: current, feedback_scale: 0.5, gain: 1.1", sums, "{trials: 5}", 2},
    {"cell: rate, feedback_scale: 1.0, tau: 2.0", sums, "{trials: 5}", 2},
    {"cell: current, dt: 0.5", "{kind: flip-flop, bits: 2, duration: 10, pulse_rate: 0.2}",
     "{method: bptt, batch: 4, iterations: 9, learning_rate: 0.01, train: [recurrent, input, "
     "readout, bias, initial_state]}",
     2},
    {"cell: rate, dt: 1, init: orthogonal", "{kind: interval}",
     "{method: bptt, batch: 4, iterations: 9, train: [recurrent, readout, bias]}", 1},
};

void expect_success(const std::vector<std::string>& arguments) {
    const Outcome outcome = shoal(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(CommandLine, WhatExportWritesComesBackBitForBit) {
    for (const Case& one : cases) {
        SCOPED_TRACE(one.network);
        const std::string task = std::string("task: ") + one.task + "\n";
        write("trained.yaml", std::string("network: {units: 11, ") + one.network + "}\n" + task +
                                  "training: " + one.training + "\nsweep: {replicate: 3}\n");
        expect_success(
            {"train", "trained.yaml", "--out", "r", "--quiet", "--precision", "fp64", "--force"});
        expect_success({"export", "r", "--networks", "all", "--out", "w.h5"});

        const NetworkConfig network = load_config("trained.yaml").networks[0].network;
        write("back.yaml",
              fmt::format("network: {{units: 11, cell: {}, tau: {}, dt: {}, init: file, path: "
                          "w.h5}}\n{}training: {{method: bptt, iterations: 0}}\n"
                          "sweep: {{replicate: 3}}\n",
                          name_of(network.cell), network.tau, network.dt, task));
        expect_success(
            {"train", "back.yaml", "--out", "back", "--quiet", "--precision", "fp64", "--force"});
        expect_success({"export", "back", "--networks", "all", "--out", "again.h5"});

        WeightsFile series;  // a weights file is an inputs file, too
        series.units = 11;
        series.recurrent.assign(11 * 11, 0.0);
        series.inputs = one.inputs;
        series.input.assign(11 * static_cast<std::size_t>(one.inputs), 0.0);
        series.series_trials = 2;
        series.series_steps = 15;
        for (std::uint32_t i = 0; i < 30 * static_cast<std::uint32_t>(one.inputs); ++i) {
            series.inputs_series.push_back(
                standard_normal(random_bits({3, 0}, Purpose::test, 0, 0, i)));
        }
        write_weights_h5("in.h5", series);
        for (const char* name : {"w", "again"}) {
            expect_success({"simulate", "--weights", std::string(name) + ".h5", "--inputs", "in.h5",
                            "--out", std::string(name) + "-s.h5"});
        }
        EXPECT_EQ(read_file("w-s.h5"), read_file("again-s.h5"));
        WeightsFile first = read_weights("w.h5");
        const WeightsFile second = read_weights("again.h5");
        EXPECT_EQ(first.bias, second.bias);
        EXPECT_EQ(first.initial_state, second.initial_state);
        const bool by_gradients = std::string(one.training).find("bptt") != std::string::npos;
        EXPECT_EQ(first.bias.empty(), !by_gradients);

        // With a constant input, and inputs in the file itself.
        first.constant_input.assign(3 * static_cast<std::size_t>(one.inputs), 0.25);
        write_weights_h5("held.h5", first);
        for (const char* from : {"held.h5", "again-held.h5"}) {
            if (std::string(from) == "again-held.h5") {
                write_weights_h5(from, read_weights("held.h5"));
            }
            expect_success(
                {"adjoint", "--weights", from, "--steps", "12", "--out", std::string(from) + ".s"});
        }
        EXPECT_EQ(read_file("held.h5.s"), read_file("again-held.h5.s"));
    }
}

}  // namespace
}  // namespace shoal::test
