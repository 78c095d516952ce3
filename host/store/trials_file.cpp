// SPDX-License-Identifier: MIT
// Trials files and the inputs files of `simulate`.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/file.hpp"
#include "store/exchange_files.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_write.hpp"
#include "store/read_checks.hpp"
#include "store/seal.hpp"

namespace shoal {
namespace {

using hdf5::Extents;
using hdf5::ReadGroup;
using hdf5::Type;

TrialsFile trials_of(const std::filesystem::path& path) {
    const ReadGroup file(path);
    const Extents inputs = file.extents("inputs", {"trial", "time", "input"});
    const Extents targets = file.extents("targets", {"trial", "time", "output"});
    require_content(file, "inputs", inputs);
    require_content(file, "targets", targets);
    const Extents expected = {inputs[0], inputs[1], targets[2]};
    if (targets != expected) {
        throw file_error(fmt::format("{}: expected shape {} after inputs {}, found {}",
                                     file.where("targets"), hdf5::to_text(expected),
                                     hdf5::to_text(inputs), hdf5::to_text(targets)));
    }
    TrialsFile result;
    result.shape.inputs = to_int(file, "inputs", inputs[2]);
    result.shape.outputs = to_int(file, "targets", targets[2]);
    result.shape.steps = to_int(file, "inputs", inputs[1]);
    const auto u = finite_numbers(file, "inputs", inputs);
    auto target = file.numbers("targets", targets);
    const auto mask = file.numbers("mask", targets);
    const auto types = file.integers("trial_type", {inputs[0]});
    const std::size_t input_size = inputs[1] * inputs[2];
    const std::size_t output_size = targets[1] * targets[2];
    for (std::size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] != 0.0 && mask[i] != 1.0) {
            throw file_error(fmt::format("{}: element {} is {}, expected 0 or 1",
                                         file.where("mask"), i, mask[i]));
        }
        if (mask[i] == 0.0) {
            target[i] = 0.0;
        } else if (!std::isfinite(target[i])) {
            throw file_error(
                fmt::format("{}: element {} is not a finite number", file.where("targets"), i));
        }
    }
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (types[i] < std::numeric_limits<int>::min() ||
            types[i] > std::numeric_limits<int>::max()) {
            throw file_error(
                fmt::format("{}: {} needs more than 32 bits", file.where("trial_type"), types[i]));
        }
        const auto input_at = static_cast<std::ptrdiff_t>(i * input_size);
        const auto output_at = static_cast<std::ptrdiff_t>(i * output_size);
        Trial trial;
        trial.type = static_cast<int>(types[i]);
        trial.inputs.assign(u.begin() + input_at,
                            u.begin() + input_at + static_cast<std::ptrdiff_t>(input_size));
        trial.targets.assign(target.begin() + output_at,
                             target.begin() + output_at + static_cast<std::ptrdiff_t>(output_size));
        for (std::size_t k = 0; k < output_size; ++k) {
            trial.mask.push_back(mask[i * output_size + k] != 0.0 ? 1 : 0);
        }
        result.trials.push_back(std::move(trial));
    }
    return result;
}

InputsFile inputs_of(const std::filesystem::path& path, ArrayOrder order) {
    const ReadGroup file(path, axes_in(order));
    const Extents extents = file.extents("inputs", {"trial", "time", "input"});
    require_content(file, "inputs", extents);
    InputsFile result;
    result.trials = to_int(file, "inputs", extents[0]);
    result.steps = to_int(file, "inputs", extents[1]);
    result.inputs = to_int(file, "inputs", extents[2]);
    result.inputs_series = finite_numbers(file, "inputs", extents);
    if (file.has("initial_state")) {
        const Extents initial = file.extents("initial_state", {"trial", "unit"});
        result.units = to_int(file, "initial_state", initial[1]);
        result.initial_state = finite_numbers(file, "initial_state", {extents[0], initial[1]});
    }
    return result;
}

}  // namespace

void write_trials(const std::filesystem::path& path, const TrialsFile& trials, double dt) {
    const TaskShape& shape = trials.shape;
    const auto steps = static_cast<std::size_t>(shape.steps);
    replace_file(path, [&](const std::filesystem::path& temporary) {
        hdf5::WriteFile file(temporary, path);
        hdf5::WriteGroup root = file.root();
        root.attribute("dt", dt);
        root.dimension("trial", trials.trials.size());
        root.dimension("time", steps);
        root.dimension("input", static_cast<std::uint64_t>(shape.inputs));
        root.dimension("output", static_cast<std::uint64_t>(shape.outputs));
        root.create("inputs", Type::float64, {"trial", "time", "input"});
        root.create("targets", Type::float64, {"trial", "time", "output"});
        root.create("mask", Type::int8, {"trial", "time", "output"});
        std::vector<std::int64_t> types;
        for (std::size_t i = 0; i < trials.trials.size(); ++i) {
            const Trial& trial = trials.trials[i];
            root.write_at("inputs", i, trial.inputs);
            root.write_at("targets", i, trial.targets);
            root.write_at("mask", i, std::vector<double>(trial.mask.begin(), trial.mask.end()));
            types.push_back(trial.type);
        }
        root.put("trial_type", Type::int32, {"trial"}, types);
        file.close();
    });
}

TrialsFile read_trials(const std::filesystem::path& path) {
    return read_guarded(path, [&] { return trials_of(path); });
}

InputsFile read_inputs(const std::filesystem::path& path, ArrayOrder order) {
    return read_guarded_in(order, path, [&](ArrayOrder in) { return inputs_of(path, in); });
}

TrialList load_task_trials(const std::string& path) {
    return read_trials(path);
}

std::shared_ptr<const Task> shared_task(const NetworkSpec& spec) {
    static TaskCache cache(load_task_trials);
    return cache.of(spec);
}

}  // namespace shoal
