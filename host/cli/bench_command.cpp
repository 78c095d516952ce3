// SPDX-License-Identifier: MIT
// bench: throughput against what this machine can do at most, measured in the same run.
#include <memory>

#include "cli/bench.hpp"
#include "cli/commands.hpp"

namespace shoal {
namespace {

void add_timing_options(CLI::App& command, BenchOptions& options) {
    command.add_option("--seconds", options.seconds, "Time to spend per case")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_flag("--json", options.json, "One JSON object per case, one per line");
}

void add_common_options(CLI::App& command, BenchOptions& options, Precisions precisions) {
    add_timing_options(command, options);
    add_compute_options(command, options.compute, "fp32", precisions);
}

void add_population_options(CLI::App& command, BenchOptions& options) {
    command.add_option("--units", options.units, "Units of every network")
        ->check(CLI::Range(1, 20000));
    command.add_option("--networks", options.networks, "Networks")->check(CLI::Range(1, 1000000));
}

void add_force_command(CLI::App& bench) {
    const auto options = std::make_shared<BenchOptions>();
    CLI::App* command = bench.add_subcommand("force", "FORCE training, the published trial");
    add_population_options(*command, *options);
    command
        ->add_option("--shared", options->shared, "Every K consecutive networks share one matrix")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command
        ->add_option("--trials", options->trials,
                     "Trials to time (default: as many as fit --seconds)")
        ->check(CLI::PositiveNumber);
    add_common_options(*command, *options, Precisions::plain);
    command->callback([options] { bench_force(*options); });
}

void add_bptt_command(CLI::App& bench) {
    const auto options = std::make_shared<BenchOptions>();
    options->steps = 100;
    CLI::App* command =
        bench.add_subcommand("bptt", "Backpropagation through time: iterations with Adam");
    add_population_options(*command, *options);
    command->add_option("--trials", options->trials, "Trials of one iteration")
        ->check(CLI::Range(1, 65536));
    command->add_option("--steps", options->steps, "Steps of one trial")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    add_common_options(*command, *options, Precisions::narrow_products);
    command->callback([options] { bench_bptt(*options); });
}

void add_fixed_points_command(CLI::App& bench) {
    const auto options = std::make_shared<BenchOptions>();
    CLI::App* command =
        bench.add_subcommand("fixed-points", "The search for fixed points with its proofs, fp64");
    add_population_options(*command, *options);
    command->add_option("--starts", options->starts, "Starts of every search")
        ->check(CLI::Range(16, 100000))
        ->capture_default_str();
    add_timing_options(*command, *options);
    command->add_option("--threads", options->compute.threads, "Threads (default: all processors)")
        ->check(CLI::PositiveNumber);
    command->callback([options] { bench_fixed_points(*options); });
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
        "  shoal bench bptt --units 128 --networks 64 --trials 32 --steps 100\n"
        "  shoal bench bptt --json\n"
        "  shoal bench fixed-points --units 200 --networks 8");
    const auto all = std::make_shared<BenchOptions>();
    all->steps = 100;
    add_common_options(*command, *all, Precisions::plain);
    add_force_command(*command);
    add_bptt_command(*command);
    add_fixed_points_command(*command);
    command->callback([command, all] {
        if (command->get_subcommands().empty()) {
            bench_force(*all);
            bench_bptt(*all);
            bench_fixed_points(*all);
        }
    });
}

}  // namespace shoal
