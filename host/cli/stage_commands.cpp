// SPDX-License-Identifier: MIT
// analyze, stats, report: the stages after training, on run directories.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/analyze_weights.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_folder.hpp"
#include "cli/stages.hpp"
#include "cli/weights_order.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct StageOptions {
    std::vector<std::string> folders;
    std::string out;
    std::vector<std::string> detailed;  // uids
    double max_hours = 0.0;
    bool quiet = false;
    bool json = false;
    bool allow_different_bits = false;
    ComputeOptions compute;
    WeightsAnalysisOptions weights;
};

void analyze_folder(const StageOptions& options) {
    OpenRun run = reopen_run(options.folders.front());
    if (!fs::exists(run.paths.population())) {
        throw usage_error(fmt::format(
            "{}: training is not finished; finish it with shoal train CONFIG --out {} --resume",
            run.paths.folder.string(), run.paths.folder.string()));
    }
    const bool finished = fs::exists(run.paths.analysis());
    if (finished) {
        fs::remove_all(run.paths.checkpoint());  // left if a process was killed at its very end
    } else {
        ComputeOptions compute = options.compute;
        if (compute.backend == "auto") {
            compute.backend = run.manifest.backend;
        }
        require_same_bits(run.paths, run.manifest, *open_backend(compute, run.manifest.precision),
                          options.allow_different_bits);
        Progress progress(progress_mode(options.quiet));
        stop_after_hours(options.max_hours);
        resumable(fmt::format("shoal analyze {}", quoted(run.paths.folder.string())),
                  [&] { analysis_stage(run, compute, progress); });
    }
    if (options.json) {
        print_counts(read_population({run.paths.folder}, for_tables), run.paths,
                     {{"analysis", run.paths.analysis()}});
    } else if (finished) {
        fmt::print("{}: the analysis is finished; nothing to do\n", run.paths.folder.string());
    } else {
        fmt::print("analysis in {}; go on with: shoal stats {}\n", run.paths.analysis().string(),
                   quoted(run.paths.folder.string()));
    }
}

void analyze_something(const StageOptions& options) {
    if (!options.weights.weights.empty()) {
        WeightsAnalysisOptions weights = options.weights;
        weights.threads = options.compute.threads;
        weights.json = options.json;
        Progress progress(progress_mode(options.quiet));
        stop_after_hours(options.max_hours);
        analyze_weights(weights, progress);
    } else if (!options.folders.empty()) {
        analyze_folder(options);
    } else {
        throw usage_error("analyze: give a run directory, or --weights FILE");
    }
}

std::vector<fs::path> paths_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

void print_stats(const StageOptions& options) {
    const Population population = read_population(paths_of(options.folders), for_tables);
    const RunPaths paths = results_folder(options.out, options.folders, population);
    write_table(population, paths);
    if (options.json) {
        print_counts(population, paths, {{"table", paths.table()}});
    } else {
        fmt::print("{}\ntable   {}\n", summary_text(population), paths.table().string());
    }
}

/// Options that stand with --weights, which is `weights`.
void add_weights_options(CLI::App& command, CLI::Option* weights, WeightsAnalysisOptions& options) {
    command
        .add_option("--out", options.out,
                    "HDF5 file to write with --weights (default, of one file: WEIGHTS with "
                    ".analysis.h5)")
        ->type_name("FILE")
        ->needs(weights);
    command
        .add_option("--trial-length", options.trial_length,
                    "With --weights: time T, in tau, by which slow is told from fast")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->needs(weights);
    command
        .add_option("--effort", options.effort,
                    "With --weights: times the drawn runs, and the starts that are drawn at most "
                    "while roots seem to be missing (of a run: analysis.effort)")
        ->check(CLI::Range(1, most_analysis_effort))
        ->capture_default_str()
        ->needs(weights);
    command
        .add_option("--as", options.as,
                    "With --weights: analyse as a flow, or as the map of the Euler step (default: "
                    "map where dt = tau, else flow; a run's networks always so). A flow with dt = "
                    "tau is followed in steps of tau / 10; for others set dt in the file")
        ->check(CLI::IsMember({"flow", "map"}))
        ->needs(weights);
    add_order_option(command, options.order)->needs(weights);
}

void add_analyze_command(CLI::App& app) {
    const auto analyze = std::make_shared<StageOptions>();
    CLI::App* command = add_command<StageOptions>(
        app, "analyze",
        "Find how each accepted network of a run remembers, or the dynamics of any weights",
        analyze,
        "  shoal analyze runs/quickstart\n"
        "  shoal analyze --weights w.h5 --out dynamics.h5\n"
        "  shoal analyze --weights w.h5 --as map\n"
        "  shoal analyze --weights a.h5 b.h5 --out both.h5\n"
        "With --weights: fixed and slow points with proofs, slow modes, attractors and exponents\n"
        "of networks that shoal did not train, in float64, with constant_input held, once for "
        "each\n"
        "of its conditions. Runs start at the file's memory_states and at random states; the\n"
        "mechanism says how the former are held. The answer has groups as analysis.h5, and "
        "verdict.",
        analyze_something);
    CLI::Option* weights = command
                               ->add_option("--weights", analyze->weights.weights,
                                            "Weights files (HDF5) instead of a run, with networks "
                                            "of one shape")
                               ->type_name("FILE ...");
    command->add_option("dir", analyze->folders, "Run directory")
        ->type_name("DIR")
        ->expected(0, 1)
        ->excludes(weights);
    add_weights_options(*command, weights, analyze->weights);
    command
        ->add_option("--max-hours", analyze->max_hours, "Stop after H hours, keeping what is done")
        ->check(CLI::PositiveNumber);
    command->add_flag(
        "--allow-different-bits", analyze->allow_different_bits,
        "Analyse under another backend, instruction set or precision than in training");
    command->add_flag("--quiet", analyze->quiet, "No progress display");
    command->add_flag("--json", analyze->json, "Print results as one line of JSON");
    add_compute_options(*command, analyze->compute, "as trained, and always fp64 where exact");
    // Weights are analysed on the CPU in float64.
    for (const char* option : {"--allow-different-bits", "--backend", "--precision", "--device"}) {
        command->get_option(option)->excludes(weights);
    }
}

}  // namespace

void add_stage_commands(CLI::App& app) {
    add_analyze_command(app);
    const auto stats = std::make_shared<StageOptions>();
    CLI::App* command = add_command<StageOptions>(
        app, "stats", "Write population.csv and print the population's statistics", stats,
        "  shoal stats runs/quickstart\n"
        "  shoal stats runs/quickstart.shard-*-of-4 --out runs/all",
        print_stats);
    command->add_option("dir", stats->folders, "Run directories (shards of one configuration)")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--out", stats->out,
                     "Folder for the table (default: the run, or <name>.merged beside shards)")
        ->type_name("DIR");
    command->add_flag("--json", stats->json, "Print results as one line of JSON");

    const auto report = std::make_shared<StageOptions>();
    command = add_command<StageOptions>(
        app, "report", "Write the report page (and population.csv)", report,
        "  shoal report runs/quickstart\n"
        "  shoal report runs/quickstart.shard-*-of-4 --out runs/all\n"
        "  shoal report runs/quickstart --network 0123456789abcdef --network fedcba9876543210",
        [](const StageOptions& o) {
            const Population population = read_population(paths_of(o.folders), for_report);
            write_results(population, results_folder(o.out, o.folders, population), o.json,
                          o.detailed);
        });
    command->add_option("dir", report->folders, "Run directories (shards of one configuration)")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--out", report->out,
                     "Folder for the report (default: the run, or <name>.merged beside shards)")
        ->type_name("DIR");
    command
        ->add_option("--network", report->detailed,
                     "Uid of a network analysed at level full to show in detail; may be repeated "
                     "(default: some of each mechanism)")
        ->allow_extra_args(false);
    command->add_flag("--json", report->json, "Print results as one line of JSON");
}

}  // namespace shoal
