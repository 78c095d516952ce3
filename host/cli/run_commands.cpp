// SPDX-License-Identifier: MIT
// run, train, analyze, stats, report.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "cli/stages.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "train/forecast.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct RunOptions {
    std::string config;
    std::string out;
    std::vector<std::string> set;
    std::string shard = "0/1";
    std::string max_memory;
    double max_hours = 0.0;
    bool resume = false;
    bool force = false;
    bool dry_run = false;
    bool quiet = false;
    bool json = false;
    bool allow_different_bits = false;
    ComputeOptions compute;
};

struct StageOptions {
    std::vector<std::string> folders;
    std::string out;
    double max_hours = 0.0;
    bool quiet = false;
    bool json = false;
    ComputeOptions compute;
};

Progress::Mode progress_mode(bool quiet) {
    return quiet ? Progress::Mode::quiet : Progress::Mode::automatic;
}

void print_forecast(const Forecast& f, bool json) {
    if (json) {
        const nlohmann::ordered_json out = {
            {"networks", f.networks},
            {"waves", f.waves},
            {"largest_wave", f.largest_wave},
            {"network_steps", f.network_steps},
            {"program_bytes", f.program_bytes},
            {"wave_bytes", f.wave_bytes},
            {"test_bytes", f.test_bytes},
            {"memory_bytes", f.program_bytes + f.wave_bytes + f.test_bytes},
            {"disk_bytes", f.disk_bytes},
            {"checkpoint_bytes", f.checkpoint_bytes},
            {"training_seconds", f.training_seconds},
            {"test_seconds", f.test_seconds},
            {"measured_seconds", f.measured_seconds}};
        fmt::print("{}\n", out.dump());
        return;
    }
    const auto megabytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
    fmt::print("networks   {} in {} wave(s), at most {} at a time\n", f.networks, f.waves,
               f.largest_wave);
    fmt::print("memory     {:.0f} MB: program {:.0f}, networks in training {:.0f}, tests {:.0f}\n",
               megabytes(f.program_bytes + f.wave_bytes + f.test_bytes), megabytes(f.program_bytes),
               megabytes(f.wave_bytes), megabytes(f.test_bytes));
    fmt::print("disk       {:.0f} MB, of which checkpoints {:.0f}\n", megabytes(f.disk_bytes),
               megabytes(3 * f.checkpoint_bytes));
    fmt::print(
        "time       training {:.0f} s ({:.3g} network-steps), tests {:.0f} s; the analysis of "
        "accepted networks comes on top\n",
        f.training_seconds, f.network_steps, f.test_seconds);
    fmt::print("           predicted from {:.1f} s of measurement on this machine\n",
               f.measured_seconds);
    fmt::print("nothing was started\n");
}

fs::path folder_of(const RunOptions& options, const Config& config, Shard shard) {
    if (!options.out.empty()) {
        return options.out;
    }
    std::string name = config.name;
    if (shard.count > 1) {
        name += fmt::format(".shard-{}-of-{}", shard.index, shard.count);
    }
    return fs::path("runs") / name;
}

/// Writes population.csv and report/index.html of some runs; prints the summary.
void write_results(const Population& population, const RunPaths& paths, bool json) {
    const auto& keys = population.runs.front().config.swept_keys;
    fs::create_directories(paths.folder);
    write_population_csv(paths.table(), population.rows, keys);
    fs::create_directories(paths.report().parent_path());
    write_report(paths.report(), population.runs, population.rows, population.summary);
    const SummaryRow& all = population.summary.front();
    if (json) {
        nlohmann::ordered_json out = {
            {"run", paths.folder.string()},    {"networks", all.networks},
            {"trained", all.trained},          {"diverged", all.diverged},
            {"pending", all.pending},          {"accepted", all.accepted},
            {"table", paths.table().string()}, {"report", paths.report().string()}};
        for (std::size_t m = 0; m < all.mechanism_count.size(); ++m) {
            out["mechanisms"][name_of(static_cast<Mechanism>(m))] = all.mechanism_count[m];
        }
        fmt::print("{}\n", out.dump());
    } else {
        fmt::print("{}\ntable   {}\nreport  {}\n", format_summary(population.summary),
                   paths.table().string(), paths.report().string());
    }
}

/// Runs `work`; an interruption becomes a message that says how to go on.
template <typename Work>
void resumable(const std::string& how_to_resume, Work&& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ExitCode::interrupted) {
            throw;
        }
        throw Error(ExitCode::interrupted,
                    fmt::format("{}; a checkpoint was written. Go on with: {}", error.what(),
                                how_to_resume));
    }
}

enum class Extent { train_only, everything };

void run_config(const RunOptions& options, Extent extent) {
    const Config config = load_config(options.config, options.set);
    const Shard shard = parse_shard(options.shard);
    const std::uint64_t max_memory =
        options.max_memory.empty() ? 0 : parse_bytes(options.max_memory);
    std::string note;
    const auto backend = open_backend(options.compute, Precision::fp32, &note);
    if (options.dry_run) {
        Config mine = config;
        keep_shard(mine, shard.index, shard.count);
        print_forecast(forecast_run(mine, *backend, max_memory, true), options.json);
        return;
    }
    if (options.resume && options.force) {
        throw usage_error("--resume and --force contradict each other: choose one");
    }
    const ExistingRun existing = options.resume  ? ExistingRun::resume
                                 : options.force ? ExistingRun::replace
                                                 : ExistingRun::refuse;
    OpenRun run = open_run(folder_of(options, config, shard), config, shard, *backend, existing,
                           options.allow_different_bits);
    const char* name = extent == Extent::everything ? "run" : "train";
    const bool trained = fs::exists(run.paths.population());
    if (!run.manifest.finished.empty() || (trained && extent == Extent::train_only)) {
        fmt::print("{}: {} is finished; nothing to do\n", run.paths.folder.string(),
                   extent == Extent::everything ? "this run" : "training");
        return;
    }
    Progress progress(progress_mode(options.quiet));
    if (!note.empty()) {
        progress.note(note);
    }
    catch_stop_signals();
    stop_after_hours(options.max_hours);
    const std::string again = fmt::format("shoal {} {} --out {} --resume", name, options.config,
                                          run.paths.folder.string());
    resumable(again, [&] {
        train_stage(run, *backend, max_memory, progress);
        if (extent == Extent::everything) {
            analysis_stage(run, options.compute, progress);
        }
    });
    if (extent == Extent::everything) {
        write_results(read_population({run.paths.folder}), run.paths, options.json);
        run.manifest.finished = utc_now();
        write_manifest(run.paths.manifest(), run.manifest);
    } else {
        fmt::print("trained networks are in {}; go on with: shoal analyze {}\n",
                   run.paths.population().string(), run.paths.folder.string());
    }
}

void analyze_folder(const StageOptions& options) {
    OpenRun run = reopen_run(options.folders.front());
    if (!fs::exists(run.paths.population())) {
        throw usage_error(fmt::format(
            "{}: training is not finished; finish it with shoal train CONFIG --out {} --resume",
            run.paths.folder.string(), run.paths.folder.string()));
    }
    if (fs::exists(run.paths.analysis())) {
        fmt::print("{}: the analysis is finished; nothing to do\n", run.paths.folder.string());
        return;
    }
    Progress progress(progress_mode(options.quiet));
    catch_stop_signals();
    stop_after_hours(options.max_hours);
    resumable(fmt::format("shoal analyze {}", run.paths.folder.string()),
              [&] { analysis_stage(run, options.compute, progress); });
    fmt::print("analysis in {}; go on with: shoal stats {}\n", run.paths.analysis().string(),
               run.paths.folder.string());
}

RunPaths results_folder(const StageOptions& options, const Population& population) {
    if (!options.out.empty()) {
        return {options.out};
    }
    if (options.folders.size() == 1) {
        return {options.folders.front()};
    }
    const RunContent& first = population.runs.front();
    return {first.paths.folder.parent_path() / (first.config.name + ".merged")};
}

std::vector<fs::path> paths_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

void add_config_options(CLI::App& command, RunOptions& options) {
    command.add_option("config", options.config, "Configuration (YAML)")->required();
    command.add_option("--out", options.out, "Run directory (default runs/<name>)");
    command.add_option("--set", options.set, "Override a key: --set network.gain=1.5 (repeatable)")
        ->allow_extra_args(false);
    command.add_flag("--resume", options.resume, "Go on with the run in --out, or start it");
    command.add_flag("--force", options.force, "Delete the run in --out and start again");
    command.add_flag("--dry-run", options.dry_run,
                     "Networks, waves, memory, disk, predicted time; starts nothing");
    command.add_option("--shard", options.shard,
                       "i/n: every n-th network from i, in a directory of its own; auto: from the "
                       "scheduler's array variables");
    command.add_option("--max-memory", options.max_memory,
                       "Memory for networks in training, e.g. 8G (default: most of what is free)");
    command
        .add_option("--max-hours", options.max_hours, "Write a checkpoint and stop after H hours")
        ->check(CLI::PositiveNumber);
    command.add_flag("--allow-different-bits", options.allow_different_bits,
                     "Resume under another backend, instruction set or precision");
    command.add_flag("--quiet", options.quiet, "No progress display");
    command.add_flag("--json", options.json, "Print results as one line of JSON");
    add_compute_options(command, options.compute, "fp32");
}

template <typename Options>
CLI::App* add_command(CLI::App& app, const char* name, const char* description,
                      const std::shared_ptr<Options>& options, const char* examples,
                      std::function<void(const Options&)> action) {
    CLI::App* command = app.add_subcommand(name, description);
    command->footer(std::string("Examples:\n") + examples);
    command->callback([options, action] { action(*options); });
    return command;
}

}  // namespace

void add_run_commands(CLI::App& app) {
    const auto run = std::make_shared<RunOptions>();
    add_config_options(
        *add_command<RunOptions>(
            app, "run", "Train, accept, analyse, make statistics and the report, in one go", run,
            "  shoal run configs/quickstart.yaml\n"
            "  shoal run configs/quickstart.yaml --dry-run\n"
            "  shoal run configs/quickstart.yaml --out runs/hot --set network.tau=2.0\n"
            "  shoal run configs/quickstart.yaml --shard 0/4",
            [](const RunOptions& o) { run_config(o, Extent::everything); }),
        *run);

    const auto train = std::make_shared<RunOptions>();
    add_config_options(
        *add_command<RunOptions>(app, "train", "Train and accept only", train,
                                 "  shoal train configs/quickstart.yaml\n"
                                 "  shoal train configs/quickstart.yaml --max-hours 8",
                                 [](const RunOptions& o) { run_config(o, Extent::train_only); }),
        *train);

    const auto analyze = std::make_shared<StageOptions>();
    CLI::App* command = add_command<StageOptions>(
        app, "analyze", "Find how each accepted network of a run remembers", analyze,
        "  shoal analyze runs/quickstart", analyze_folder);
    command->add_option("dir", analyze->folders, "Run directory")->required()->expected(1);
    command
        ->add_option("--max-hours", analyze->max_hours, "Stop after H hours, keeping what is done")
        ->check(CLI::PositiveNumber);
    command->add_flag("--quiet", analyze->quiet, "No progress display");
    add_compute_options(*command, analyze->compute, "as trained, fp64 where exact");

    const auto stats = std::make_shared<StageOptions>();
    command = add_command<StageOptions>(
        app, "stats", "Write population.csv and print the population's statistics", stats,
        "  shoal stats runs/quickstart\n"
        "  shoal stats runs/quickstart.shard-*-of-4 --out runs/all",
        [](const StageOptions& o) {
            const Population population = read_population(paths_of(o.folders));
            const RunPaths paths = results_folder(o, population);
            fs::create_directories(paths.folder);
            write_population_csv(paths.table(), population.rows,
                                 population.runs.front().config.swept_keys);
            fmt::print("{}\ntable   {}\n", format_summary(population.summary),
                       paths.table().string());
        });
    command->add_option("dir", stats->folders, "Run directories (shards of one configuration)")
        ->required();
    command->add_option("--out", stats->out,
                        "Folder for the table (default: the run, or <name>.merged beside shards)");

    const auto report = std::make_shared<StageOptions>();
    command = add_command<StageOptions>(
        app, "report", "Write the report page (and population.csv)", report,
        "  shoal report runs/quickstart\n"
        "  shoal report runs/quickstart.shard-*-of-4 --out runs/all",
        [](const StageOptions& o) {
            const Population population = read_population(paths_of(o.folders));
            write_results(population, results_folder(o, population), o.json);
        });
    command->add_option("dir", report->folders, "Run directories (shards of one configuration)")
        ->required();
    command->add_option("--out", report->out,
                        "Folder for the report (default: the run, or <name>.merged beside shards)");
    command->add_flag("--json", report->json, "Print results as one line of JSON");
}

}  // namespace shoal
