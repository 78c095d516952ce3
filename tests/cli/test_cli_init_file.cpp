// SPDX-License-Identifier: MIT
// init: file: trained networks that are exported come back as they were, and a run says what it
// drew or left.
#include "config/config.hpp"
#include "core/random.hpp"
#include "store/exchange_files.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// Which parts are trained decides which of bias and initial state a network has.
const char* const taught = R"(name: taught
network: {units: 12, cell: rate, dt: 1}
task: {kind: flip-flop, bits: 1, duration: 10, pulse_rate: 0.2}
training: {method: bptt, batch: 16, iterations: 150, learning_rate: 0.01}
sweep:
  training.train: [[recurrent, readout], [recurrent, input, readout, bias, initial_state]]
  replicate: 2
)";

std::string read_back(const std::string& more) {
    return "network: {units: 12, cell: rate, dt: 1, init: file, path: w.h5}\n"
           "task: {kind: flip-flop, bits: 1, duration: 10, pulse_rate: 0.2}\n" +
           more;
}

TEST_F(CommandLine, ExportedNetworksComeBackAsTheyWere) {
    write("taught.yaml", taught);
    ASSERT_EQ(shoal({"train", "taught.yaml", "--out", "r", "--quiet"}).status, 0);
    ASSERT_EQ(shoal({"export", "r", "--networks", "all", "--out", "w.h5"}).status, 0);
    write("back.yaml", read_back("training: {method: bptt, iterations: 0}\nsweep: "
                                 "{replicate: 4}\n"));
    const Outcome outcome = shoal({"train", "back.yaml", "--out", "back"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("init: file"), std::string::npos) << outcome.err;

    // Tests of replicates 0 and 1 draw the trials that they drew after training.
    const PopulationFile before("r/population.h5");
    const PopulationFile after("back/population.h5");
    const auto trained = load_config("taught.yaml").networks;
    const auto back = load_config("back.yaml").networks;
    bool any_right = false;
    for (std::size_t i = 0; i < 4; ++i) {
        const NetworkModel was = before.model(trained[i].uid);
        const NetworkModel is = after.model(back[i].uid);
        EXPECT_EQ(effective_matrix(is), effective_matrix(was));
        EXPECT_EQ(is.input, was.input);
        EXPECT_EQ(is.readout, was.readout);
        EXPECT_EQ(is.bias, was.bias);
        EXPECT_EQ(is.bias.empty(), i < 2);
        EXPECT_EQ(is.initial_state, was.initial_state);
        if (trained[i].replicate == back[i].replicate) {
            const Acceptance scored = before.network(trained[i].uid).acceptance;
            const Acceptance again = after.network(back[i].uid).acceptance;
            EXPECT_EQ(again.accepted, scored.accepted);
            EXPECT_EQ(again.fraction_failed, scored.fraction_failed);
            EXPECT_EQ(again.median_error, scored.median_error);
            any_right = any_right || scored.fraction_failed < 0.5;
        }
    }
    EXPECT_TRUE(any_right);
}

TEST_F(CommandLine, SaysWhatAWeightsFileLacksAndWhatIsLeftInIt) {
    WeightsFile weights;
    weights.units = 12;
    weights.cell = Cell::rate;
    weights.dt = 0.5;
    for (std::uint32_t i = 0; i < 12 * 12; ++i) {
        weights.recurrent.push_back(0.3 *
                                    standard_normal(random_bits({2, 0}, Purpose::test, 0, 0, i)));
    }
    write_weights_h5("w.h5", weights);
    write("bare.yaml", read_back("training: {method: bptt, iterations: 0, train: [recurrent, bias, "
                                 "initial_state]}\n"));
    const std::vector<std::string> lacking = {
        "w.h5: it has no input, which is drawn as without a file",
        "w.h5: it has no readout, which is drawn as without a file",
        "w.h5: it has no bias, which starts at 0",
        "w.h5: it has no initial_state, which starts at 0",
        "w.h5: its dt is 0.5; network.dt, which is 1, is taken"};
    const Outcome dry = shoal({"run", "bare.yaml", "--dry-run"});
    const Outcome json = shoal({"run", "bare.yaml", "--dry-run", "--json"});
    const Outcome run = shoal({"train", "bare.yaml", "--out", "bare"});
    const Outcome shards = shoal({"train", "bare.yaml", "--out", "some", "--shard", "any/1"});
    for (const std::string& note : lacking) {
        expect_contains(dry.out, note);
        expect_contains(json.out, note);
        expect_contains(run.err, note);
        expect_contains(shards.err, note);
    }
    EXPECT_EQ(run.err.find("cell"), std::string::npos) << run.err;

    weights.inputs = 1;
    weights.input.assign(12, 1.0);
    weights.constant_input = {0.5};
    weights.outputs = 2;
    weights.readout.assign(2 * 12, 0.25);
    write_weights_h5("w.h5", weights);
    write("force.yaml", read_back("training: {trials: 2}\n"));
    const Outcome force = shoal({"train", "force.yaml", "--out", "force"});
    EXPECT_EQ(force.status, 0) << force.err;
    expect_contains(force.err, "w.h5: its readout is not taken: FORCE starts its own at 0");
    expect_contains(force.err, "w.h5: its constant_input is not taken");
    const Outcome two_outputs = shoal({"train", "bare.yaml", "--out", "wrong", "--quiet"});
    EXPECT_EQ(two_outputs.status, 2);
    expect_contains(two_outputs.err, "w.h5: has 2 outputs; the task has 1");

    weights.readout_bias = {0.0, 0.5};
    write_weights_h5("w.h5", weights);
    const Outcome biased = shoal({"train", "force.yaml", "--out", "biased", "--quiet"});
    EXPECT_EQ(biased.status, 3);
    expect_contains(biased.err, "w.h5: has a readout_bias");
}

}  // namespace
}  // namespace shoal::test
