// SPDX-License-Identifier: MIT
// bench force: the published trial.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "backend/readout_groups.hpp"
#include "cli/bench.hpp"
#include "config/spec.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {
namespace {

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
    const ForceSetup setup = set_up(sizes);
    require_agreement(setup, backend);
    const auto session = backend.force_session();
    std::vector<ForceSession::Work> work;
    for (const NetworkModel& model : setup.models) {
        work.push_back({session->add(model, setup.rule, nullptr), &setup.trial, 0});
    }
    std::vector<TrialOutcome> outcomes(work.size());
    const Timing timing =
        time_repeats(options.trials, options.seconds, [&] { session->run_trial(work, outcomes); });

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
    nlohmann::ordered_json result = {{"case", "force"},
                                     {"units", sizes.units},
                                     {"networks", sizes.networks},
                                     {"shared", sizes.shared}};
    add_facts(result, backend);
    add_times(result, timing, "trials");
    result["network_steps_per_s"] = sizes.networks * steps / timing.median();
    add_rates(result, backend, operations, bytes, timing);
    return result;
}

/// Enough networks to keep every core, or every multiprocessor, busy.
std::vector<ForceCase> force_cases(const std::string& backend) {
    if (backend == "cuda") {
        return {{32, 8192, 1},   {64, 4096, 1},   {128, 4096, 1}, {128, 4200, 42}, {200, 1320, 1},
                {200, 1344, 42}, {256, 1344, 42}, {512, 672, 42}, {1000, 672, 42}, {2048, 84, 42}};
    }
    return {{32, 256, 1}, {128, 64, 1}, {128, 84, 42}, {200, 64, 1}, {200, 84, 42}, {1000, 42, 42}};
}

}  // namespace

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
        cases = force_cases(backend->name());
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
            fmt::print("{:>6} {:>9} {:>7} {:>10.4f} {:>18} {:>9.1f} {:>10.1f} {:>8.0f} %\n",
                       sizes.units, sizes.networks, sizes.shared, double(result["seconds"]),
                       three_digits(double(result["network_steps_per_s"])),
                       double(result["gflops"]), double(result["peak_gflops"]),
                       100 * double(result["fraction"]));
        }
        std::fflush(stdout);
    }
}

}  // namespace shoal
