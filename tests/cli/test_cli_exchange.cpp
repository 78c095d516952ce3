// SPDX-License-Identifier: MIT
// task, simulate and export: what leaves the program comes back as the same numbers.
#include "backend/backend.hpp"
#include "config/config.hpp"
#include "core/random.hpp"
#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

void expect_done(const std::vector<std::string>& arguments) {
    const Outcome outcome = shoal(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
}

/// Network of uid `uid` with its matrix folded: W = g J + F W_out.
NetworkModel effective_model(const fs::path& run, const std::string& uid) {
    NetworkModel model = PopulationFile(run / "population.h5").model(uid);
    model.recurrent = dense_matrix(model.units, effective_matrix(model));
    model.gain = 1.0;
    model.feedback.clear();
    return model;
}

/// Inputs of two trials of `steps` steps and two channels, and a state for each.
InputsFile small_inputs(int steps, int units) {
    InputsFile file;
    file.trials = 2;
    file.steps = steps;
    file.inputs = 2;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(4 * steps); ++i) {
        file.inputs_series.push_back(standard_normal(random_bits({1, 0}, Purpose::test, 0, 0, i)));
    }
    file.units = units;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(2 * units); ++i) {
        file.initial_state.push_back(standard_normal(random_bits({1, 0}, Purpose::test, 0, 1, i)));
    }
    return file;
}

/// A weights file that carries its own inputs.
void write_driven(const fs::path& path, WeightsFile weights, const InputsFile& inputs) {
    weights.inputs_series = inputs.inputs_series;
    weights.series_trials = inputs.trials;
    weights.series_steps = inputs.steps;
    weights.initial_state = inputs.initial_state;
    weights.initial_trials = inputs.trials;
    write_weights_h5(path, weights);
}

/// x(t + 1) of the current cell with plain loops, in double: (host/MATHEMATICS.md, A.2).
std::vector<double> plain_step(const WeightsFile& w, std::size_t network, std::vector<double> x,
                               const double* u) {
    const auto n = static_cast<std::size_t>(w.units);
    const auto inputs = static_cast<std::size_t>(w.inputs);
    std::vector<double> next(n);
    for (std::size_t to = 0; to < n; ++to) {
        double a = 0.0;
        for (std::size_t from = 0; from < n; ++from) {
            a += w.recurrent[(network * n + to) * n + from] * std::tanh(x[from]);
        }
        for (std::size_t i = 0; i < inputs; ++i) {
            a += w.input[(network * n + to) * inputs + i] * u[i];
        }
        next[to] = x[to] + w.dt / w.tau * (a - x[to]);
    }
    return next;
}

/// Rounding of one step: N products and sums of terms of order one, each half an ulp, grown over
/// the few steps compared.
double rounding(int units, int steps) {
    return 1e-16 * (units + 10) * steps * 10;
}

struct Answer {
    std::vector<double> states, outputs;  // of all networks, trials and steps
};

/// Reads `simulate`'s answer through the same program: a Python reader has tests of its own.
Answer read_answer(const fs::path& path) {
    const std::string script =
        "import h5py,sys;f=h5py.File(sys.argv[1]);"
        "[f[k][...].astype('f8').tofile(sys.argv[1]+'.'+k) for k in ('states','outputs')]";
    EXPECT_EQ(std::system(("/usr/bin/python3 -c \"" + script + "\" " + path.string()).c_str()), 0);
    Answer answer;
    for (auto& [name, values] :
         {std::pair{".states", &answer.states}, std::pair{".outputs", &answer.outputs}}) {
        const auto bytes = read_file(path.string() + name);
        values->resize(bytes.size() / sizeof(double));
        std::memcpy(values->data(), bytes.data(), bytes.size());
    }
    return answer;
}

TEST_F(CommandLine, TaskWritesTheTrialsOfTraining) {
    const Config config = load_config("small.yaml");
    const NetworkSpec& spec = config.networks[4];

    expect_done({"task", "small.yaml", "--trials", "7", "--out", "t.h5", "--network", spec.uid});

    const TrialsFile file = read_trials("t.h5");
    const auto task = make_task(spec.task, spec.network, spec.training.error, load_task_trials);
    ASSERT_EQ(file.trials.size(), 7u);
    EXPECT_EQ(file.shape, task->shape());
    const auto order = task->training_order(spec.key(), spec.training.trials);
    for (std::size_t i = 0; i < 7; ++i) {
        Trial trial;
        task->training_trial(spec.key(), static_cast<int>(i), order[i], trial);
        EXPECT_EQ(file.trials[i].type, trial.type);
        EXPECT_EQ(file.trials[i].inputs, trial.inputs);
        EXPECT_EQ(file.trials[i].targets, trial.targets);
        EXPECT_EQ(file.trials[i].mask, trial.mask);
    }
}

TEST_F(CommandLine, TaskMistakes) {
    const Outcome many = shoal({"task", "small.yaml", "--trials", "41", "--out", "t.h5"});
    EXPECT_EQ(many.status, 2);
    expect_contains(many.err, "training sees 40 trials");
    const Outcome stranger =
        shoal({"task", "small.yaml", "--out", "t.h5", "--network", "0123456789abcdef"});
    EXPECT_EQ(stranger.status, 2);
    expect_contains(stranger.err, "no network of this configuration has that uid");
    EXPECT_FALSE(fs::exists("t.h5"));
    EXPECT_EQ(shoal({"task", "small.yaml", "--trials", "0", "--out", "t.h5"}).status, 2);
}

TEST_F(CommandLine, TrainingOnTheWrittenTrialsGivesTheSameBits) {
    // Every trial in the file, so that the order within it is the order of training.
    expect_done(
        {"task", "small.yaml", "--trials", "40", "--out", "t.h5", "--set", "sweep.replicate=1"});
    write("file.yaml", R"(name: file
seed: 3
network: {units: 30, density: 0.6, input_scale: 0.05}
task: {kind: file, path: t.h5}
training: {trials: 40}
sweep:
  network.gain: [0.8, 1.2]
  network.feedback_scale: [0.2, 1.0]
  replicate: 1
)");
    for (const char* backend : {"cpu", "reference"}) {
        for (const char* precision : {"fp32", "fp64"}) {
            SCOPED_TRACE(std::string(backend) + " " + precision);
            const std::vector<std::string> options = {"--backend", backend, "--precision",
                                                      precision, "--force"};
            std::vector<std::string> with = options;
            with.insert(with.end(), {"--set", "sweep.replicate=1"});
            train("task", with);
            std::vector<std::string> arguments = {"train", "file.yaml", "--out", "file", "--quiet"};
            arguments.insert(arguments.end(), options.begin(), options.end());
            expect_done(arguments);

            const PopulationFile a("task/population.h5");
            const PopulationFile b("file/population.h5");
            ASSERT_EQ(a.uids().size(), 4u);
            for (std::size_t i = 0; i < 4; ++i) {
                const TrainedNetwork from_task = a.network(a.uids()[i]);
                const TrainedNetwork from_file = b.network(b.uids()[i]);
                EXPECT_NE(from_task.uid, from_file.uid);  // another task by name
                EXPECT_EQ(from_task.readout, from_file.readout);
                EXPECT_EQ(from_task.state, from_file.state);
                EXPECT_EQ(from_task.error_curve, from_file.error_curve);
                EXPECT_GT(*std::max_element(from_task.readout.begin(), from_task.readout.end()),
                          0.0);
            }
        }
    }
}

TEST_F(CommandLine, AFileOfTrialsIsUsedCyclically) {
    expect_done({"task", "small.yaml", "--trials", "3", "--out", "t.h5"});
    write("file.yaml",
          "task: {kind: file, path: t.h5}\nnetwork: {units: 8}\n"
          "training: {trials: 8}\n");

    expect_done({"task", "file.yaml", "--trials", "8", "--out", "u.h5"});

    const TrialsFile short_file = read_trials("t.h5");
    const TrialsFile long_file = read_trials("u.h5");
    ASSERT_EQ(long_file.trials.size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(long_file.trials[i].inputs, short_file.trials[i % 3].inputs);
        EXPECT_EQ(long_file.trials[i].mask, short_file.trials[i % 3].mask);
    }
}

TEST_F(CommandLine, TrainsFromAWeightsFile) {
    WeightsFile weights;
    weights.networks = 2;
    weights.units = 8;
    weights.inputs = 2;
    for (std::uint32_t i = 0; i < 2 * 8 * 8; ++i) {
        weights.recurrent.push_back(0.3 *
                                    standard_normal(random_bits({2, 0}, Purpose::test, 0, 0, i)));
    }
    for (std::uint32_t i = 0; i < 2 * 8 * 2; ++i) {
        weights.input.push_back(standard_normal(random_bits({2, 0}, Purpose::test, 0, 1, i)));
    }
    write_weights_h5("w.h5", weights);
    const std::string config =
        "network: {units: 8, init: file, path: w.h5}\ntraining: {trials: 4}\n";
    write("init.yaml", config + "sweep: {replicate: 2}\n");
    write("three.yaml", config + "sweep: {replicate: 3}\n");

    const Outcome outcome =
        shoal({"train", "init.yaml", "--out", "r", "--quiet", "--precision", "fp64"});
    const Outcome too_many = shoal({"train", "three.yaml", "--out", "s", "--quiet"});

    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const PopulationFile file("r/population.h5");
    for (const NetworkSpec& spec : load_config("init.yaml").networks) {
        const NetworkModel model = file.model(spec.uid);
        std::vector<double> row(8);
        for (int to = 0; to < 8; ++to) {
            model.recurrent->row(to, row);
            const std::size_t at = (spec.replicate * 8 + static_cast<std::size_t>(to)) * 8;
            for (std::size_t from = 0; from < 8; ++from) {
                EXPECT_EQ(model.gain * row[from], weights.recurrent[at + from]);
            }
        }
        const auto begin = weights.input.begin() + 16 * static_cast<std::ptrdiff_t>(spec.replicate);
        EXPECT_EQ(model.input, std::vector<double>(begin, begin + 16));
    }
    EXPECT_EQ(too_many.status, 2);
    EXPECT_NE(too_many.err.find("w.h5: has 2 networks"), std::string::npos) << too_many.err;
}

TEST_F(CommandLine, ExportedNetworksSimulateAsTrained) {
    train("r", {"--precision", "fp64"});
    const Config config = load_config("small.yaml");
    const std::string first = config.networks[7].uid;
    const std::string second = config.networks[2].uid;
    expect_done({"export", "r", "--networks", first + "," + second, "--out", "w.h5"});
    const WeightsFile weights = read_weights("w.h5");
    EXPECT_EQ(weights.uids, (std::vector<std::string>{first, second}));
    const InputsFile inputs = small_inputs(20, 30);
    write_driven("driven.h5", weights, inputs);

    expect_done({"simulate", "--weights", "driven.h5", "--out", "s.h5"});

    const Answer answer = read_answer("s.h5");
    ASSERT_EQ(answer.states.size(), 2u * 2 * 20 * 30);
    ASSERT_EQ(answer.outputs.size(), 2u * 2 * 20 * 3);
    const auto backend = make_backend("auto", {Precision::fp64, 1, 0});
    for (std::size_t network = 0; network < 2; ++network) {
        const NetworkModel folded = effective_model("r", network == 0 ? first : second);
        NetworkModel trained =
            PopulationFile("r/population.h5").model(network == 0 ? first : second);
        for (std::size_t trial = 0; trial < 2; ++trial) {
            SimulationRequest request;
            request.steps = 20;
            request.initial_states.assign(inputs.initial_state.begin() + 30 * trial,
                                          inputs.initial_state.begin() + 30 * (trial + 1));
            request.inputs = {inputs.inputs_series.data() + trial * 40};
            request.outputs_from = 0;
            for (int t = 1; t <= 20; ++t) {
                request.states_at.push_back(t);
            }
            std::vector<SimulationRequest> requests(2, request);
            requests[0].network = &folded;
            requests[1].network = &trained;
            const auto results = backend->simulate(requests);
            const std::size_t run = network * 2 + trial;
            const std::vector<double> states(answer.states.begin() + 600 * run,
                                             answer.states.begin() + 600 * (run + 1));
            const std::vector<double> outputs(answer.outputs.begin() + 60 * run,
                                              answer.outputs.begin() + 60 * (run + 1));
            EXPECT_EQ(states, results[0].states);  // the very weights that were exported
            EXPECT_EQ(outputs, results[0].outputs);
            // With the feedback apart: the same network up to rounding. Its Jacobian is below 3 in
            // norm, so that over 2 tau rounding grows by less than exp(2 * 3) = 400.
            for (std::size_t i = 0; i < states.size(); ++i) {
                EXPECT_NEAR(states[i], results[1].states[i], 400 * rounding(30, 20));
            }
        }
    }
}

TEST_F(CommandLine, SimulateAnswersTheStateAfterEachInput) {
    train("r", {"--set", "sweep.replicate=1", "--set", "network.units=6"});
    expect_done({"export", "r", "--networks", "all", "--out", "w.h5"});
    const WeightsFile weights = read_weights("w.h5");
    ASSERT_EQ(weights.networks, 4);
    const InputsFile inputs = small_inputs(3, 6);
    write_driven("driven.h5", weights, inputs);

    expect_done({"simulate", "--weights", "driven.h5", "--out", "s.h5", "--backend", "reference"});

    const Answer answer = read_answer("s.h5");
    ASSERT_EQ(answer.states.size(), 4u * 2 * 3 * 6);
    double worst = 0.0;
    for (std::size_t run = 0; run < 8; ++run) {
        const std::size_t network = run / 2;
        const std::size_t trial = run % 2;
        std::vector<double> x(inputs.initial_state.begin() + 6 * trial,
                              inputs.initial_state.begin() + 6 * (trial + 1));
        for (std::size_t t = 0; t < 3; ++t) {
            x = plain_step(weights, network, x, inputs.inputs_series.data() + trial * 6 + 2 * t);
            for (std::size_t i = 0; i < 6; ++i) {
                worst = std::max(worst, std::abs(x[i] - answer.states[(run * 3 + t) * 6 + i]));
            }
            for (std::size_t o = 0; o < 3; ++o) {
                double z = 0.0;
                for (std::size_t i = 0; i < 6; ++i) {
                    z += weights.readout[(network * 3 + o) * 6 + i] * std::tanh(x[i]);
                }
                worst = std::max(worst, std::abs(z - answer.outputs[(run * 3 + t) * 3 + o]));
            }
        }
    }
    std::printf("worst difference %g\n", worst);
    EXPECT_LT(worst, rounding(6, 3));
}

// z = R x + b of the states x in place of z = R tanh(x); one start stands for both trials.
TEST_F(CommandLine, ReadoutsOfStatesWithABias) {
    const auto draws = [](std::uint32_t what, std::uint32_t count) {
        std::vector<double> values;
        for (std::uint32_t i = 0; i < count; ++i) {
            values.push_back(standard_normal(random_bits({6, 0}, Purpose::test, what, 0, i)));
        }
        return values;
    };
    const InputsFile inputs = small_inputs(4, 3);
    WeightsFile weights;
    weights.networks = 2;
    weights.units = 3;
    weights.outputs = 2;
    weights.inputs = 2;
    weights.recurrent = draws(0, 18);
    weights.input = draws(1, 12);
    weights.readout = draws(2, 12);
    weights.initial_state = draws(3, 6);
    weights.initial_trials = 1;
    weights.inputs_series = inputs.inputs_series;
    weights.series_trials = 2;
    weights.series_steps = 4;
    write_weights_h5("rates.h5", weights);
    weights.readout_of_states = true;
    weights.readout_bias = {1.0, 2.0, 3.0, 4.0};
    write_weights_h5("states.h5", weights);

    expect_done({"simulate", "--weights", "rates.h5", "--out", "r.h5"});
    expect_done({"simulate", "--weights", "states.h5", "--out", "s.h5"});

    const hdf5::ReadGroup of_rates("r.h5");
    const hdf5::ReadGroup of_states("s.h5");
    const auto states = of_states.numbers("states", {2, 2, 4, 3});
    EXPECT_EQ(states, of_rates.numbers("states", {2, 2, 4, 3}));
    const auto rates_out = of_rates.numbers("outputs", {2, 2, 4, 2});
    const auto states_out = of_states.numbers("outputs", {2, 2, 4, 2});
    for (std::size_t row = 0; row < 16; ++row) {
        const std::size_t network = row / 8;
        for (std::size_t o = 0; o < 2; ++o) {
            double of_rate = 0.0;
            double of_state = weights.readout_bias[network * 2 + o];
            for (std::size_t i = 0; i < 3; ++i) {
                const double w = weights.readout[(network * 2 + o) * 3 + i];
                of_rate += w * std::tanh(states[row * 3 + i]);
                of_state += w * states[row * 3 + i];
            }
            // Four terms of order one, half an ulp each, and tanh.
            EXPECT_NEAR(rates_out[row * 2 + o], of_rate, 4e-15);
            EXPECT_NEAR(states_out[row * 2 + o], of_state, 4e-15);
        }
    }
}

TEST_F(CommandLine, OneNetworkWithoutItsAxis) {
    const std::string script = R"(
import h5py, numpy as np
with h5py.File('two.h5', 'w') as f, h5py.File('three.h5', 'w') as g:
    w = np.random.default_rng(1).normal(size=(4, 4))
    for file, lead in ((f, ()), (g, (1,))):
        file['recurrent'] = w.reshape(lead + (4, 4))
        file['input'] = np.ones(lead + (4, 1))
        file['readout'] = np.eye(4)[:2].reshape(lead + (2, 4))
        file['bias'] = np.full(lead + (4,), 0.25)
        file['initial_state'] = np.arange(12.0).reshape(3, 4) / 10
        file.attrs['cell'] = 'rate'; file.attrs['tau'] = 1.0; file.attrs['dt'] = 0.5
with h5py.File('in.h5', 'w') as f:
    f['inputs'] = np.linspace(-1, 1, 15).reshape(3, 5, 1)
)";
    write("make.py", script);
    ASSERT_EQ(std::system("/usr/bin/python3 make.py"), 0);

    expect_done({"simulate", "--weights", "two.h5", "--inputs", "in.h5", "--out", "a.h5"});
    expect_done({"simulate", "--weights", "three.h5", "--inputs", "in.h5", "--out", "b.h5"});

    write("look.py", R"(
import h5py, numpy as np
a, b, i, w = (h5py.File(n) for n in ('a.h5', 'b.h5', 'in.h5', 'two.h5'))
assert a['states'].shape == (1, 3, 5, 4) and a['outputs'].shape == (1, 3, 5, 2)
assert a['states'].dtype == np.float64
assert np.array_equal(a['states'], b['states']) and np.array_equal(a['outputs'], b['outputs'])
h = w['initial_state'][...]
for t in range(5):
    h = h + 0.5 * (-h + np.tanh(h @ w['recurrent'][...].T + i['inputs'][:, t] + 0.25))
    # Entry t is the state after inputs[t]; ten ulps of sums of four products.
    assert np.abs(a['states'][0, :, t] - h).max() < 1e-14
    assert np.array_equal(a['outputs'][0, :, t], a['states'][0, :, t, :2])
)");
    EXPECT_EQ(std::system("/usr/bin/python3 look.py"), 0);
    expect_done({"simulate", "--weights", "two.h5", "--inputs", "in.h5", "--out", "c.h5",
                 "--precision", "fp32"});
    EXPECT_EQ(std::system("/usr/bin/python3 -c \"import h5py; "
                          "assert h5py.File('c.h5')['states'].dtype == 'f4'\""),
              0);
}

TEST_F(CommandLine, SimulateMistakes) {
    train("r", {"--set", "sweep.replicate=1"});
    expect_done({"export", "r", "--networks", "all", "--out", "w.h5"});
    const Outcome none = shoal({"simulate", "--weights", "w.h5", "--out", "s.h5"});
    EXPECT_EQ(none.status, 2);
    expect_contains(none.err, "no `inputs`");
    expect_contains(none.err, "--inputs");

    WeightsFile weights = read_weights("w.h5");
    weights.inputs = 1;
    weights.input.resize(weights.input.size() / 2);
    weights.inputs_series.assign(10, 0.5);
    weights.series_trials = 1;
    weights.series_steps = 10;
    write_weights_h5("one-channel.h5", weights);
    const Outcome channels =
        shoal({"simulate", "--weights", "w.h5", "--inputs", "one-channel.h5", "--out", "s.h5"});
    EXPECT_EQ(channels.status, 3);
    expect_contains(channels.err, "1 channels");
    write("s.txt", "not HDF5");
    EXPECT_EQ(shoal({"simulate", "--weights", "s.txt", "--out", "s.h5"}).status, 3);
    const std::string before = read_text_file("w.h5");
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"simulate", "--weights", "w.h5", "--inputs", "w.h5", "--out", "./w.h5"},
             {"adjoint", "--weights", "w.h5", "--steps", "5", "--out", "w.h5"},
             {"export", "r", "--networks", "all", "--out", "r/population.h5"}}) {
        const Outcome itself = shoal(arguments);
        EXPECT_EQ(itself.status, 2);
        expect_contains(itself.err, "is a file that is read");
    }
    EXPECT_EQ(read_text_file("w.h5"), before);
    EXPECT_FALSE(fs::exists("s.h5"));
}

TEST_F(CommandLine, ExportMistakes) {
    train("r", {"--set", "sweep.network.units=[8, 9]", "--set", "sweep.replicate=1"});
    const Outcome sizes = shoal({"export", "r", "--networks", "all", "--out", "w.h5"});
    EXPECT_EQ(sizes.status, 2);
    expect_contains(sizes.err, "differ in size");
    const Outcome stranger =
        shoal({"export", "r", "--networks", "0123456789abcdef", "--out", "w.h5"});
    EXPECT_EQ(stranger.status, 2);
    expect_contains(stranger.err, "has no network 0123456789abcdef");
    for (const char* nothing : {"", ","}) {
        EXPECT_EQ(shoal({"export", "r", "--networks", nothing, "--out", "w.h5"}).status, 2);
    }
    const Outcome archive = shoal({"export", "r", "--networks", "all", "--out", "w.npz"});
    EXPECT_EQ(archive.status, 2);
    expect_contains(archive.err, "python3 -m shoal_reader.npz w.h5 w.npz");
    EXPECT_FALSE(fs::exists("w.h5"));
}

TEST_F(CommandLine, WrittenFilesAreReplaced) {
    train("r", {"--set", "sweep.replicate=1"});
    for (const char* name : {"w.h5", "t.h5"}) {
        write(name, "old");
    }
    expect_done({"export", "r", "--networks", "all", "--out", "w.h5"});
    expect_done({"task", "small.yaml", "--out", "t.h5"});
    EXPECT_GT(fs::file_size("w.h5"), 1000u);
    EXPECT_EQ(read_trials("t.h5").trials.size(), 8u);
}

}  // namespace
}  // namespace shoal::test
