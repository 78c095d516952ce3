// SPDX-License-Identifier: MIT
// What networks start from with `init: file`.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/error.hpp"
#include "store/exchange_files.hpp"

namespace shoal {
namespace {

/// Sentences on the networks of one file.
class Notes {
  public:
    Notes(std::string path, ArrayOrder order)
        : path_(std::move(path)),
          file_(read_weights(path_, order)),
          assumed_(order == ArrayOrder::c && order_is_open(path_)) {}

    void add_for(const NetworkSpec& spec, std::vector<std::string>& notes) const {
        const bool by_gradients = spec.training.method == TrainingMethod::bptt;
        const TrainedParts& parts = spec.training.parts;
        const auto add = [&](bool holds, const std::string& sentence) {
            const std::string note = fmt::format("init: file: {}: {}", path_, sentence);
            if (holds && std::find(notes.begin(), notes.end(), note) == notes.end()) {
                notes.push_back(note);
            }
        };
        const auto lacks = [&](bool holds, const char* part, const char* then) {
            add(holds, fmt::format("it has no {}, which {}", part, then));
        };
        const auto leaves = [&](bool holds, const char* part, const char* why) {
            add(holds, fmt::format("its {} is not taken: {}", part, why));
        };
        add(assumed_,
            "its shapes do not tell a matrix from its transpose; it is read as recurrent[to, "
            "from], and as [from, to], which MATLAB writes, with network.order: matlab");
        const char* const drawn = "is drawn as without a file";
        const char* const zero = "starts at 0";
        const bool has_start = !file_.initial_state.empty();
        lacks(file_.input.empty(), "input", drawn);
        lacks(by_gradients && file_.readout.empty(), "readout", drawn);
        lacks(by_gradients && parts.bias && file_.bias.empty(), "bias", zero);
        lacks(by_gradients && parts.initial_state && !has_start, "initial_state", zero);
        lacks(!by_gradients && !has_start, "initial_state", drawn);
        add(file_.initial_trials > 1, "the first of its initial states is taken");
        leaves(!by_gradients && !file_.readout.empty(), "readout", "FORCE starts its own at 0");
        const char* const of_task = "inputs are those of the task";
        leaves(!file_.constant_input.empty(), "constant_input", of_task);
        leaves(!file_.inputs_series.empty(), "inputs", of_task);
        leaves(!file_.memory_states.empty(), "memory_states",
               "an analysis of the run finds its own");
        const auto differs = [&](const char* name, const auto& its, const auto& ours) {
            add(its != ours, fmt::format("its {0} is {1}; network.{0}, which is {2}, is taken",
                                         name, its, ours));
        };
        differs("cell", std::string(name_of(file_.cell)), std::string(name_of(spec.network.cell)));
        differs("tau", file_.tau, spec.network.tau);
        differs("dt", file_.dt, spec.network.dt);
    }

  private:
    std::string path_;
    WeightsFile file_;
    bool assumed_;
};

}  // namespace

InitialWeights load_initial_weights(const std::string& path, ArrayOrder order) {
    WeightsFile weights = read_weights(path, order);
    const bool bare = std::all_of(weights.readout_bias.begin(), weights.readout_bias.end(),
                                  [](double b) { return b == 0.0; });
    if (!bare || (weights.readout_of_states && weights.cell == Cell::current)) {
        throw file_error(fmt::format(
            "{}: {}; networks in training have readouts of their rates alone, without a bias", path,
            bare ? "readout_acts_on is state" : "has a readout_bias"));
    }
    InitialWeights initial;
    initial.networks = weights.networks;
    initial.units = weights.units;
    initial.inputs = weights.inputs;
    initial.outputs = weights.outputs;
    initial.recurrent = std::move(weights.recurrent);
    initial.input = std::move(weights.input);
    initial.readout = std::move(weights.readout);
    initial.bias = std::move(weights.bias);
    for (int i = 0; i < weights.networks && !weights.initial_state.empty(); ++i) {
        const auto own = weights.states_of(weights.initial_state, weights.initial_trials, i);
        initial.initial_state.insert(initial.initial_state.end(), own.begin(),
                                     own.begin() + weights.units);
    }
    return initial;
}

std::vector<std::string> notes_on_initial_weights(const Config& config) {
    std::map<std::pair<std::string, ArrayOrder>, Notes> files;
    std::vector<std::string> notes;
    for (const NetworkSpec& spec : config.networks) {
        if (spec.network.init == Init::file) {
            const auto& [path, order] = std::tie(spec.network.path, spec.network.order);
            files.try_emplace({path, order}, path, order).first->second.add_for(spec, notes);
        }
    }
    return notes;
}

}  // namespace shoal
