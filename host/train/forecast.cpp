// SPDX-License-Identifier: MIT
#include "train/forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <tuple>
#include <vector>

#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "model/network.hpp"
#include "store/exchange_files.hpp"
#include "train/acceptance.hpp"
#include "train/checkpoint.hpp"
#include "train/method.hpp"
#include "train/progress.hpp"
#include "train/trainer.hpp"

namespace shoal {
namespace {

bool by_gradients(const NetworkSpec& spec) {
    return spec.training.method == TrainingMethod::bptt;
}

int groups_of(const Task& task) {
    return group_count(force_rule(1.0, task));
}

/// Calls `round` for about `seconds`, once at least; returns rounds per second.
double rounds_per_second(double seconds, const std::function<void()>& round) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    double rounds = 0.0;
    double elapsed = 0.0;
    do {
        round();
        ++rounds;
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    return rounds / elapsed;
}

/// Trains `specs` for about `seconds`; returns network-steps per second.
double force_rate(const std::vector<const NetworkSpec*>& specs, const Task& task, Backend& backend,
                  double seconds) {
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
    return rounds_per_second(seconds, [&] { session->run_trial(work, outcomes); }) *
           static_cast<double>(work.size()) * shape.steps;
}

double gradient_rate(const std::vector<const NetworkSpec*>& specs, const Task& task,
                     Backend& backend, double seconds) {
    NetworkFactory factory(load_initial_weights);
    const auto session = backend.gradient_session();
    const TaskShape shape = task.shape();
    std::map<int, TrialBatch> batches;  // by trials: kinds of trials cost the same
    std::vector<GradientSession::Work> work;
    double steps = 0.0;
    for (const NetworkSpec* spec : specs) {
        const int trials = spec->training.batch;
        if (!batches.contains(trials)) {
            batches[trials] = training_batch(task, spec->key(),
                                             task.training_order(spec->key(), trials), 0, trials);
        }
        work.push_back({session->add(factory.make(*spec, shape.inputs, shape.outputs),
                                     gradient_rule(*spec, task), nullptr),
                        &batches[trials], 0});
        steps += static_cast<double>(steps_of_round(spec->training, shape));
    }
    std::vector<IterationOutcome> outcomes(work.size());
    return rounds_per_second(seconds, [&] { session->run_iteration(work, outcomes); }) * steps;
}

/// Networks that cost the same per step, nearly: method, units, task.
using Kind = std::tuple<TrainingMethod, int, const Task*>;
Kind kind_of(const NetworkSpec& spec) {
    return {spec.training.method, spec.network.units, shared_task(spec).get()};
}

double training_rate(const std::vector<const NetworkSpec*>& specs, const Task& task,
                     Backend& backend, double seconds) {
    return by_gradients(*specs.front()) ? gradient_rate(specs, task, backend, seconds)
                                        : force_rate(specs, task, backend, seconds);
}

}  // namespace

WavePlan::WavePlan(const Config& config, const Backend& backend, std::uint64_t max_memory,
                   double memory_share)
    : backend_(backend),
      limit_(max_memory > 0
                 ? max_memory
                 : static_cast<std::uint64_t>(static_cast<double>(backend.available_memory()) *
                                              0.8 * memory_share)),
      smallest_wave_(backend.networks_at_once()) {
    std::uint64_t scratch = 0;
    for (const NetworkSpec& spec : config.networks) {
        accept_rule(spec, *shared_task(spec));  // throws what training would end in
        if (by_gradients(spec)) {
            const GradientRule rule = gradient_rule(spec, *shared_task(spec));
            scratch = std::max(scratch, backend.gradient_scratch_bytes(rule.shape));
        }
    }
    limit_ -= std::min(limit_, scratch);
    for (const NetworkSpec& spec : config.networks) {
        const std::uint64_t bytes = bytes_of(spec);
        if (bytes > limit_) {
            throw usage_error(
                fmt::format("a network of {} units takes {:.1f} MB; {:.1f} MB may be used for "
                            "networks (see --max-memory)",
                            spec.network.units, static_cast<double>(bytes) / 1e6,
                            static_cast<double>(limit_) / 1e6));
        }
    }
}

std::uint64_t WavePlan::bytes_of(const NetworkSpec& spec) {
    const auto task = shared_task(spec);
    if (by_gradients(spec)) {
        return backend_.gradient_bytes(gradient_rule(spec, *task).shape);
    }
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
                      bool measure, double memory_share) {
    Forecast forecast;
    forecast.networks = config.networks.size();
    forecast.program_bytes = resident_bytes();
    const std::uint64_t number = is_single(backend.precision()) ? sizeof(float) : sizeof(double);

    WavePlan plan(config, backend, max_memory, memory_share);
    std::map<std::string, bool> matrix_seen;
    std::vector<const NetworkSpec*> wave;
    std::map<Kind, std::vector<const NetworkSpec*>> sample;  // from the first wave seen
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
        std::map<Kind, std::vector<const NetworkSpec*>> by_kind;
        for (const NetworkSpec* spec : wave) {
            by_kind[kind_of(*spec)].push_back(spec);
            plan.leave(*spec);
        }
        for (auto& [kind, specs] : by_kind) {
            sample.emplace(kind, std::move(specs));
        }
        wave.clear();
        wave_checkpoint = 0;
    };
    std::map<Kind, double> steps_by_kind;
    for (const std::size_t i : training_sequence(config)) {
        const NetworkSpec& spec = config.networks[i];
        if (!plan.room_for(spec)) {
            end_wave();
        }
        plan.enter(spec);
        wave.push_back(&spec);

        const auto task = shared_task(spec);
        const TaskShape shape = task->shape();
        const auto n = static_cast<std::uint64_t>(spec.network.units);
        const auto kinds = task->types().size();
        const bool gradients = by_gradients(spec);
        const double steps = static_cast<double>(rounds_of(spec.training)) *
                             static_cast<double>(steps_of_round(spec.training, shape));
        steps_by_kind[kind_of(spec)] += steps;
        forecast.network_steps += steps;
        test_steps += gradients ? static_cast<double>(solution_trials) * shape.steps
                                : static_cast<double>(kinds) * shape.steps *
                                      (conclusion_trials_per_type +
                                       static_cast<double>(kinds) * acceptance_stimuli);
        wave_checkpoint +=
            gradients
                ? CheckpointFiles::bytes_of(gradient_rule(spec, *task).shape, backend.precision())
                : CheckpointFiles::bytes_of(spec.network.units, shape.outputs, groups_of(*task),
                                            backend.precision());
        // population.h5, and the same record in the checkpoint folder until the run is finished.
        const auto outputs = static_cast<std::uint64_t>(shape.outputs);
        const auto ends = static_cast<std::uint64_t>(task->conclusions());
        const std::uint64_t vectors =
            n * (2 * outputs + static_cast<std::uint64_t>(shape.inputs) + 3 + ends);
        const std::uint64_t curve =
            4 * (gradients ? 1 : outputs) * static_cast<std::uint64_t>(rounds_of(spec.training));
        forecast.disk_bytes += vectors * number + curve + 8 * n * (1 + outputs + ends) + curve;
        if (gradients) {
            forecast.disk_bytes += n * n * (number + sizeof(double));
        } else if (!matrix_seen[recurrent_identity(spec)]) {
            matrix_seen[recurrent_identity(spec)] = true;
            forecast.disk_bytes += n * n * sizeof(double);  // single if it is shared
        }
        forecast.test_bytes =
            std::max(forecast.test_bytes,
                     test_batch(backend) *
                         (gradients ? solution_test_bytes : test_bytes)(*task, spec.network.units));
    }
    end_wave();
    forecast.disk_bytes +=
        3 * forecast.checkpoint_bytes;  // two generations and the one being written

    if (measure) {
        const auto start = std::chrono::steady_clock::now();
        double seconds = 0.0;
        const double share = 1.0 / static_cast<double>(sample.size());
        for (const auto& [kind, specs] : sample) {
            const double rate = training_rate(specs, *shared_task(*specs.front()), backend, share);
            seconds += steps_by_kind[kind] / rate;
        }
        forecast.training_seconds = seconds;
        // A frozen network's step costs at most a training step.
        forecast.test_seconds =
            forecast.network_steps > 0.0 ? seconds * test_steps / forecast.network_steps : 0.0;
        forecast.measured_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    return forecast;
}

}  // namespace shoal
