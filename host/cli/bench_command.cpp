// SPDX-License-Identifier: MIT
// bench: throughput against what this machine can do at most, measured in the same run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "backend/readout_groups.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "config/spec.hpp"
#include "core/error.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {
namespace {

struct BenchOptions {
    int units = 0;
    int networks = 0;
    int shared = 1;
    int trials = 0;
    double seconds = 2.0;
    bool json = false;
    ComputeOptions compute;
};

struct ForceCase {
    int units;
    int networks;
    int shared;
};

/// The published trial with Gaussian stimuli; every K consecutive networks share one matrix.
struct ForceSetup {
    std::shared_ptr<const Task> task;
    ForceRule rule;
    std::vector<NetworkModel> models;
    Trial trial;
};

ForceSetup set_up(const ForceCase& sizes) {
    NetworkSpec spec;
    spec.network.units = sizes.units;
    spec.network.gain = 1.2;
    spec.task.source = StimulusSource::gaussians;
    ForceSetup setup;
    setup.task = make_task(spec.task, spec.network, ErrorSchedule::epochs);
    setup.rule = force_rule(1.0, *setup.task);
    setup.task->training_trial(spec.key(), 0, 1, setup.trial);
    NetworkFactory factory;
    const TaskShape shape = setup.task->shape();
    for (int m = 0; m < sizes.networks; ++m) {
        spec.replicate = static_cast<std::uint32_t>(m / sizes.shared);
        spec.network.gain = 0.8 + 0.7 * (m % sizes.shared) / std::max(1, sizes.shared);
        setup.models.push_back(factory.make(spec, shape.inputs, shape.outputs));
    }
    return setup;
}

/// First `steps` steps of a trial.
Trial shortened(const Trial& trial, const TaskShape& shape, int steps) {
    const auto n = static_cast<std::size_t>(steps);
    Trial part = trial;
    part.inputs.resize(n * static_cast<std::size_t>(shape.inputs));
    part.targets.resize(n * static_cast<std::size_t>(shape.outputs));
    part.mask.resize(n * static_cast<std::size_t>(shape.outputs));
    return part;
}

/// Refuses to time a backend that does not agree with the reference over the first 20 tau, learning
/// included. Rounding grows along the trajectory; 1e-3 is far above its growth over that time and
/// far below what any wrong term would give.
void require_agreement(const ForceSetup& setup, Backend& backend) {
    const auto reference = make_backend("reference", {Precision::fp64, 1, 0});
    const Trial part = shortened(setup.trial, setup.task->shape(), 200);
    std::vector<ForceState> states;
    for (Backend* which : {reference.get(), &backend}) {
        const auto session = which->force_session();
        const int handle = session->add(setup.models.front(), setup.rule, nullptr);
        const ForceSession::Work work{handle, &part, 0};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
        states.push_back(session->state(handle, ForceSession::Parts::weights));
    }
    double difference = 0.0;
    double size = 0.0;
    for (std::size_t i = 0; i < states[0].state.size(); ++i) {
        difference += std::pow(states[0].state[i] - states[1].state[i], 2);
        size += std::pow(states[0].state[i], 2);
    }
    if (!(std::sqrt(difference) <= 1e-3 * std::sqrt(size))) {
        throw Error(ExitCode::failure,
                    fmt::format("bench: backend {} does not agree with the reference (relative "
                                "difference {:.1e} after 20 tau); it is not timed",
                                backend.name(), std::sqrt(difference / size)));
    }
}

nlohmann::ordered_json run_force(const ForceCase& sizes, const BenchOptions& options,
                                 Backend& backend) {
    using Clock = std::chrono::steady_clock;
    const ForceSetup setup = set_up(sizes);
    require_agreement(setup, backend);
    const auto session = backend.force_session();
    std::vector<ForceSession::Work> work;
    for (const NetworkModel& model : setup.models) {
        work.push_back({session->add(model, setup.rule, nullptr), &setup.trial, 0});
    }
    std::vector<TrialOutcome> outcomes(work.size());
    const auto one_trial = [&] {
        const auto start = Clock::now();
        session->run_trial(work, outcomes);
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    one_trial();  // warm: pages touched, matrices packed
    std::vector<double> times;
    const std::clock_t cpu_start = std::clock();
    const auto start = Clock::now();
    do {
        times.push_back(one_trial());
    } while (options.trials > 0
                 ? static_cast<int>(times.size()) < options.trials
                 : std::chrono::duration<double>(Clock::now() - start).count() < options.seconds);
    const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC /
                               static_cast<double>(times.size());
    const auto ceilings = backend.measure_ceilings(0.5);
    std::sort(times.begin(), times.end());
    const double seconds = times[times.size() / 2];

    // Operations of the published trial: J r every step; P r and the symmetric half of a rank-one
    // update for each of its 75 updates. Least bytes: each P read and written once per epoch, each
    // matrix read once per trial; everything else can stay on chip.
    const double n2 = static_cast<double>(sizes.units) * sizes.units;
    const double steps = setup.task->shape().steps;
    const double updates = 75;
    const double epochs = 3;
    const double operations = sizes.networks * (steps * 2 * n2 + updates * 3 * n2);
    const double number = backend.precision() == Precision::fp32 ? 4 : 8;
    const int matrices = sizes.networks / sizes.shared;
    const double bytes = number * n2 * (sizes.networks * epochs + matrices);
    const double floor =
        std::max(operations / (1e9 * ceilings.gflops), bytes / (1e9 * ceilings.gbytes_per_second));
    return {{"case", "force"},
            {"units", sizes.units},
            {"networks", sizes.networks},
            {"shared", sizes.shared},
            {"backend", backend.name()},
            {"instruction_set", backend.instruction_set()},
            {"precision", name_of(backend.precision())},
            {"threads", backend.threads()},
            {"trials", times.size()},
            {"seconds", seconds},
            {"cpu_seconds", cpu_seconds},
            {"seconds_min", times.front()},
            {"seconds_max", times.back()},
            {"network_steps_per_s", sizes.networks * steps / seconds},
            {"gflops", 1e-9 * operations / seconds},
            {"gbytes_per_s", 1e-9 * bytes / seconds},
            {"peak_gflops", ceilings.gflops},
            {"peak_gbytes_per_s", ceilings.gbytes_per_second},
            {"peak_tf32_gflops", ceilings.tf32_gflops},
            {"fraction", floor / seconds}};
}

/// Enough networks to keep every core, or every multiprocessor, busy.
std::vector<ForceCase> standard_cases(const std::string& backend) {
    if (backend == "cuda") {
        return {{32, 8192, 1},   {64, 4096, 1},   {128, 4096, 1}, {128, 4200, 42}, {200, 1320, 1},
                {200, 1344, 42}, {256, 1344, 42}, {512, 672, 42}, {1000, 672, 42}, {2048, 84, 42}};
    }
    return {{32, 256, 1}, {128, 64, 1}, {128, 84, 42}, {200, 64, 1}, {200, 84, 42}, {1000, 42, 42}};
}

void bench_force(const BenchOptions& options) {
    if ((options.units > 0) != (options.networks > 0)) {
        throw usage_error("bench force: give --units and --networks together, or neither");
    }
    if (options.networks > 0 && options.networks % options.shared != 0) {
        throw usage_error(fmt::format("bench force: --shared {} must divide --networks {}",
                                      options.shared, options.networks));
    }
    const auto backend = open_backend(options.compute, Precision::fp32);
    std::vector<ForceCase> cases = {{options.units, options.networks, options.shared}};
    if (options.units == 0) {
        cases = standard_cases(backend->name());
    }
    if (!options.json) {
        fmt::print(
            "FORCE, the published trial (75 updates in 350 steps), backend {} ({}), {}, {} "
            "thread(s)\n",
            backend->name(), backend->instruction_set(), name_of(backend->precision()),
            backend->threads());
        fmt::print("{:>6} {:>9} {:>7} {:>10} {:>18} {:>9} {:>10} {:>9}\n", "units", "networks",
                   "shared", "s / trial", "network-steps / s", "Gflop/s", "peak", "of floor");
    }
    for (const ForceCase& sizes : cases) {
        const auto result = run_force(sizes, options, *backend);
        if (options.json) {
            fmt::print("{}\n", result.dump());
        } else {
            fmt::print("{:>6} {:>9} {:>7} {:>10.4f} {:>18.0f} {:>9.1f} {:>10.1f} {:>8.0f} %\n",
                       sizes.units, sizes.networks, sizes.shared, double(result["seconds"]),
                       double(result["network_steps_per_s"]), double(result["gflops"]),
                       double(result["peak_gflops"]), 100 * double(result["fraction"]));
        }
        std::fflush(stdout);
    }
}

void add_size_options(CLI::App& command, BenchOptions& options) {
    command.add_option("--units", options.units, "Units of every network")
        ->check(CLI::Range(1, 20000));
    command.add_option("--networks", options.networks, "Networks")->check(CLI::Range(1, 1000000));
    command.add_option("--shared", options.shared, "Every K consecutive networks share one matrix")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command
        .add_option("--trials", options.trials,
                    "Trials to time (default: as many as fit --seconds)")
        ->check(CLI::PositiveNumber);
    command.add_option("--seconds", options.seconds, "Time to spend per case")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_flag("--json", options.json, "One JSON object per case, one per line");
    add_compute_options(command, options.compute, "fp32");
}

}  // namespace

void add_bench_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "bench",
        "Throughput against limits measured in the same run; checked against the reference first");
    command->footer(
        "Examples:\n"
        "  shoal bench                                           every case, standard sizes\n"
        "  shoal bench force --units 200 --networks 84 --shared 42\n"
        "  shoal bench force --json");
    const auto all = std::make_shared<BenchOptions>();
    add_size_options(*command, *all);
    const auto force = std::make_shared<BenchOptions>();
    CLI::App* force_command =
        command->add_subcommand("force", "FORCE training, the published trial");
    add_size_options(*force_command, *force);
    force_command->callback([force] { bench_force(*force); });
    command->callback([command, all] {
        if (command->get_subcommands().empty()) {
            bench_force(*all);
        }
    });
}

}  // namespace shoal
