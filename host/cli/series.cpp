// SPDX-License-Identifier: MIT
#include "cli/series.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace shoal {

InputsFile series_for(const WeightsFile& weights, const std::string& weights_path,
                      const std::string& inputs_path, ArrayOrder order) {
    InputsFile series;
    if (!inputs_path.empty()) {
        series = read_inputs(inputs_path, order);
    } else if (!weights.inputs_series.empty()) {
        series.trials = weights.series_trials;
        series.steps = weights.series_steps;
        series.inputs = weights.inputs;
        series.inputs_series = weights.inputs_series;
    } else {
        return series;
    }
    if (series.inputs != weights.inputs) {
        const bool in_reverse = order == ArrayOrder::c && series.trials == weights.inputs;
        throw file_error(fmt::format(
            "{}: inputs have {} channels; the networks of {} have {}{}",
            inputs_path.empty() ? weights_path : inputs_path, series.inputs, weights_path,
            weights.inputs, in_reverse ? "; if MATLAB wrote the files, give --order matlab" : ""));
    }
    if (series.initial_state.empty() && weights.initial_trials > 1 &&
        weights.initial_trials != series.trials) {
        throw file_error(fmt::format("{}: initial_state has {} trials; the inputs have {}",
                                     weights_path, weights.initial_trials, series.trials));
    }
    if (!series.initial_state.empty() && series.units != weights.units) {
        throw file_error(fmt::format("{}: initial_state has {} units; the networks have {}",
                                     inputs_path, series.units, weights.units));
    }
    return series;
}

std::vector<double> starts_for(const WeightsFile& weights, const InputsFile& series, int network) {
    if (!series.initial_state.empty()) {
        return series.initial_state;
    }
    const auto size =
        static_cast<std::size_t>(series.trials) * static_cast<std::size_t>(weights.units);
    std::vector<double> starts;
    starts.reserve(size);
    while (!weights.initial_state.empty() && starts.size() < size) {
        const auto own = weights.states_of(weights.initial_state, weights.initial_trials, network);
        starts.insert(starts.end(), own.begin(), own.end());
    }
    starts.resize(size, 0.0);
    return starts;
}

}  // namespace shoal
