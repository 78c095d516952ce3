// SPDX-License-Identifier: MIT
// Reading weights files: networks as other programs see them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "core/error.hpp"
#include "store/exchange_files.hpp"
#include "store/foreign_files.hpp"
#include "store/hdf5.hpp"
#include "store/read_checks.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using hdf5::Extents;
using hdf5::ReadGroup;

std::uint64_t extent(int size) {
    return static_cast<std::uint64_t>(size);
}

/// Part `i` of `parts` equal parts.
std::vector<double> part(const std::vector<double>& all, int i, int parts) {
    const auto size = static_cast<std::ptrdiff_t>(all.size()) / parts;
    return {all.begin() + i * size, all.begin() + (i + 1) * size};
}

constexpr std::array known_datasets = {"recurrent",     "input",  "readout",        "readout_bias",
                                       "bias",          "inputs", "constant_input", "initial_state",
                                       "memory_states", "uid"};
/// Coordinates along the axes, as xarray writes them.
constexpr std::array known_axes = {"network", "to",   "from",      "unit",   "channel", "output",
                                   "trial",   "time", "condition", "memory", "start"};
constexpr std::array known_attributes = {"cell", "tau", "dt", "readout_acts_on"};
constexpr const char* note_prefix = "note_";

class WeightsReader {
  public:
    WeightsReader(const std::filesystem::path& path, ArrayOrder order)
        : file_(path, axes_in(order)) {}

    /// Whether every dataset has the same shape in reverse.
    bool is_the_same_in_reverse() const {
        return std::all_of(known_datasets.begin(), known_datasets.end(), [&](const char* name) {
            const Extents found = file_.has(name) ? file_.extents(name) : Extents{};
            return std::equal(found.begin(), found.end(), found.rbegin());
        });
    }

    WeightsFile read() {
        require_known_names();
        read_recurrent();
        read_attributes();
        read_input_and_readout();
        if (file_.has("bias")) {
            weights_.bias = finite_numbers(file_, "bias", per_network({extent(weights_.units)}));
        }
        read_constant_input();
        read_series();
        if (file_.has("memory_states")) {
            read_states("memory_states", weights_.memory_states, weights_.memories);
        }
        if (file_.has("uid")) {
            weights_.uids = file_.strings("uid", per_network({}));
        }
        return std::move(weights_);
    }

  private:
    /// What is not known would be ignored, and may change what the network is.
    void require_known_names() const {
        const auto is_in = [](std::span<const char* const> names, const std::string& name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        const auto require = [&](const std::vector<std::string>& found,
                                 std::span<const char* const> known, const char* what) {
            for (const std::string& name : found) {
                if (!is_in(known, name) && !is_in(known_axes, name) &&
                    !name.starts_with(note_prefix)) {
                    throw file_error(fmt::format(
                        "{}: unknown {} {}; known are {}, and names that "
                        "begin with {} for notes",
                        file_.where(""), what, name, fmt::join(known, ", "), note_prefix));
                }
            }
        };
        require(file_.contents(), known_datasets, "dataset");
        require(file_.attributes(), known_attributes, "attribute");
    }

    void read_recurrent() {
        const Extents found = file_.extents("recurrent");
        if (found.size() != 2 && found.size() != 3) {
            throw file_error(
                fmt::format("{}: expected shape [to, from] or [network, to, from], "
                            "found {}",
                            file_.where("recurrent"), hdf5::to_text(found)));
        }
        require_content(file_, "recurrent", found);
        if (found[found.size() - 2] != found.back()) {
            throw file_error(fmt::format("{}: expected as many rows as columns, found shape {}",
                                         file_.where("recurrent"), hdf5::to_text(found)));
        }
        network_axis_ = found.size() == 3;
        weights_.networks = network_axis_ ? to_int(file_, "recurrent", found[0]) : 1;
        weights_.units = to_int(file_, "recurrent", found.back());
        weights_.recurrent = finite_numbers(file_, "recurrent", found);
    }

    void read_attributes() {
        const std::string cell = file_.string_attribute("cell");
        const auto named = value_named<Cell>(cell);
        if (!named) {
            std::vector<const char*> known;
            for (const auto& row : rows_of<Cell>) {
                known.push_back(row.name);
            }
            throw file_error(fmt::format("{}: attribute cell is \"{}\", expected {}",
                                         file_.where(""), cell, fmt::join(known, " or ")));
        }
        weights_.cell = *named;
        const auto attributes = file_.attributes();
        if (std::find(attributes.begin(), attributes.end(), "readout_acts_on") !=
            attributes.end()) {
            const std::string acts_on = file_.string_attribute("readout_acts_on");
            if (acts_on != "rate" && acts_on != "state") {
                throw file_error(
                    fmt::format("{}: attribute readout_acts_on is \"{}\", expected rate or state",
                                file_.where(""), acts_on));
            }
            weights_.readout_of_states = acts_on == "state";
        }
        weights_.tau = file_.number_attribute("tau");
        weights_.dt = file_.number_attribute("dt");
        if (!(std::isfinite(weights_.tau) && weights_.dt > 0.0 && weights_.dt <= weights_.tau)) {
            throw file_error(
                fmt::format("{}: attributes tau = {} and dt = {}, expected "
                            "0 < dt <= tau",
                            file_.where(""), weights_.tau, weights_.dt));
        }
    }

    /// Extents of a dataset that every network has its own of.
    Extents per_network(Extents of_one) const {
        if (network_axis_) {
            of_one.insert(of_one.begin(), extent(weights_.networks));
        }
        return of_one;
    }

    std::vector<std::string> axes(std::vector<std::string> of_one) const {
        if (network_axis_) {
            of_one.insert(of_one.begin(), "network");
        }
        return of_one;
    }

    void read_input_and_readout() {
        if (file_.has("input")) {
            const Extents found = file_.extents("input", axes({"unit", "input"}));
            require_content(file_, "input", found);
            weights_.inputs = to_int(file_, "input", found.back());
            weights_.input =
                finite_numbers(file_, "input", per_network({extent(weights_.units), found.back()}));
        }
        if (file_.has("readout")) {
            const Extents found = file_.extents("readout", axes({"output", "unit"}));
            require_content(file_, "readout", found);
            const std::uint64_t outputs = found[found.size() - 2];
            weights_.outputs = to_int(file_, "readout", outputs);
            weights_.readout =
                finite_numbers(file_, "readout", per_network({outputs, extent(weights_.units)}));
        }
        if (file_.has("readout_bias")) {
            if (weights_.outputs == 0) {
                throw file_error(fmt::format("{}: needs the dataset readout, which is missing",
                                             file_.where("readout_bias")));
            }
            weights_.readout_bias =
                finite_numbers(file_, "readout_bias", per_network({extent(weights_.outputs)}));
        }
    }

    void require_input_matrix(const std::string& name) const {
        if (weights_.inputs == 0) {
            throw file_error(
                fmt::format("{}: needs the dataset input, which is missing", file_.where(name)));
        }
    }

    /// [input] of all networks, [network, input] or [network, condition, input]; of a single
    /// network also [condition, input].
    void read_constant_input() {
        if (!file_.has("constant_input")) {
            return;
        }
        require_input_matrix("constant_input");
        const Extents found = file_.extents("constant_input");
        require_content(file_, "constant_input", found);
        const std::uint64_t inputs = extent(weights_.inputs);
        const bool conditions = found.size() == 3 || (found.size() == 2 && weights_.networks == 1);
        const std::uint64_t count = conditions ? found[found.size() - 2] : 1;
        weights_.conditions = to_int(file_, "constant_input", count);
        const auto values =
            finite_numbers(file_, "constant_input",
                           found.size() == 1   ? Extents{inputs}
                           : found.size() == 3 ? Extents{extent(weights_.networks), count, inputs}
                           : conditions        ? Extents{count, inputs}
                                               : Extents{extent(weights_.networks), inputs});
        const int copies = found.size() == 1 ? weights_.networks : 1;
        for (int i = 0; i < copies; ++i) {
            weights_.constant_input.insert(weights_.constant_input.end(), values.begin(),
                                           values.end());
        }
    }

    void read_series() {
        if (file_.has("inputs")) {
            require_input_matrix("inputs");
            const Extents found = file_.extents("inputs", {"trial", "time", "input"});
            require_content(file_, "inputs", found);
            weights_.series_trials = to_int(file_, "inputs", found[0]);
            weights_.series_steps = to_int(file_, "inputs", found[1]);
            weights_.inputs_series =
                finite_numbers(file_, "inputs", {found[0], found[1], extent(weights_.inputs)});
        }
        if (file_.has("initial_state")) {
            read_states("initial_state", weights_.initial_state, weights_.initial_trials);
            const int trials = weights_.initial_trials;
            if (weights_.series_trials > 0 && trials != 1 && trials != weights_.series_trials) {
                throw file_error(
                    fmt::format("{}: expected 1 trial or the {} trials of inputs, found {}",
                                file_.where("initial_state"), weights_.series_trials, trials));
            }
        }
    }

    /// Rows [row, unit] of all networks, or [network, row, unit]; one row may be [unit].
    void read_states(const std::string& name, std::vector<double>& states, int& rows) {
        const Extents found = file_.extents(name);
        const bool own = network_axis_ && found.size() == 3;
        const std::uint64_t count = found.size() == 1 ? 1 : found[own ? 1 : 0];
        const Extents of_one = {count, extent(weights_.units)};
        require_content(file_, name, found);
        rows = to_int(file_, name, count);
        states = finite_numbers(file_, name,
                                found.size() == 1 ? Extents{extent(weights_.units)}
                                : own             ? per_network(of_one)
                                                  : of_one);
    }

    ReadGroup file_;
    WeightsFile weights_;
    bool network_axis_ = false;
};

WeightsFile weights_in(ArrayOrder order, const std::filesystem::path& path) {
    try {
        return WeightsReader(path, order).read();
    } catch (const Error& error) {
        const bool matlab = order == ArrayOrder::matlab;
        try {
            WeightsReader(path, matlab ? ArrayOrder::c : ArrayOrder::matlab).read();
        } catch (const Error&) {
            throw error;
        }
        throw file_error(
            fmt::format("{}\n{}", error.what(),
                        matlab ? "All shapes fit as they are: leave out --order matlab."
                               : "In reverse all shapes fit, as MATLAB writes them: give --order "
                                 "matlab (in a configuration: network.order)."));
    }
}

}  // namespace

WeightsFile read_weights(const std::filesystem::path& path, ArrayOrder order) {
    try {
        return read_guarded_in(order, path, [&](ArrayOrder in) { return weights_in(in, path); });
    } catch (const Error&) {
        if (const std::string format = foreign_format(path); !format.empty()) {
            throw file_error(fmt::format("{}: {}", path.string(), format));
        }
        throw;
    }
}

bool order_is_open(const std::filesystem::path& path) {
    return !check_seal(path) && read_guarded(path, [&] {
        return WeightsReader(path, ArrayOrder::c).is_the_same_in_reverse();
    });
}

NetworkModel model_of(const WeightsFile& weights, int i) {
    check(i >= 0 && i < weights.networks, "network of the weights file");
    const auto own = [&](const std::vector<double>& all) { return part(all, i, weights.networks); };
    NetworkModel model;
    model.uid =
        weights.uids.empty() ? std::to_string(i) : weights.uids[static_cast<std::size_t>(i)];
    model.units = weights.units;
    model.inputs = weights.inputs;
    model.outputs = weights.outputs;
    model.cell = weights.cell;
    model.tau = weights.tau;
    model.dt = weights.dt;
    model.recurrent = dense_matrix(weights.units, own(weights.recurrent));
    model.input = own(weights.input);
    model.readout = own(weights.readout);
    model.readout_of_states = weights.readout_of_states;
    model.bias = own(weights.bias);
    model.initial_state.assign(static_cast<std::size_t>(weights.units), 0.0);
    return model;
}

}  // namespace shoal
