// SPDX-License-Identifier: MIT
// Writing weights files, and the answers of `simulate`.
#include <algorithm>

#include "core/file.hpp"
#include "store/exchange_files.hpp"
#include "store/hdf5_write.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

std::uint64_t count_of(int size) {
    return static_cast<std::uint64_t>(size);
}

void write_cell(WriteGroup& root, Cell cell, double tau, double dt) {
    root.attribute("cell", std::string(name_of(cell)));
    root.attribute("tau", tau);
    root.attribute("dt", dt);
}

/// Rows of states, those of each network by itself where they are.
void put_states(WriteGroup& root, const WeightsFile& weights, const std::string& name,
                const std::string& axis, const std::vector<double>& states, int rows) {
    std::vector<std::string> axes = {axis, "unit"};
    if (weights.has_own(states, rows)) {
        axes.insert(axes.begin(), "network");
    }
    if (!states.empty()) {
        root.put(name, Type::float64, axes, states);
    }
}

void put_if_any(WriteGroup& root, const std::string& name, const std::vector<std::string>& axes,
                const std::vector<double>& values) {
    if (!values.empty()) {
        root.put(name, Type::float64, axes, values);
    }
}

}  // namespace

void write_weights_h5(const std::filesystem::path& path, const WeightsFile& weights) {
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        WriteGroup root = file.root();
        write_cell(root, weights.cell, weights.tau, weights.dt);
        if (weights.readout_of_states) {
            root.attribute("readout_acts_on", std::string("state"));
        }
        root.dimension("network", count_of(weights.networks));
        root.dimension("to", count_of(weights.units));
        root.dimension("from", count_of(weights.units));
        root.dimension("unit", count_of(weights.units));
        if (weights.inputs > 0) {
            root.dimension("channel", count_of(weights.inputs));
        }
        if (weights.outputs > 0) {
            root.dimension("output", count_of(weights.outputs));
        }
        const int trials = std::max(weights.series_trials, weights.initial_trials);
        if (trials > 0) {
            root.dimension("trial", count_of(trials));
        }
        if (weights.memories > 0) {
            root.dimension("memory", count_of(weights.memories));
        }
        if (weights.conditions > 1) {
            root.dimension("condition", count_of(weights.conditions));
        }
        if (weights.series_steps > 0) {
            root.dimension("time", count_of(weights.series_steps));
        }
        put_if_any(root, "recurrent", {"network", "to", "from"}, weights.recurrent);
        put_if_any(root, "input", {"network", "unit", "channel"}, weights.input);
        put_if_any(root, "readout", {"network", "output", "unit"}, weights.readout);
        put_if_any(root, "readout_bias", {"network", "output"}, weights.readout_bias);
        put_if_any(root, "bias", {"network", "unit"}, weights.bias);
        put_if_any(root, "constant_input",
                   weights.conditions > 1
                       ? std::vector<std::string>{"network", "condition", "channel"}
                       : std::vector<std::string>{"network", "channel"},
                   weights.constant_input);
        put_if_any(root, "inputs", {"trial", "time", "channel"}, weights.inputs_series);
        const bool one_of_all = weights.initial_trials == 1 && trials > 1;
        if (one_of_all) {
            root.dimension("start", 1);
        }
        put_states(root, weights, "initial_state", one_of_all ? "start" : "trial",
                   weights.initial_state, weights.initial_trials);
        put_states(root, weights, "memory_states", "memory", weights.memory_states,
                   weights.memories);
        if (!weights.uids.empty()) {
            root.put("uid", Type::string, {"network"}, weights.uids);
            root.describe("recurrent", "coordinates", std::string("uid"));
        }
        file.close();
    });
}

void write_simulation(const std::filesystem::path& path, const SimulationShape& shape, Cell cell,
                      double tau, double dt,
                      const std::function<void(int network, std::vector<double>& states,
                                               std::vector<double>& outputs)>& fill,
                      Precision precision) {
    const Type real = precision == Precision::fp32 ? Type::float32 : Type::float64;
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        WriteGroup root = file.root();
        write_cell(root, cell, tau, dt);
        root.dimension("network", count_of(shape.networks));
        root.dimension("trial", count_of(shape.trials));
        root.dimension("time", count_of(shape.steps));
        root.dimension("unit", count_of(shape.units));
        root.create("states", real, {"network", "trial", "time", "unit"});
        if (shape.outputs > 0) {
            root.dimension("output", count_of(shape.outputs));
            root.create("outputs", real, {"network", "trial", "time", "output"});
        }
        std::vector<double> states;
        std::vector<double> outputs;
        for (int i = 0; i < shape.networks; ++i) {
            fill(i, states, outputs);
            root.write_at("states", count_of(i), states);
            if (shape.outputs > 0) {
                root.write_at("outputs", count_of(i), outputs);
            }
        }
        file.close();
    });
}

}  // namespace shoal
