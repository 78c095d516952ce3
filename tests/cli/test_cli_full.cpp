// SPDX-License-Identifier: MIT
// Level full as its users meet it: in a run, and of weights that shoal did not train.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

const char* const full_config = R"(name: full
seed: 5
network: {units: 12, cell: rate, dt: 1, gain: 1}
task: {kind: adding, duration: 4}
training: {method: bptt, batch: 16, iterations: 1000, noise: 0.01, clip: 1, learning_rate: 0.01}
sweep:
  network.init: [orthogonal, quasi-periodic]
  replicate: 2
analysis: {level: full}
)";

TEST_F(CommandLine, FullAnalysisOfARun) {
    write("full.yaml", full_config);
    for (const char* threads : {"1", "2"}) {
        const std::string out = std::string("r") + threads;
        const Outcome outcome =
            shoal({"run", "full.yaml", "--out", out, "--quiet", "--threads", threads});
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
    expect_same_results("r1", "r2");

    const std::vector<std::string> header = read_csv("r1/population.csv").front();
    for (const char* column : {"roots_proved", "attractors_found", "median_survival",
                               "phasic_index", "verdict_robust"}) {
        EXPECT_NE(std::find(header.begin(), header.end(), column), header.end()) << column;
    }
    const hdf5::ReadGroup group = hdf5::ReadGroup("r1/analysis.h5").group("n12_rate");
    const auto analysed = group.integers("analysed", {4});
    const auto roots = group.group("search").integers("roots", {4});
    const auto proved = group.group("search").integers("proved", {4});
    const auto completeness = group.group("search").strings("completeness", {4});
    const auto applicable = group.group("forgetting").integers("applicable", {4});
    int accepted = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        if (analysed[i] == 0) {
            EXPECT_EQ(roots[i], -1);
            continue;
        }
        ++accepted;
        // The map of a bounded rate cell has a fixed point (Brouwer): where none was found, that is
        // what the analysis says.
        EXPECT_EQ(roots[i] == 0, completeness[i].starts_with("Incomplete: every network has"));
        EXPECT_GE(proved[i], 0);
        EXPECT_LE(proved[i], roots[i]);
        EXPECT_EQ(applicable[i], 0);  // trials of adding have no delay between two stimuli
    }
    EXPECT_GE(accepted, 1);
    EXPECT_EQ(group.extents("fixed_points/proved_radius").size(), 1u);
    expect_contains(shoal({"stats", "r1"}).out,
                    fmt::format("Of {} searches for fixed points", accepted));

    // The report shows the networks it is asked for.
    const auto table = read_csv("r1/population.csv");
    const auto mechanism = static_cast<std::size_t>(
        std::find(header.begin(), header.end(), "mechanism") - header.begin());
    const auto shown = std::find_if(table.begin() + 1, table.end(),
                                    [&](const auto& row) { return row[mechanism] != "none"; });
    ASSERT_NE(shown, table.end());
    EXPECT_EQ(shoal({"report", "r1", "--network", shown->front()}).status, 0);
    const Outcome unknown = shoal({"report", "r1", "--network", "0000000000000000"});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.err.find("0000000000000000"), std::string::npos);
}

TEST_F(CommandLine, FullAnalysisForgetsAndBearsNoise) {
    const Outcome outcome = shoal({"run", "small.yaml", "--out", "r", "--quiet", "--set",
                                   "analysis.level=full", "--set", "sweep.replicate=1"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("median survival of memory"), std::string::npos) << outcome.out;
    const hdf5::ReadGroup group = hdf5::ReadGroup("r/analysis.h5").group("n30");
    const auto analysed = group.integers("analysed", {4});
    const auto shape = group.group("forgetting").extents("failed_share", {"network", "extension"});
    EXPECT_EQ(shape, (hdf5::Extents{4, 399}));
    const auto failed = group.group("forgetting").numbers("failed_share", shape);
    const auto sigmas = group.group("noise").extents("failed_uniform", {"network", "sigma"})[1];
    const auto uniform = group.group("noise").numbers("failed_uniform", {4, sigmas});
    std::int64_t networks = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        networks += analysed[i];
        for (std::size_t k = 0; k < 399; ++k) {
            const double share = failed[399 * i + k];
            EXPECT_TRUE(analysed[i] == 0 ? std::isnan(share) : share >= 0.0 && share <= 1.0);
        }
        for (std::size_t k = 0; k < sigmas; ++k) {
            EXPECT_EQ(std::isnan(uniform[sigmas * i + k]), analysed[i] == 0);
        }
    }
    EXPECT_GE(networks, 1);
}

TEST_F(CommandLine, WeightsOfOneUnitHaveThreePoints) {
    WeightsFile file;
    file.units = 1;
    file.cell = Cell::current;
    file.dt = 0.1;
    file.recurrent = {2.0};
    write_weights_h5("w.h5", file);
    const Outcome outcome = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("3 roots (3 proved)"), std::string::npos) << outcome.out;

    const Outcome json = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5", "--json"});
    EXPECT_NE(json.out.find("\"roots\":3,\"proved\":3"), std::string::npos) << json.out;
    const Outcome endless =
        shoal({"analyze", "--weights", "w.h5", "--trial-length", "1e9", "--out", "d.h5"});
    EXPECT_EQ(endless.status, 2);

    const hdf5::ReadGroup points = hdf5::ReadGroup("d.h5").group("fixed_points");
    const auto state = points.numbers("state", {3, 1});
    const auto label = points.strings("label", {3});
    const auto eigenvalues = points.numbers("eigenvalues_flow", {3, 1, 2});
    const auto unstable = points.integers("unstable", {3});
    double x = 1.0;  // the root of x = 2 tanh(x): the iteration contracts there by 2 (1 - tanh^2)
    for (int i = 0; i < 200; ++i) {
        x = 2.0 * std::tanh(x);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(label[i], "proved");
        const bool origin = std::abs(state[i]) < 0.5;
        EXPECT_NEAR(std::abs(state[i]), origin ? 0.0 : x, 1e-14);
        const double slope = 1.0 - std::pow(std::tanh(state[i]), 2);
        EXPECT_NEAR(eigenvalues[2 * i], -1.0 + 2.0 * slope, 1e-13);
        EXPECT_EQ(unstable[i], origin ? 1 : 0);
    }
}

// h <- tanh(-2 h) goes to and fro; as a flow it decays.
TEST_F(CommandLine, WeightsAreAnalysedAsAFlowOrAMap) {
    WeightsFile file;
    file.units = 1;
    file.cell = Cell::rate;
    file.dt = 1.0;
    file.recurrent = {-2.0};
    write_weights_h5("w.h5", file);
    const Outcome map = shoal({"analyze", "--weights", "w.h5", "--out", "map.h5", "--json"});
    ASSERT_EQ(map.status, 0) << map.err;
    expect_contains(map.out, R"("analysed_as":"map","step":1.0)");
    expect_contains(map.out, R"("kind":"limit_cycle","random_starts":32)");
    expect_contains(map.out, R"("share":1.0,"period":2.0)");
    expect_contains(map.out, R"("exponents_per_step":[)");
    expect_contains(map.out, R"("mechanism":"none","evidence":"No memory states)");
    const hdf5::ReadGroup as_map("map.h5");
    EXPECT_EQ(as_map.string_attribute("analysed_as"), "map");
    EXPECT_NEAR(as_map.group("fixed_points").numbers("eigenvalues_map", {1, 1, 2})[0], -2.0, 1e-14);

    const Outcome flow =
        shoal({"analyze", "--weights", "w.h5", "--as", "flow", "--out", "flow.h5"});
    ASSERT_EQ(flow.status, 0) << flow.err;
    expect_contains(flow.out, "Of 32 random runs 32 end on 1 fixed point.");
    expect_contains(flow.out, "mechanism none: No memory states");
    expect_contains(flow.out, "dynamics as flow in steps of 0.1 in flow.h5");
    const hdf5::ReadGroup as_flow("flow.h5");
    EXPECT_EQ(as_flow.string_attribute("analysed_as"), "flow");
    EXPECT_EQ(as_flow.number_attribute("dt"), 1.0);
    EXPECT_EQ(as_flow.number_attribute("step"), 0.1);
    EXPECT_NEAR(as_flow.group("fixed_points").numbers("eigenvalues_flow", {1, 1, 2})[0], -3.0,
                1e-14);
    EXPECT_FALSE(as_flow.group("fixed_points").has("eigenvalues_map"));

    // What is asked for anyway changes nothing.
    ASSERT_EQ(shoal({"analyze", "--weights", "w.h5", "--as", "map", "--out", "again.h5"}).status,
              0);
    EXPECT_EQ(read_file("again.h5"), read_file("map.h5"));

    EXPECT_EQ(shoal({"analyze", "--weights", "w.h5", "--as", "both"}).status, 2);
    const Outcome of_run = shoal({"analyze", "r", "--as", "map"});
    EXPECT_EQ(of_run.status, 2);
    expect_contains(of_run.err, "--weights");
}

// tau dx/dt = -x + 2 tanh x: states on either side of 0 are held at a point each.
TEST_F(CommandLine, MemoryStatesOfWeightsAreHeld) {
    WeightsFile file;
    file.units = 1;
    file.recurrent = {2.0};
    file.memory_states = {0.5, -0.7};
    file.memories = 2;
    write_weights_h5("w.h5", file);
    const Outcome text = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5"});
    ASSERT_EQ(text.status, 0) << text.err;
    expect_contains(text.out, "mechanism direct: 2 of 2 runs settle on stable fixed points");
    const Outcome json = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5", "--json"});
    expect_contains(json.out, R"("mechanism":"direct")");
    expect_contains(json.out, R"("memory_states":2)");
    EXPECT_EQ(json.out.find("exponents"), std::string::npos) << json.out;
    const hdf5::ReadGroup verdict = hdf5::ReadGroup("d.h5").group("verdict");
    EXPECT_EQ(verdict.strings("mechanism", {1})[0], "direct");
    EXPECT_EQ(verdict.integers("points_reached", {1})[0], 2);
    EXPECT_EQ(verdict.integers("distinct_after_trial", {1})[0], 2);
    expect_contains(verdict.strings("evidence", {1})[0], "2 distinct");
    expect_contains(verdict.strings("attractors", {1})[0], "on 2 fixed points (at most ");
    EXPECT_EQ(verdict.strings("limits", {1})[0], "");
}

// The start of trials is no memory, and the answer says so.
TEST_F(CommandLine, InitialStatesOfWeightsAreNoMemories) {
    WeightsFile file;
    file.units = 1;
    file.recurrent = {2.0};
    file.initial_state = {0.5, -0.7};
    file.initial_trials = 2;
    write_weights_h5("w.h5", file);
    const Outcome outcome = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    expect_contains(outcome.out, "mechanism none: No memory states were given (memory_states)");
    expect_contains(outcome.err, "w.h5: initial_state is where trials start");
}

// tau dx/dt = -x + 2 tanh x + u: three points at u = 0, one at u = 3. Two networks would be four
// rows.
TEST_F(CommandLine, InputsHeldAtSeveralValuesAreAnalysesOfTheirOwn) {
    WeightsFile file;
    file.units = 1;
    file.recurrent = {2.0};
    file.inputs = 1;
    file.input = {1.0};
    file.constant_input = {0.0, 3.0};
    file.conditions = 2;
    file.uids = {"one"};
    file.outputs = 1;
    file.readout = {1.0};
    write_weights_h5("w.h5", file);
    const Outcome text = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5"});
    ASSERT_EQ(text.status, 0) << text.err;
    expect_contains(text.out, "network 0 (one), condition 0: 3 roots");
    expect_contains(text.out, "network 0 (one), condition 1: 1 roots");
    const hdf5::ReadGroup answer("d.h5");
    EXPECT_EQ(answer.strings("uid", {2}), (std::vector<std::string>{"one", "one"}));
    EXPECT_EQ(answer.integers("network_of_file", {2}), (std::vector<std::int64_t>{0, 0}));
    EXPECT_EQ(answer.integers("condition", {2}), (std::vector<std::int64_t>{0, 1}));
    const Outcome json = shoal({"analyze", "--weights", "w.h5", "--out", "d.h5", "--json"});
    expect_contains(json.out, R"("network":0,"condition":1)");

    const Outcome adjoint =
        shoal({"adjoint", "--weights", "w.h5", "--steps", "2", "--out", "a.h5"});
    EXPECT_EQ(adjoint.status, 3);
    expect_contains(adjoint.err, "constant_input has 2 conditions");
}

TEST_F(CommandLine, HeadDirectionKeepsItsCurves) {
    const Outcome outcome = shoal({"head-direction", "--seeds", "2", "--headings", "6", "--hold",
                                   "20", "--ring-units", "16", "--out", "h.h5"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const hdf5::ReadGroup curves = hdf5::ReadGroup("h.h5").group("curves");
    const auto shape = curves.extents("error", {"curve", "heading_time"});
    EXPECT_EQ(shape[0], 18u);  // two networks, three perturbations, three sizes
    const auto error = curves.numbers("error", shape);
    for (std::size_t i = 0; i < shape[0]; ++i) {
        EXPECT_EQ(error[i * shape[1]], 0.0);  // nothing is lost at the start
    }
    EXPECT_EQ(shoal({"head-direction", "--seeds", "1"}).status, 2);
}

TEST_F(CommandLine, AnalyzeTakesARunOrWeights) {
    EXPECT_EQ(shoal({"analyze"}).status, 2);
    EXPECT_EQ(shoal({"analyze", "r", "--weights", "w.h5"}).status, 2);
    EXPECT_EQ(shoal({"analyze", "r", "--out", "d.h5"}).status, 2);
    EXPECT_EQ(shoal({"analyze", "--weights", "w.h5", "--backend", "cpu"}).status, 2);
    EXPECT_EQ(shoal({"analyze", "--weights", "none.h5"}).status, 3);
}

}  // namespace
}  // namespace shoal::test
