// SPDX-License-Identifier: MIT
// Files exchanged with other programs: trials, weights, simulations and export (HDF5).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

/// Trials file: inputs[trial,time,input], trial_type[trial], mask[trial,time,output] (or
/// [trial,time] for all outputs of a step), 0 where there is no error and else what it counts, and
/// either targets[trial,time,output] (or [trial,time] of one output) or classes from 0 on as
/// labels[trial,time] (or [trial]), with a mask [trial,time].
using TrialsFile = TrialList;
/// `dt` is stored as an attribute of the file.
void write_trials(const std::filesystem::path& path, const TrialsFile& trials, double dt);
/// Checks shapes, mask values, finite numbers; sizes are never trusted beyond the file. Targets
/// where mask is 0 are read as 0, whatever stands there.
TrialsFile read_trials(const std::filesystem::path& path);
/// The TrialsLoader of this store: what `task: {kind: file}` trains on.
TrialList load_task_trials(const std::string& path);

/// The task of a network, made once in this process for all that have the same one; any thread may
/// ask. A file counts by its content.
std::shared_ptr<const Task> shared_task(const NetworkSpec& spec);

/// Weights file: effective matrices of one or more networks of one size.
struct WeightsFile {
    int networks = 1;
    int units = 0;
    int inputs = 0;   ///< 0: no input matrix
    int outputs = 0;  ///< 0: no readout
    Cell cell{};
    double tau = 1.0;
    double dt = 0.1;
    std::vector<double> recurrent;       ///< [network, to, from]
    std::vector<double> input;           ///< [network, unit, input]
    std::vector<double> readout;         ///< [network, output, unit]
    std::vector<double> bias;            ///< [network, unit]; empty: none
    std::vector<double> readout_bias;    ///< [network, output]; empty: none
    bool readout_of_states = false;      ///< the readout multiplies states in place of rates
    std::vector<double> constant_input;  ///< [network, condition, input]; empty: 0
    int conditions = 1;
    std::vector<double> inputs_series;  ///< `inputs`: [trial, time, input]; empty: none in the file
    int series_trials = 0;
    int series_steps = 0;
    /// Where trials start, [trial, unit] of all networks or [network, trial, unit]; empty: at 0.
    /// One trial stands for all.
    std::vector<double> initial_state;
    int initial_trials = 0;
    /// States that stand for memories, [memory, unit] of all networks or [network, memory, unit].
    std::vector<double> memory_states;
    int memories = 0;
    std::vector<std::string> uids;  ///< [network]; written by export, optional on reading

    /// Whether `states`, rows [row, unit], are there for each network by itself.
    bool has_own(const std::vector<double>& states, int rows) const {
        return states.size() > static_cast<std::size_t>(rows) * static_cast<std::size_t>(units);
    }
    /// The input held of network i in one condition: [input]; empty: 0.
    std::vector<double> constant_input_of(int i, int condition) const {
        if (constant_input.empty()) {
            return {};
        }
        const auto begin =
            constant_input.begin() + std::ptrdiff_t{i * conditions + condition} * inputs;
        return {begin, begin + inputs};
    }
    /// Those of network i: [row, unit].
    std::span<const double> states_of(const std::vector<double>& states, int rows, int i) const {
        const auto size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(units);
        const std::size_t begin = has_own(states, rows) ? static_cast<std::size_t>(i) * size : 0;
        return std::span(states).subspan(begin, size);
    }
};
/// A 2-D `recurrent` means one network and drops the network axis of every other dataset. NaN and
/// infinity, shapes that do not fit each other, and datasets that need an absent one are file
/// errors; one that the other order would mend says so. Files that shoal wrote have their axes as
/// they are, whatever `order` says.
WeightsFile read_weights(const std::filesystem::path& path, ArrayOrder order = ArrayOrder::c);
/// Whether nothing in a weights file tells a matrix from its transpose: another program wrote it,
/// and the shapes of all datasets are the same in reverse.
bool order_is_open(const std::filesystem::path& path);
void write_weights_h5(const std::filesystem::path& path, const WeightsFile& weights);
/// The WeightsLoader of this store: what `init: file` starts from. Of several trials of
/// initial_state the first is taken.
InitialWeights load_initial_weights(const std::string& path, ArrayOrder order);
/// What networks with `init: file` draw because their file lacks it, and what they leave in it,
/// and which order of axes was assumed: a sentence each, none twice.
std::vector<std::string> notes_on_initial_weights(const Config& config);
/// Network i of a weights file as a model without feedback (gain 1).
NetworkModel model_of(const WeightsFile& weights, int i);

/// `--inputs FILE`: inputs[trial,time,input], optional initial_state[trial,unit].
struct InputsFile {
    int trials = 0;
    int steps = 0;
    int inputs = 0;
    std::vector<double> inputs_series;  ///< [trial, time, input]
    std::vector<double> initial_state;  ///< [trial, unit]; empty: none in the file
    int units = 0;                      ///< of initial_state
};
InputsFile read_inputs(const std::filesystem::path& path, ArrayOrder order = ArrayOrder::c);

/// Answer of `simulate`: states[network,trial,time,unit] and outputs[network,trial,time,output].
/// Writes atomically, in float64 or (fp32) float32; `fill(network, states, outputs)` gives one
/// network at a time, states [trial, time, unit] and outputs [trial, time, output].
struct SimulationShape {
    int networks = 0, trials = 0, steps = 0, units = 0, outputs = 0;
};
void write_simulation(const std::filesystem::path& path, const SimulationShape& shape, Cell cell,
                      double tau, double dt,
                      const std::function<void(int network, std::vector<double>& states,
                                               std::vector<double>& outputs)>& fill,
                      Precision precision = Precision::fp64);

}  // namespace shoal
