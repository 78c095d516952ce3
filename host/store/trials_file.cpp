// SPDX-License-Identifier: MIT
// Trials files and the inputs files of `simulate`.
#include <fmt/format.h>

#include <algorithm>
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

/// Reads a trials file; see read_trials().
class TrialsReader {
  public:
    explicit TrialsReader(const std::filesystem::path& path) : file_(path) {}

    TrialsFile read() {
        inputs_ = file_.extents("inputs", {"trial", "time", "input"});
        require_content(file_, "inputs", inputs_);
        const auto u = finite_numbers(file_, "inputs", inputs_);
        if (file_.has("labels") == file_.has("targets")) {
            throw file_error(fmt::format("{}: expected either targets or labels", file_.where("")));
        }
        if (file_.has("labels")) {
            read_labels();
        } else {
            read_targets();
        }
        read_mask();
        take_targets();
        const auto types = file_.integers("trial_type", {inputs_[0]});
        TrialsFile result;
        result.shape = {to_int(file_, "inputs", inputs_[2]), static_cast<int>(outputs_),
                        to_int(file_, "inputs", inputs_[1])};
        const bool weighs =
            std::any_of(mask_.begin(), mask_.end(), [](double m) { return m != 0.0 && m != 1.0; });
        const std::size_t size = inputs_[1] * outputs_;
        for (std::size_t i = 0; i < types.size(); ++i) {
            Trial trial;
            trial.type = type_of(types[i]);
            trial.inputs = rows(u, i, inputs_[1] * inputs_[2]);
            trial.targets = rows(targets_, i, size);
            for (std::size_t k = 0; k < size; ++k) {
                trial.mask.push_back(mask_[i * size + k] != 0.0 ? 1 : 0);
            }
            if (weighs) {
                trial.weights = rows(mask_, i, size);
            }
            result.trials.push_back(std::move(trial));
        }
        return result;
    }

  private:
    static std::vector<double> rows(const std::vector<double>& all, std::size_t trial,
                                    std::size_t size) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(trial * size);
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }

    int type_of(std::int64_t type) const {
        if (type < std::numeric_limits<int>::min() || type > std::numeric_limits<int>::max()) {
            throw file_error(
                fmt::format("{}: {} needs more than 32 bits", file_.where("trial_type"), type));
        }
        return static_cast<int>(type);
    }

    /// [trial, time, output], or [trial, time] of the only one.
    void read_targets() {
        const Extents found = file_.extents("targets");
        outputs_ = found.size() == 3 ? found[2] : 1;
        require_content(file_, "targets", found);
        to_int(file_, "targets", outputs_);
        Extents expected = {inputs_[0], inputs_[1]};
        if (found.size() != 2) {
            expected.push_back(outputs_);
        }
        if (found != expected) {
            throw file_error(fmt::format("{}: expected shape {} after inputs {}, found {}",
                                         file_.where("targets"), hdf5::to_text(expected),
                                         hdf5::to_text(inputs_), hdf5::to_text(found)));
        }
        targets_ = file_.numbers("targets", found);
    }

    /// Classes [trial, time], or [trial] where a whole trial has one.
    void read_labels() {
        const Extents found = file_.extents("labels");
        require_content(file_, "labels", found);
        labels_ = file_.integers(
            "labels", found.size() == 1 ? Extents{inputs_[0]} : Extents{inputs_[0], inputs_[1]});
        label_steps_ = found.size() == 1 ? inputs_[1] : 1;
    }

    /// [trial, time, output], or [trial, time] for all outputs of a step.
    void read_mask() {
        const Extents found = file_.extents("mask");
        const Extents steps = {inputs_[0], inputs_[1]};
        if (!labels_.empty()) {
            mask_ = file_.numbers("mask", steps);
            outputs_ = classes();
        } else {
            mask_ = file_.numbers(
                "mask", found.size() == 2 ? steps : Extents{inputs_[0], inputs_[1], outputs_});
        }
        for (std::size_t i = 0; i < mask_.size(); ++i) {
            if (!(mask_[i] >= 0.0 && std::isfinite(mask_[i]))) {
                throw file_error(fmt::format("{}: element {} is {}, expected a number from 0 on",
                                             file_.where("mask"), i, mask_[i]));
            }
        }
        if (!labels_.empty() || found.size() == 2) {
            std::vector<double> of_outputs;
            for (const double m : mask_) {
                of_outputs.insert(of_outputs.end(), outputs_, m);
            }
            mask_ = std::move(of_outputs);
        }
    }

    std::int64_t label(std::size_t step) const { return labels_[step / label_steps_]; }

    /// One more than the largest label that counts, at least two.
    std::uint64_t classes() const {
        constexpr std::int64_t most = 1000;
        std::int64_t largest = 1;
        for (std::size_t step = 0; step < mask_.size(); ++step) {
            if (mask_[step] != 0.0 && !(label(step) >= 0 && label(step) < most)) {
                throw file_error(fmt::format("{}: {} is no class; classes are numbers from 0 to {}",
                                             file_.where("labels"), label(step), most - 1));
            }
            largest = mask_[step] != 0.0 ? std::max(largest, label(step)) : largest;
        }
        return static_cast<std::uint64_t>(largest) + 1;
    }

    /// What stands where the mask is 0 is read as 0; classes become one-hot.
    void take_targets() {
        if (!labels_.empty()) {
            targets_.assign(mask_.size(), 0.0);
        }
        for (std::size_t i = 0; i < mask_.size(); ++i) {
            if (mask_[i] == 0.0) {
                targets_[i] = 0.0;
            } else if (!labels_.empty()) {
                targets_[i] = label(i / outputs_) == static_cast<std::int64_t>(i % outputs_);
            } else if (!std::isfinite(targets_[i])) {
                throw file_error(fmt::format("{}: element {} is not a finite number",
                                             file_.where("targets"), i));
            }
        }
    }

    ReadGroup file_;
    Extents inputs_;
    std::uint64_t outputs_ = 0;
    std::vector<std::int64_t> labels_;    ///< [trial, time] or [trial]
    std::uint64_t label_steps_ = 1;       ///< steps of one label
    std::vector<double> targets_, mask_;  ///< [trial, time, output]
};

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
        const bool weighs = std::any_of(trials.trials.begin(), trials.trials.end(),
                                        [](const Trial& trial) { return !trial.weights.empty(); });
        root.create("mask", weighs ? Type::float64 : Type::int8, {"trial", "time", "output"});
        std::vector<std::int64_t> types;
        for (std::size_t i = 0; i < trials.trials.size(); ++i) {
            const Trial& trial = trials.trials[i];
            root.write_at("inputs", i, trial.inputs);
            root.write_at("targets", i, trial.targets);
            std::vector<double> mask(trial.mask.size());
            for (std::size_t k = 0; k < mask.size(); ++k) {
                mask[k] = trial.weight(k);
            }
            root.write_at("mask", i, mask);
            types.push_back(trial.type);
        }
        root.put("trial_type", Type::int32, {"trial"}, types);
        file.close();
    });
}

TrialsFile read_trials(const std::filesystem::path& path) {
    return read_guarded(path, [&] { return TrialsReader(path).read(); });
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
