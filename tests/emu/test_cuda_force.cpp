// SPDX-License-Identifier: MIT
// FORCE training on the cuda backend against the reference in double, at sizes that hurt: around
// warps and tiles, the largest on chip (204), the first that is not, and larger ones.
#include "emu/cuda_support.hpp"

namespace shoal {
namespace {

void expect_both_cells_agree(int units, Precision precision, int trials) {
    for (const Cell cell : all_values<Cell>) {
        SCOPED_TRACE(cell == Cell::current ? "current" : "rate");
        NetworkFactory factory;
        expect_trials_agree(make_network(factory, units, 3, 1.2, cell), precision, trials);
    }
}

void expect_bias_and_no_feedback(int units, Precision precision) {
    for (const Cell cell : all_values<Cell>) {
        NetworkFactory factory;
        TestNetwork network = make_network(factory, units, 4, 1.2, cell);
        add_bias(network.model);
        expect_trials_agree(network, precision, 2);
        network.model.feedback.clear();
        expect_trials_agree(network, precision, 2);
    }
}

/// 20 tau in closed loop, P from I.
void expect_closed_loop(int units, Precision precision) {
    NetworkFactory factory;
    TestNetwork network = make_network(factory, units, 6);
    network.spec.task.durations = {5.0, 3.0, 5.0, 4.0, 3.0};
    network.task = make_task(network.spec.task, network.spec.network, ErrorSchedule::epochs);
    expect_trials_agree(network, precision, 1);
}

const bool registered = [] {
    for (const int units : {1, 31, 32, 33, 64, 65, 100, 128, 129, 200, 204}) {
        add_test("force_on_chip", size_name(units),
                 [=] { expect_both_cells_agree(units, Precision::fp32, 3); });
    }
    for (const int units : {1, 31, 32, 33, 64, 100, 128, 200}) {
        add_test("streamed_trial", size_name(units) + "_fp64",
                 [=] { expect_both_cells_agree(units, Precision::fp64, units < 100 ? 3 : 1); });
    }
    for (const int units : {205, 257}) {
        add_test("streamed_trial", size_name(units), [=] {
            NetworkFactory factory;
            expect_trials_agree(make_network(factory, units, 3), Precision::fp32, 1);
        });
    }
    const auto brief = [](int units, Cell cell, Precision precision) {
        NetworkFactory factory;
        expect_trials_agree(make_brief_network(factory, units, 3, cell), precision, 1);
    };
    add_test("streamed_trial", "n257_fp64", [=] { brief(257, Cell::rate, Precision::fp64); });
    add_test("streamed_trial", "n1000", [=] { brief(1000, Cell::rate, Precision::fp32); });
    add_test("streamed_trial", "n1000_fp64", [=] { brief(1000, Cell::current, Precision::fp64); });
    for (const int units : {33, 100}) {
        add_test("force_on_chip", "bias_no_feedback_" + size_name(units),
                 [=] { expect_bias_and_no_feedback(units, Precision::fp32); });
        add_test("force_on_chip", "closed_loop_" + size_name(units),
                 [=] { expect_closed_loop(units, Precision::fp32); });
    }
    add_test("streamed_trial", "bias_no_feedback_n33_fp64",
             [] { expect_bias_and_no_feedback(33, Precision::fp64); });
    add_test("streamed_trial", "closed_loop_n65_fp64",
             [] { expect_closed_loop(65, Precision::fp64); });
    return true;
}();

}  // namespace
}  // namespace shoal
