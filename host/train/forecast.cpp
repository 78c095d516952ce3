// SPDX-License-Identifier: MIT
#include "train/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "train/acceptance.hpp"
#include "train/checkpoint.hpp"
#include "train/progress.hpp"
#include "train/trainer.hpp"

namespace shoal {
namespace {

std::shared_ptr<const Task> task_of(const NetworkSpec& spec,
                                    std::map<std::string, std::shared_ptr<const Task>>& cache) {
    auto& task = cache[task_identity(spec)];
    if (!task) {
        task = make_task(spec.task, spec.network, spec.training.error, load_task_trials);
    }
    return task;
}

int groups_of(const Task& task) {
    return group_count(force_rule(1.0, task));
}

/// Runs trials of `specs` for about `seconds`; returns network-steps per second.
double training_rate(const std::vector<const NetworkSpec*>& specs, const Task& task,
                     Backend& backend, double seconds) {
    using Clock = std::chrono::steady_clock;
    NetworkFactory factory(load_initial_weights);
    const auto session = backend.force_session();
    const TaskShape shape = task.shape();
    std::vector<ForceSession::Work> work;
    Trial trial;
    const NetworkSpec& first = *specs.front();
    const int type = task.training_order(first.key(), 1).front();
    task.training_trial(first.key(), 0, type, trial);
    for (const NetworkSpec* spec : specs) {
        const ForceRule rule = force_rule(spec->training.alpha, task);
        work.push_back(
            {session->add(factory.make(*spec, shape.inputs, shape.outputs), rule, nullptr), &trial,
             0});
    }
    std::vector<TrialOutcome> outcomes(work.size());
    double steps = 0.0;
    const auto start = Clock::now();
    double elapsed = 0.0;
    do {
        session->run_trial(work, outcomes);
        steps += static_cast<double>(work.size()) * shape.steps;
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    return steps / elapsed;
}

}  // namespace

WavePlan::WavePlan(const Config& config, const Backend& backend, std::uint64_t max_memory)
    : backend_(backend),
      limit_(max_memory > 0 ? max_memory : backend.available_memory() / 10 * 8),
      smallest_wave_(backend.networks_at_once()) {
    for (const NetworkSpec& spec : config.networks) {
        const std::uint64_t bytes = bytes_of(spec);
        if (bytes > limit_) {
            throw usage_error(fmt::format(
                "a network of {} units takes {:.1f} MB; {:.1f} MB may be used (see --max-memory)",
                spec.network.units, static_cast<double>(bytes) / 1e6,
                static_cast<double>(limit_) / 1e6));
        }
    }
}

std::uint64_t WavePlan::bytes_of(const NetworkSpec& spec) {
    const auto task = task_of(spec, tasks_);
    std::uint64_t bytes =
        backend_.force_bytes(spec.network.units, task->shape().outputs, groups_of(*task));
    if (!members_of_matrix_.contains(recurrent_identity(spec))) {
        bytes += backend_.recurrent_bytes(spec.network.units);
    }
    return bytes;
}

bool WavePlan::room_for(const NetworkSpec& spec) {
    if (networks_ == 0) {
        capacity_ = 0;
        return true;
    }
    const bool enough = fits(spec);
    if (capacity_ == 0) {
        const bool wanted = networks_ < smallest_wave_ || recurrent_identity(spec) == last_matrix_;
        if (enough && wanted) {
            return true;
        }
        capacity_ = networks_;
    }
    return enough && networks_ < capacity_;
}

void WavePlan::enter(const NetworkSpec& spec) {
    bytes_ += bytes_of(spec);
    last_matrix_ = recurrent_identity(spec);
    ++members_of_matrix_[last_matrix_];
    ++networks_;
}

void WavePlan::leave(const NetworkSpec& spec) {
    const auto members = members_of_matrix_.find(recurrent_identity(spec));
    if (--members->second == 0) {
        members_of_matrix_.erase(members);
    }
    bytes_ -= bytes_of(spec);
    --networks_;
}

Forecast forecast_run(const Config& config, Backend& backend, std::uint64_t max_memory,
                      bool measure) {
    Forecast forecast;
    forecast.networks = config.networks.size();
    forecast.program_bytes = resident_bytes();
    const std::uint64_t number =
        backend.precision() == Precision::fp32 ? sizeof(float) : sizeof(double);

    WavePlan plan(config, backend, max_memory);
    std::map<std::string, std::shared_ptr<const Task>> tasks;
    std::map<std::string, bool> matrix_seen;
    std::vector<const NetworkSpec*> wave;
    std::map<int, std::vector<const NetworkSpec*>> sample;  // by units: from the first wave seen
    std::uint64_t wave_checkpoint = 0;
    double test_steps = 0.0;
    const auto end_wave = [&] {
        if (wave.empty()) {
            return;
        }
        ++forecast.waves;
        forecast.largest_wave = std::max(forecast.largest_wave, wave.size());
        forecast.wave_bytes = std::max(forecast.wave_bytes, plan.bytes());
        forecast.checkpoint_bytes = std::max(forecast.checkpoint_bytes, wave_checkpoint);
        std::map<int, std::vector<const NetworkSpec*>> by_units;
        for (const NetworkSpec* spec : wave) {
            by_units[spec->network.units].push_back(spec);
            plan.leave(*spec);
        }
        for (auto& [units, specs] : by_units) {
            sample.emplace(units, std::move(specs));
        }
        wave.clear();
        wave_checkpoint = 0;
    };
    std::map<int, double> steps_by_units;
    for (const std::size_t i : training_sequence(config)) {
        const NetworkSpec& spec = config.networks[i];
        if (!plan.room_for(spec)) {
            end_wave();
        }
        plan.enter(spec);
        wave.push_back(&spec);

        const auto task = task_of(spec, tasks);
        const TaskShape shape = task->shape();
        const auto n = static_cast<std::uint64_t>(spec.network.units);
        const auto kinds = task->types().size();
        const double steps = static_cast<double>(spec.training.trials) * shape.steps;
        steps_by_units[spec.network.units] += steps;
        forecast.network_steps += steps;
        test_steps +=
            static_cast<double>(kinds) * shape.steps *
            (conclusion_trials_per_type + static_cast<double>(kinds) * acceptance_stimuli);
        wave_checkpoint += CheckpointFiles::bytes_of(spec.network.units, shape.outputs,
                                                     groups_of(*task), backend.precision());
        // population.h5, and the same record in the checkpoint folder until the run is finished.
        const auto outputs = static_cast<std::uint64_t>(shape.outputs);
        const std::uint64_t vectors =
            n * (2 * outputs + static_cast<std::uint64_t>(shape.inputs) + 3 + kinds);
        const std::uint64_t curve = 4 * outputs * static_cast<std::uint64_t>(spec.training.trials);
        forecast.disk_bytes += vectors * number + curve + 8 * n * (1 + outputs + kinds) + curve;
        if (!matrix_seen[recurrent_identity(spec)]) {
            matrix_seen[recurrent_identity(spec)] = true;
            forecast.disk_bytes += n * n * sizeof(double);  // single if it is shared
        }
        forecast.test_bytes = std::max(forecast.test_bytes,
                                       test_batch(backend) * test_bytes(*task, spec.network.units));
    }
    end_wave();
    forecast.disk_bytes +=
        3 * forecast.checkpoint_bytes;  // two generations and the one being written

    if (measure) {
        const auto start = std::chrono::steady_clock::now();
        double seconds = 0.0;
        const double share = 1.0 / static_cast<double>(sample.size());
        for (const auto& [units, specs] : sample) {
            const double rate =
                training_rate(specs, *task_of(*specs.front(), tasks), backend, share);
            seconds += steps_by_units[units] / rate;
        }
        forecast.training_seconds = seconds;
        // A frozen network's step costs at most a training step.
        forecast.test_seconds = seconds * test_steps / forecast.network_steps;
        forecast.measured_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    return forecast;
}

}  // namespace shoal
