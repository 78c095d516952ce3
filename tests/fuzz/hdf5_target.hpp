// SPDX-License-Identifier: MIT
// Readers of files of other programs, and what is done with what they read.
#pragma once

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>

#include <csignal>
#endif

#include "store/exchange_files.hpp"
#include "target.hpp"
#include "task/file_task.hpp"

/// LeakSanitizer asks for this: the HDF5 library forgets memory of its own on damaged files.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libhdf5";
}

namespace shoal::fuzz {

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
/// A crash in the child that reads a file first is what it is there for, not a finding.
inline const int crashes_of_children_are_expected = ::pthread_atfork(nullptr, nullptr, [] {
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
        std::signal(signal, SIG_DFL);
    }
    __sanitizer_set_death_callback(nullptr);
});
#endif

inline void use_weights(const std::filesystem::path& path) {
    answers([&] {
        const WeightsFile weights = read_weights(path);
        const NetworkModel model = model_of(weights, weights.networks - 1);
        require(model.units > 0 && model.dt > 0.0 && model.dt <= model.tau, "a model is usable");
        const auto units = static_cast<std::size_t>(model.units);
        require(model.input.size() == units * static_cast<std::size_t>(model.inputs) &&
                    model.readout.size() == units * static_cast<std::size_t>(model.outputs),
                "matrices fit their model");
    });
}

inline void use_trials(const std::filesystem::path& path) {
    answers([&] {
        const auto task = make_file_task(read_trials(path), path.string());
        task->output_groups();
        task->groups_overlap();
        task->targets_are_classes();
        Trial trial;
        task->training_trial({}, 7, task->training_order({}, 8).back(), trial);
        const TaskShape shape = task->shape();
        require(trial.inputs.size() ==
                    static_cast<std::size_t>(shape.steps) * static_cast<std::size_t>(shape.inputs),
                "a trial has its task's shape");
    });
}

inline void use_inputs(const std::filesystem::path& path) {
    answers([&] {
        const InputsFile inputs = read_inputs(path);
        require(inputs.inputs_series.size() == static_cast<std::size_t>(inputs.trials) *
                                                   static_cast<std::size_t>(inputs.steps) *
                                                   static_cast<std::size_t>(inputs.inputs),
                "inputs have their shape");
    });
}

}  // namespace shoal::fuzz
