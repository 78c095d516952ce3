// SPDX-License-Identifier: MIT
// task, simulate, export: files for and from other programs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/series.hpp"
#include "cli/weights_order.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "store/population_file.hpp"
#include "store/run_directory.hpp"
#include "task/task.hpp"

namespace shoal {
namespace {

struct TaskOptions {
    std::string config;
    std::string out;
    std::string network;
    std::vector<std::string> set;
    int trials = 8;
};

const NetworkSpec& find_network(const Config& config, const std::string& uid) {
    if (uid.empty()) {
        return config.networks.front();
    }
    const auto found = std::find_if(config.networks.begin(), config.networks.end(),
                                    [&](const NetworkSpec& spec) { return spec.uid == uid; });
    if (found == config.networks.end()) {
        throw usage_error(
            fmt::format("--network {}: no network of this configuration has that uid", uid));
    }
    return *found;
}

void write_task(const TaskOptions& options) {
    const Config config = load_config(options.config, options.set);
    const NetworkSpec& spec = find_network(config, options.network);
    const int trials = training_trials(spec.training);
    if (options.trials > trials) {
        throw usage_error(fmt::format("--trials {}: training sees {} trials ({})", options.trials,
                                      trials,
                                      spec.training.method == TrainingMethod::force
                                          ? "training.trials"
                                          : "training.iterations times training.batch"));
    }
    const auto task = shared_task(spec);
    // The order depends on how many trials training has, not on how many are written.
    const auto order = task->training_order(spec.key(), trials);
    TrialsFile file;
    file.shape = task->shape();
    for (int i = 0; i < options.trials; ++i) {
        Trial trial;
        task->training_trial(spec.key(), i, order[static_cast<std::size_t>(i)], trial);
        file.trials.push_back(std::move(trial));
    }
    write_trials(options.out, file, spec.network.dt);
}

struct SimulateOptions {
    std::string weights;
    std::string inputs;
    std::string order;
    std::string out;
    ComputeOptions compute;
};

/// An Error if values [trial, time, ...] of a network are not finite.
void require_range(const SimulateOptions& options, int network, const InputsFile& series,
                   const std::vector<double>& values, Precision precision) {
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](double value) { return !std::isfinite(value); });
    if (bad != values.end()) {
        const auto each = values.size() / static_cast<std::size_t>(series.trials * series.steps);
        const auto at = static_cast<std::size_t>(bad - values.begin()) / each;
        const auto steps = static_cast<std::size_t>(series.steps);
        throw file_error(
            fmt::format("{}: network {}, trial {}: leaves the range of {} in step {}; {}",
                        options.weights, network, at / steps, name_of(precision), at % steps,
                        precision == Precision::fp64 ? "the weights or inputs are too large"
                                                     : "give --precision fp64"));
    }
}

/// Outputs [trial, time, output] as the file has them, from those that a backend makes of rates:
/// from states [trial, time, unit] where the readout acts on these, and with their bias.
void finish_outputs(const WeightsFile& weights, int network, const std::vector<double>& states,
                    std::vector<double>& outputs) {
    const auto units = static_cast<std::size_t>(weights.units);
    const auto width = static_cast<std::size_t>(weights.outputs);
    const double* readout =
        weights.readout.data() + static_cast<std::size_t>(network) * width * units;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (weights.readout_of_states) {
            outputs[i] =
                std::inner_product(readout + i % width * units, readout + (i % width + 1) * units,
                                   states.data() + i / width * units, 0.0);
        }
        if (!weights.readout_bias.empty()) {
            outputs[i] +=
                weights.readout_bias[static_cast<std::size_t>(network) * width + i % width];
        }
    }
}

void simulate(const SimulateOptions& options) {
    require_other_file(options.out, {options.weights, options.inputs});
    const WeightsFile weights = weights_of(options.weights, options.order);
    const InputsFile series =
        series_for(weights, options.weights, options.inputs, order_of(options.order));
    if (series.steps == 0) {
        throw usage_error(
            fmt::format("{} has no `inputs`; give a file with inputs[trial,time,input] by --inputs",
                        options.weights));
    }
    if (!weights.constant_input.empty()) {
        fmt::print(stderr, "{}: constant_input is not held: the inputs are given\n",
                   options.weights);
    }
    const auto backend = open_backend(options.compute, Precision::fp64);
    const auto trials = static_cast<std::size_t>(series.trials);
    const auto units = static_cast<std::size_t>(weights.units);
    const auto block =
        static_cast<std::size_t>(series.steps) * static_cast<std::size_t>(series.inputs);
    const SimulationShape shape{weights.networks, series.trials, series.steps, weights.units,
                                weights.outputs};
    write_simulation(
        options.out, shape, weights.cell, weights.tau, weights.dt,
        [&](int network, std::vector<double>& states, std::vector<double>& outputs) {
            const NetworkModel model = model_of(weights, network);
            const std::vector<double> starts = starts_for(weights, series, network);
            // One request per trial, so that a single network keeps every thread busy.
            std::vector<SimulationRequest> requests(trials);
            for (std::size_t i = 0; i < trials; ++i) {
                SimulationRequest& request = requests[i];
                request.network = &model;
                request.steps = series.steps;
                request.inputs = {series.inputs == 0 ? nullptr
                                                     : series.inputs_series.data() + i * block};
                request.outputs_from = 0;
                const auto start = starts.begin() + static_cast<std::ptrdiff_t>(i * units);
                request.initial_states.assign(start, start + weights.units);
                for (int t = 1; t <= series.steps; ++t) {
                    request.states_at.push_back(t);
                }
            }
            states.clear();
            outputs.clear();
            for (const SimulationResult& result : backend->simulate(requests)) {
                states.insert(states.end(), result.states.begin(), result.states.end());
                outputs.insert(outputs.end(), result.outputs.begin(), result.outputs.end());
            }
            finish_outputs(weights, network, states, outputs);
            require_range(options, network, series, states, backend->precision());
            require_range(options, network, series, outputs, backend->precision());
        },
        backend->precision());
}

struct ExportOptions {
    std::string folder;
    std::string networks;
    std::string out;
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) {
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    return parts;
}

/// Adds one network's row [unit] to those of the file; empty: 0.
void add_row(const std::vector<double>& row, const WeightsFile& file, std::vector<double>& rows) {
    rows.insert(rows.end(), row.begin(), row.end());
    rows.resize(file.uids.size() * static_cast<std::size_t>(file.units), 0.0);
}

/// What is 0 in every network is left out.
void drop_zeros(std::vector<double>& rows) {
    if (std::all_of(rows.begin(), rows.end(), [](double x) { return x == 0.0; })) {
        rows.clear();
    }
}

void export_networks(const ExportOptions& options) {
    if (options.out.ends_with(".npz")) {
        throw usage_error(
            "--out: export writes HDF5; write w.h5, and turn it into w.npz with "
            "python3 -m shoal_reader.npz w.h5 w.npz (tools/python)");
    }
    const RunPaths paths{options.folder};
    require_other_file(options.out, {paths.population().string(), paths.analysis().string()});
    const PopulationFile population(paths.population());
    const auto& known = population.uids();
    std::vector<std::string> wanted = split(options.networks);
    if (options.networks == "all") {
        wanted = known;
    }
    if (wanted.empty()) {
        throw usage_error("--networks: no network is named; give uid,uid,... or all");
    }
    WeightsFile file;
    file.networks = static_cast<int>(wanted.size());
    for (const std::string& uid : wanted) {
        if (std::find(known.begin(), known.end(), uid) == known.end()) {
            throw usage_error(fmt::format("--networks: {} has no network {}; see population.csv",
                                          options.folder, uid));
        }
        if (population.network(uid).status == Status::pending) {
            throw usage_error(fmt::format("--networks: {} is not trained yet", uid));
        }
        const NetworkModel model = population.model(uid);
        if (file.uids.empty()) {
            file.units = model.units;
            file.inputs = model.inputs;
            file.outputs = model.outputs;
            file.cell = model.cell;
            file.tau = model.tau;
            file.dt = model.dt;
        } else if (model.units != file.units || model.inputs != file.inputs ||
                   model.outputs != file.outputs || model.cell != file.cell ||
                   model.tau != file.tau || model.dt != file.dt) {
            throw usage_error(
                fmt::format("--networks: {} and {} differ in size, cell, tau or dt; export them to "
                            "separate files",
                            file.uids.front(), uid));
        }
        file.uids.push_back(uid);
        const auto w = effective_matrix(model);
        file.recurrent.insert(file.recurrent.end(), w.begin(), w.end());
        file.input.insert(file.input.end(), model.input.begin(), model.input.end());
        file.readout.insert(file.readout.end(), model.readout.begin(), model.readout.end());
        add_row(model.bias, file, file.bias);
        // FORCE's trials start where the one before ended.
        const bool by_force = !population.curve(uid).error_curve.empty();
        add_row(by_force ? std::vector<double>{} : model.initial_state, file, file.initial_state);
    }
    drop_zeros(file.bias);
    drop_zeros(file.initial_state);
    file.initial_trials = file.initial_state.empty() ? 0 : 1;
    write_weights_h5(options.out, file);
}

}  // namespace

void add_exchange_commands(CLI::App& app) {
    const auto task = std::make_shared<TaskOptions>();
    CLI::App* command =
        app.add_subcommand("task", "Write the very trials that training sees (HDF5)");
    command->add_option("config", task->config, "Configuration (YAML)")
        ->required()
        ->type_name("FILE");
    command->add_option("--trials", task->trials, "How many, from the first")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--out", task->out, "Trials file to write")->required()->type_name("FILE");
    command->add_option("--network", task->network, "uid (default: the sweep's first network)");
    command->add_option("--set", task->set, "Override a key (repeatable)")->allow_extra_args(false);
    command->footer("Examples:\n  shoal task configs/quickstart.yaml --trials 8 --out trials.h5");
    command->callback([task] { write_task(*task); });

    const auto run = std::make_shared<SimulateOptions>();
    command = app.add_subcommand("simulate", "Run any weights on any inputs: states and outputs");
    command->add_option("--weights", run->weights, "Weights file (HDF5)")
        ->required()
        ->type_name("FILE");
    command
        ->add_option("--inputs", run->inputs,
                     "File with inputs[trial,time,input] (default: those in the weights file)")
        ->type_name("FILE");
    command->add_option("--out", run->out, "HDF5 file to write")->required()->type_name("FILE");
    add_order_option(*command, run->order);
    add_compute_options(*command, run->compute, "fp64");
    command->footer(
        "Examples:\n  shoal simulate --weights w.h5 --inputs trials.h5 --out states.h5");
    command->callback([run] { simulate(*run); });

    const auto out = std::make_shared<ExportOptions>();
    command = app.add_subcommand("export", "Effective matrices of trained networks");
    command->add_option("dir", out->folder, "Run directory")->required()->type_name("DIR");
    command->add_option("--networks", out->networks, "uid,uid,... or all")->required();
    command->add_option("--out", out->out, "Weights file to write (HDF5)")
        ->required()
        ->type_name("FILE");
    command->footer(
        "Examples:\n"
        "  shoal export runs/quickstart --networks 0123456789abcdef --out w.h5");
    command->callback([out] { export_networks(*out); });
}

}  // namespace shoal
