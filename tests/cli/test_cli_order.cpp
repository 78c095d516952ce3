// SPDX-License-Identifier: MIT
// Weights files whose axes are in reverse order, as MATLAB writes them.
#include "config/config.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {
namespace {

/// c.h5, and the same in matlab.h5 as h5write has it there: axes in reverse, vectors as columns, an
/// axis of one entry lost at the end. in-c.h5 and in-matlab.h5: inputs. c1.h5, matlab1.h5: one
/// network without its axis; open.h5: its matrix alone.
constexpr const char* make_files = R"(
import h5py, numpy as np
r = np.random.default_rng(1)
def write(name, datasets):
    for order in ('c', 'matlab'):
        with h5py.File(order + name + '.h5', 'w') as file:
            for key, values in datasets.items():
                if order == 'matlab':
                    values = values[:, None] if values.ndim == 1 else values
                    while values.ndim > 2 and values.shape[-1] == 1:
                        values = values[..., 0]
                    values = values.T
                file[key] = values
            file.attrs['cell'] = 'rate'; file.attrs['tau'] = 1.0; file.attrs['dt'] = 0.5
one = {'recurrent': r.normal(size=(4, 4)), 'input': r.normal(size=(4, 1)), 'bias': r.normal(size=4),
       'readout': r.normal(size=(1, 4)), 'inputs': r.normal(size=(3, 40, 1)),
       'constant_input': np.array([0.3]), 'initial_state': r.normal(size=(3, 4))}
write('1', one)
write('', {'recurrent': r.normal(size=(2, 4, 4)), 'input': r.normal(size=(2, 4, 3)),
           'readout': r.normal(size=(2, 2, 4)), 'bias': r.normal(size=(2, 4))})
for order in ('c', 'matlab'):
    with h5py.File('in-' + order + '.h5', 'w') as file:
        u = np.random.default_rng(2).normal(size=(5, 40, 3))
        file['inputs'] = u if order == 'c' else u.T
with h5py.File('open.h5', 'w') as file:
    file['recurrent'] = one['recurrent']
    file['bias'] = one['bias']
    file.attrs['cell'] = 'rate'; file.attrs['tau'] = 1.0; file.attrs['dt'] = 0.5
)";

class ArrayOrders : public CommandLine {
  protected:
    ArrayOrders() {
        write("make.py", make_files);
        EXPECT_EQ(std::system("/usr/bin/python3 make.py"), 0);
    }
};

TEST_F(ArrayOrders, MatlabsFilesAreTheSameNetworks) {
    const std::vector<std::vector<std::string>> commands = {
        {"simulate", "--weights", "%1.h5"},
        {"simulate", "--weights", "%.h5", "--inputs", "in-%.h5"},
        {"adjoint", "--weights", "%1.h5"},
        {"adjoint", "--weights", "%.h5", "--inputs", "in-%.h5"},
        {"adjoint", "--weights", "%.h5", "--steps", "40"},
        {"analyze", "--weights", "%1.h5", "--quiet"},
        {"analyze", "--weights", "%.h5", "--quiet"}};
    for (const auto& command : commands) {
        for (const char* order : {"c", "matlab"}) {
            std::vector<std::string> arguments = command;
            for (std::string& word : arguments) {
                if (const auto at = word.find('%'); at != std::string::npos) {
                    word.replace(at, 1, order);
                }
            }
            arguments.insert(arguments.end(),
                             {"--order", order, "--out", std::string(order) + "-answer.h5"});
            const Outcome outcome = shoal(arguments);
            ASSERT_EQ(outcome.status, 0) << outcome.err;
            EXPECT_EQ(outcome.err.find("order"), std::string::npos) << outcome.err;
        }
        EXPECT_EQ(read_file("c-answer.h5"), read_file("matlab-answer.h5")) << command[0];
    }
}

TEST_F(ArrayOrders, TrainingStartsFromMatlabsFile) {
    const auto train_from = [](const std::string& file, const std::string& more,
                               const std::string& out) {
        write("init.yaml", "network: {units: 4, cell: rate, init: file, path: " + file + more +
                               "}\ntask: {kind: interval}\n"
                               "training: {method: bptt, batch: 2, iterations: 3}\n");
        return shoal({"train", "init.yaml", "--out", out, "--quiet"});
    };
    const Outcome as_is = train_from("c1.h5", "", "c");
    const Outcome reversed = train_from("matlab1.h5", ", order: matlab", "m");
    ASSERT_EQ(as_is.status, 0) << as_is.err;
    ASSERT_EQ(reversed.status, 0) << reversed.err;
    EXPECT_EQ(reversed.err, "");
    const auto recurrent = [](const fs::path& run) {
        const PopulationFile population(run / "population.h5");
        return effective_matrix(population.model(population.uids().front()));
    };
    EXPECT_EQ(recurrent("c"), recurrent("m"));

    const Outcome refused = train_from("matlab1.h5", "", "no");
    EXPECT_EQ(refused.status, 3);
    expect_contains(refused.err, "network.order");
    // Identities are those from before the key: the default says nothing.
    EXPECT_EQ(train_from("c1.h5", ", order: c", "explicit").status, 0);
    EXPECT_EQ(load_config("c/config.yaml").networks[0].uid,
              load_config("explicit/config.yaml").networks[0].uid);
    EXPECT_NE(load_config("c/config.yaml").networks[0].uid,
              load_config("m/config.yaml").networks[0].uid);
    EXPECT_EQ(shoal({"train", "small.yaml", "--set", "network.order=matlab"}).status, 2);
}

TEST_F(ArrayOrders, AnErrorSaysWhichOrderFits) {
    for (const char* weights : {"matlab.h5", "matlab1.h5"}) {
        const Outcome reversed =
            shoal({"adjoint", "--weights", weights, "--steps", "20", "--out", "s.h5"});
        EXPECT_EQ(reversed.status, 3);
        expect_contains(reversed.err, "give --order matlab");
    }
    const Outcome as_is =
        shoal({"adjoint", "--weights", "c.h5", "--order", "matlab", "--out", "s.h5"});
    EXPECT_EQ(as_is.status, 3);
    expect_contains(as_is.err, "leave out --order matlab");
    const Outcome inputs =
        shoal({"simulate", "--weights", "c.h5", "--inputs", "in-matlab.h5", "--out", "s.h5"});
    EXPECT_EQ(inputs.status, 3);
    expect_contains(inputs.err, "inputs have 5 channels");
    EXPECT_EQ(shoal({"adjoint", "--weights", "c.h5", "--order", "f", "--out", "s.h5"}).status, 2);
    EXPECT_FALSE(fs::exists("s.h5"));
}

TEST_F(ArrayOrders, AnAssumedOrderIsTold) {
    const Outcome assumed = shoal({"analyze", "--weights", "open.h5", "--out", "a.h5", "--quiet"});
    EXPECT_EQ(assumed.status, 0) << assumed.err;
    expect_contains(assumed.err, "note: open.h5: ");
    expect_contains(assumed.err, "recurrent[to, from]");
    expect_contains(assumed.err, "--order matlab");
    for (const char* order : {"c", "matlab"}) {
        const Outcome said = shoal({"analyze", "--weights", "open.h5", "--out",
                                    std::string(order) + ".h5", "--order", order, "--quiet"});
        EXPECT_EQ(said.status, 0) << said.err;
        EXPECT_EQ(said.err, "");
    }
    EXPECT_EQ(read_file("a.h5"), read_file("c.h5"));
    EXPECT_NE(read_file("a.h5"), read_file("matlab.h5"));

    write("init.yaml",
          "network: {units: 4, cell: rate, init: file, path: open.h5}\n"
          "task: {kind: interval}\ntraining: {method: bptt, batch: 2, iterations: 1}\n");
    expect_contains(shoal({"run", "init.yaml", "--dry-run"}).out, "network.order: matlab");

    // What shoal wrote is known, square or not.
    train("r", {"--set", "sweep.replicate=1"});
    ASSERT_EQ(shoal({"export", "r", "--networks", "all", "--out", "w.h5"}).status, 0);
    for (const char* order : {"c", "matlab"}) {
        const Outcome own = shoal({"adjoint", "--weights", "w.h5", "--steps", "200", "--out",
                                   std::string(order) + "-own.h5", "--order", order});
        EXPECT_EQ(own.status, 0) << own.err;
    }
    EXPECT_EQ(read_file("c-own.h5"), read_file("matlab-own.h5"));
}

}  // namespace
}  // namespace shoal::test
