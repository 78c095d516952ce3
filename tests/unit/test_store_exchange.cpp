// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <limits>

#include "store/exchange_files.hpp"
#include "test_store_support.hpp"

namespace shoal::test {
namespace {

TrialsFile some_trials() {
    TrialsFile trials;
    trials.shape = {2, 3, 5};
    for (std::uint32_t i = 0; i < 4; ++i) {
        Trial trial;
        trial.type = static_cast<int>(i % 3);
        trial.inputs = draws(i, 10);
        for (std::uint32_t k = 0; k < 15; ++k) {
            trial.mask.push_back(k % 2);
            trial.targets.push_back(k % 2 == 0 ? 0.0 : draw(20 + i, k));
        }
        trials.trials.push_back(trial);
    }
    return trials;
}

WeightsFile some_weights() {
    WeightsFile weights;
    weights.networks = 2;
    weights.units = 4;
    weights.inputs = 3;
    weights.outputs = 2;
    weights.cell = Cell::rate;
    weights.tau = 2.0;
    weights.dt = 0.25;
    weights.recurrent = draws(1, 32);
    weights.input = draws(2, 24);
    weights.readout = draws(3, 16);
    weights.bias = draws(4, 8);
    weights.constant_input = draws(5, 6);
    weights.inputs_series = draws(6, 2 * 5 * 3);
    weights.series_trials = 2;
    weights.series_steps = 5;
    weights.initial_state = draws(7, 8);
    weights.initial_trials = 2;
    weights.memory_states = draws(8, 2 * 3 * 4);
    weights.memories = 3;
    weights.readout_bias = draws(9, 2 * weights.outputs);
    weights.readout_of_states = true;
    weights.uids = {"0123456789abcdef", "fedcba9876543210"};
    return weights;
}

void expect_equal(const WeightsFile& a, const WeightsFile& b) {
    EXPECT_EQ(a.networks, b.networks);
    EXPECT_EQ(a.units, b.units);
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.outputs, b.outputs);
    EXPECT_EQ(a.cell, b.cell);
    EXPECT_EQ(a.tau, b.tau);
    EXPECT_EQ(a.dt, b.dt);
    EXPECT_EQ(a.recurrent, b.recurrent);
    EXPECT_EQ(a.input, b.input);
    EXPECT_EQ(a.readout, b.readout);
    EXPECT_EQ(a.bias, b.bias);
    EXPECT_EQ(a.constant_input, b.constant_input);
    EXPECT_EQ(a.inputs_series, b.inputs_series);
    EXPECT_EQ(a.series_trials, b.series_trials);
    EXPECT_EQ(a.series_steps, b.series_steps);
    EXPECT_EQ(a.initial_state, b.initial_state);
    EXPECT_EQ(a.initial_trials, b.initial_trials);
    EXPECT_EQ(a.memory_states, b.memory_states);
    EXPECT_EQ(a.memories, b.memories);
    EXPECT_EQ(a.readout_bias, b.readout_bias);
    EXPECT_EQ(a.readout_of_states, b.readout_of_states);
    EXPECT_EQ(a.conditions, b.conditions);
    EXPECT_EQ(a.uids, b.uids);
}

TEST(TrialsFile, RoundTripIsExactAndPythonReadsIt) {
    const Folder folder;
    const TrialsFile expected = some_trials();
    write_trials(folder / "trials.h5", expected, 0.1);

    const TrialsFile found = read_trials(folder / "trials.h5");

    EXPECT_EQ(found.shape, expected.shape);
    ASSERT_EQ(found.trials.size(), expected.trials.size());
    for (std::size_t i = 0; i < found.trials.size(); ++i) {
        EXPECT_EQ(found.trials[i].type, expected.trials[i].type);
        EXPECT_EQ(found.trials[i].inputs, expected.trials[i].inputs);
        EXPECT_EQ(found.trials[i].targets, expected.trials[i].targets);
        EXPECT_EQ(found.trials[i].mask, expected.trials[i].mask);
    }
    EXPECT_EQ(python("exchange.py", "read-trials " + (folder / "trials.h5").string()), 0);
}

/// float32, bool masks, compression and junk outside the mask, as another toolbox may write them.
TEST(TrialsFile, ForeignFileIsRead) {
    const Folder folder;
    ASSERT_EQ(python("exchange.py", "write-trials " + (folder / "trials.h5").string()), 0);

    const TrialsFile found = read_trials(folder / "trials.h5");

    EXPECT_EQ(found.shape, (TaskShape{1, 2, 3}));
    ASSERT_EQ(found.trials.size(), 2u);
    EXPECT_EQ(found.trials[1].type, 7);
    EXPECT_EQ(found.trials[1].inputs, (std::vector<double>{3, 4, 5}));
    EXPECT_EQ(found.trials[0].mask, (std::vector<std::uint8_t>{0, 0, 1, 0, 0, 1}));
    EXPECT_EQ(found.trials[0].targets, (std::vector<double>{0, 0, 0.5, 0, 0, 0.5}));
}

TEST(TrialsFile, MasksMayWeigh) {
    const Folder folder;
    TrialsFile expected = some_trials();
    for (Trial& trial : expected.trials) {
        for (std::size_t i = 0; i < trial.mask.size(); ++i) {
            trial.weights.push_back(trial.mask[i] * (0.5 + static_cast<double>(i)));
        }
    }
    write_trials(folder / "trials.h5", expected, 0.1);

    const TrialsFile found = read_trials(folder / "trials.h5");

    for (std::size_t i = 0; i < found.trials.size(); ++i) {
        EXPECT_EQ(found.trials[i].mask, expected.trials[i].mask);
        EXPECT_EQ(found.trials[i].weights, expected.trials[i].weights);
    }
}

/// Labels are ignored where the mask is 0, whatever stands there.
TEST(TrialsFile, ClassesAreLabelsOfStepsOrTrials) {
    const Folder folder;
    ASSERT_EQ(python("exchange.py", "write-labels " + (folder / "t").string()), 0);
    for (const char* name : {"t-steps.h5", "t-trials.h5"}) {
        const TrialsFile found = read_trials(folder / name);
        EXPECT_EQ(found.shape, (TaskShape{1, 3, 2}));
        ASSERT_EQ(found.trials.size(), 2u);
        EXPECT_EQ(found.trials[0].targets, (std::vector<double>{0, 0, 0, 0, 0, 1}));
        EXPECT_EQ(found.trials[1].targets, (std::vector<double>{0, 0, 0, 1, 0, 0}));
        EXPECT_EQ(found.trials[1].mask, (std::vector<std::uint8_t>{0, 0, 0, 1, 1, 1}));
        EXPECT_EQ(found.trials[1].weights, (std::vector<double>{0, 0, 0, 2, 2, 2}));
    }
    const TrialsFile line = read_trials(folder / "t-line.h5");
    EXPECT_EQ(line.shape, (TaskShape{1, 1, 2}));
    EXPECT_EQ(line.trials[1].targets, (std::vector<double>{0, 4}));

    const auto message_of = [&](const char* name) {
        return file_error_of([&] { read_trials(folder / name); });
    };
    EXPECT_NE(message_of("t-negative.h5").find("/labels: -1 is no class"), std::string::npos);
    EXPECT_NE(message_of("t-both.h5").find("expected either targets or labels"), std::string::npos);
}

TEST(TrialsFile, MistakesAreNamed) {
    const Folder folder;
    const std::string path = (folder / "trials.h5").string();
    const auto message_after = [&](const std::string& edit) {
        write_trials(path, some_trials(), 0.1);
        EXPECT_EQ(python("edit_h5.py", path + " " + edit), 0);
        return file_error_of([&] { read_trials(path); });
    };

    EXPECT_NE(message_after("delete mask").find("/mask: missing dataset"), std::string::npos);
    EXPECT_NE(message_after("set mask -1").find("/mask: element 0 is -1, expected a number from 0"),
              std::string::npos);
    EXPECT_NE(message_after("set inputs nan").find("/inputs: element 0 is nan"), std::string::npos);
    EXPECT_NE(
        message_after("reshape mask").find("/mask: expected shape [4, 5, 3], found [4, 5, 6]"),
        std::string::npos);
    EXPECT_NE(message_after("reshape trial_type").find("expected shape [4], found [8]"),
              std::string::npos);
}

TEST(WeightsFile, RoundTripIsExactAndPythonMakesAnNpzOfIt) {
    const Folder folder;
    const WeightsFile expected = some_weights();
    write_weights_h5(folder / "weights.h5", expected);

    expect_equal(read_weights(folder / "weights.h5"), expected);
    EXPECT_EQ(python("exchange.py", "compare-weights " + (folder / "weights.h5").string()), 0);
}

TEST(WeightsFile, OptionalPartsMayBeAbsent) {
    const Folder folder;
    WeightsFile bare;
    bare.networks = 1;
    bare.units = 3;
    bare.recurrent = draws(1, 9);
    write_weights_h5(folder / "weights.h5", bare);

    expect_equal(read_weights(folder / "weights.h5"), bare);
    EXPECT_EQ(python("exchange.py", "compare-weights " + (folder / "weights.h5").string()), 0);
}

/// The same two networks as another program writes them: 3-D and 2-D, every kind of number and
/// string.
TEST(WeightsFile, ForeignFormsAreRead) {
    const Folder folder;
    ASSERT_EQ(python("exchange.py", "write-weights " + (folder / "w").string()), 0);

    const WeightsFile two = read_weights(folder / "w-3d.h5");
    const WeightsFile one = read_weights(folder / "w-2d.h5");

    EXPECT_EQ(two.networks, 2);
    EXPECT_EQ(two.cell, Cell::current);
    EXPECT_EQ(two.recurrent, (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(two.constant_input, (std::vector<double>{0.5, 0.5}));  // one [input] for all networks
    EXPECT_EQ(one.networks, 1);
    EXPECT_EQ(one.cell, Cell::rate);
    EXPECT_EQ(one.tau, 1.0);
    EXPECT_EQ(one.dt, 0.5);
    EXPECT_EQ(one.recurrent, (std::vector<double>{0, 1, 2, 3}));
    EXPECT_EQ(one.input, (std::vector<double>{1, 2}));
    EXPECT_EQ(one.readout, (std::vector<double>{3, 4}));
    EXPECT_EQ(one.bias, (std::vector<double>{5, 6}));
    EXPECT_EQ(one.uids, (std::vector<std::string>{"single"}));
    EXPECT_EQ(one.inputs_series, (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(one.initial_state, (std::vector<double>{7, 8}));
}

TEST(WeightsFile, MistakesAreNamed) {
    const Folder folder;
    const std::string path = (folder / "weights.h5").string();
    const auto message_after = [&](const std::string& edit) {
        write_weights_h5(path, some_weights());
        EXPECT_EQ(python("edit_h5.py", path + " " + edit), 0);
        return file_error_of([&] { read_weights(path); });
    };

    EXPECT_NE(message_after("delete recurrent").find("/recurrent: missing dataset"),
              std::string::npos);
    EXPECT_NE(message_after("set recurrent inf").find("/recurrent: element 0 is inf"),
              std::string::npos);
    EXPECT_NE(
        message_after("reshape recurrent").find("as many rows as columns, found shape [2, 4, 8]"),
        std::string::npos);
    EXPECT_NE(message_after("reshape readout").find("expected shape [2, 2, 4], found [2, 2, 8]"),
              std::string::npos);
    EXPECT_NE(message_after("delete input").find("needs the dataset input"), std::string::npos);
    // What would be ignored may change what the network is.
    EXPECT_NE(message_after("attribute nonlinearity 1").find("unknown attribute nonlinearity"),
              std::string::npos);
    EXPECT_NE(message_after("add readout_gain 1")
                  .find("unknown dataset readout_gain; known are "
                        "recurrent, input"),
              std::string::npos);
    EXPECT_NE(message_after("delete-attribute cell").find("missing attribute cell"),
              std::string::npos);
    EXPECT_NE(message_after("attribute dt 3").find("expected 0 < dt <= tau"), std::string::npos);
    EXPECT_NE(message_after("attribute cell 3").find("attribute cell is not one string"),
              std::string::npos);
    EXPECT_NE(message_after("external bias").find("keeps its data in other files"),
              std::string::npos);
    EXPECT_NE(message_after("link bias").find("/bias: is a link"), std::string::npos);
    EXPECT_NE(message_after("huge bias").find("can hold"), std::string::npos);
}

TEST(WeightsFile, NotesAndCoordinatesAreNoMistakes) {
    const Folder folder;
    const std::string path = (folder / "weights.h5").string();
    write_weights_h5(path, some_weights());
    for (const char* edit : {"attribute note_epoch 3", "add note_loss 0.1"}) {
        ASSERT_EQ(python("edit_h5.py", path + " " + edit), 0);
    }
    expect_equal(read_weights(path), some_weights());
    // As xarray writes it, with a coordinate.
    ASSERT_EQ(python("exchange.py", "rewrite-weights " + path), 0);
    expect_equal(read_weights(path), some_weights());
}

TEST(WeightsFile, ModelOfOneNetwork) {
    const WeightsFile weights = some_weights();

    const NetworkModel model = model_of(weights, 1);

    EXPECT_EQ(model.uid, weights.uids[1]);
    EXPECT_EQ(model.gain, 1.0);
    EXPECT_TRUE(model.feedback.empty());
    std::vector<double> row(4);
    model.recurrent->row(2, row);
    EXPECT_EQ(row,
              std::vector<double>(weights.recurrent.begin() + 24, weights.recurrent.begin() + 28));
    EXPECT_EQ(model.readout,
              std::vector<double>(weights.readout.begin() + 8, weights.readout.end()));
    EXPECT_EQ(effective_matrix(model),
              std::vector<double>(weights.recurrent.begin() + 16, weights.recurrent.end()));
}

TEST(InputsFile, ReadsInputsAndInitialState) {
    const Folder folder;
    ASSERT_EQ(python("exchange.py", "write-inputs " + (folder / "inputs.h5").string()), 0);

    const InputsFile found = read_inputs(folder / "inputs.h5");

    EXPECT_EQ(found.trials, 2);
    EXPECT_EQ(found.steps, 3);
    EXPECT_EQ(found.inputs, 1);
    EXPECT_EQ(found.units, 2);
    EXPECT_EQ(found.inputs_series, (std::vector<double>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(found.initial_state, (std::vector<double>{1, 2, 3, 4}));
}

TEST(SimulationFile, PythonReadsBothPrecisions) {
    const Folder folder;
    const SimulationShape shape{2, 3, 4, 5, 1};
    const auto fill = [](int network, std::vector<double>& states, std::vector<double>& outputs) {
        states.assign(60, 0.25 + network);
        outputs.assign(12, -network);
    };
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
        const std::string path = (folder / "answer.h5").string();
        write_simulation(path, shape, Cell::current, 1.0, 0.1, fill, precision);
        EXPECT_EQ(python("exchange.py", "read-simulation " + path + " " +
                                            (precision == Precision::fp32 ? "float32" : "float64")),
                  0);
    }
}

}  // namespace
}  // namespace shoal::test
