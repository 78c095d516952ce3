// SPDX-License-Identifier: MIT
// run, train.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_folder.hpp"
#include "cli/stages.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "train/forecast.hpp"
#include "train/trainer.hpp"

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
    double checkpoint_seconds = TrainerOptions{}.checkpoint_seconds;
    bool resume = false;
    bool force = false;
    bool dry_run = false;
    bool quiet = false;
    bool json = false;
    bool allow_different_bits = false;
    ComputeOptions compute;
};

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

enum class Extent { train_only, everything };

/// The command that goes on with this run: every option that decides what is computed, or how much
/// of the machine is used.
std::string resume_command(const char* name, const RunOptions& options, const OpenRun& run) {
    std::string command = fmt::format("shoal {} {}", name, quoted(options.config));
    const auto add = [&](const char* option, const std::string& value) {
        command += fmt::format(" {} {}", option, quoted(value));
    };
    for (const std::string& set : options.set) {
        add("--set", set);
    }
    add("--out", run.paths.folder.string());
    if (run.manifest.shard_count > 1) {
        add("--shard", fmt::format("{}/{}", run.manifest.shard_index, run.manifest.shard_count));
    }
    if (options.compute.backend != "auto") {
        add("--backend", options.compute.backend);
    }
    if (!options.compute.precision.empty()) {
        add("--precision", options.compute.precision);
    }
    if (options.compute.threads > 0) {
        add("--threads", std::to_string(options.compute.threads));
    }
    if (options.compute.device > 0) {
        add("--device", std::to_string(options.compute.device));
    }
    if (!options.max_memory.empty()) {
        add("--max-memory", options.max_memory);
    }
    return command + " --resume";
}

/// FORCE has no products of matrices in tf32 or bf16.
void require_gradients(const Config& config, Precision precision) {
    const bool narrow = precision == Precision::tf32 || precision == Precision::bf16;
    for (const NetworkSpec& spec : config.networks) {
        if (narrow && spec.training.method == TrainingMethod::force) {
            throw usage_error(
                fmt::format("--precision {}: training.method force has fp32 and fp64 only",
                            name_of(precision)));
        }
    }
}

void run_config(const RunOptions& options, Extent extent) {
    const Config config = load_config(options.config, options.set);
    const Shard shard = parse_shard(options.shard);
    const std::uint64_t max_memory =
        options.max_memory.empty() ? 0 : parse_bytes(options.max_memory);
    std::string note;
    const auto backend = open_backend(options.compute, Precision::fp32, &note);
    require_gradients(config, backend->precision());
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
    const std::vector<std::pair<std::string, fs::path>> training = {
        {"population", run.paths.population()}};
    if (!run.manifest.finished.empty() || (trained && extent == Extent::train_only)) {
        fmt::print(options.json ? stderr : stdout, "{}: {} is finished; nothing to do\n",
                   run.paths.folder.string(),
                   extent == Extent::everything ? "this run" : "training");
        if (options.json) {
            print_counts(read_population({run.paths.folder}, for_tables), run.paths, training);
        }
        return;
    }
    Progress progress(progress_mode(options.quiet));
    if (!note.empty()) {
        progress.note(note);
    }
    catch_stop_signals();
    stop_after_hours(options.max_hours);
    TrainerOptions trainer;
    trainer.max_memory = max_memory;
    trainer.checkpoint_seconds = options.checkpoint_seconds;
    resumable(resume_command(name, options, run), [&] {
        train_stage(run, *backend, trainer, progress);
        if (extent == Extent::everything) {
            analysis_stage(run, options.compute, progress);
        }
    });
    if (extent == Extent::everything) {
        write_results(read_population({run.paths.folder}, for_report), run.paths, options.json);
        run.manifest.finished = utc_now();
        write_manifest(run.paths.manifest(), run.manifest);
    } else if (options.json) {
        print_counts(read_population({run.paths.folder}, for_tables), run.paths, training);
    } else {
        fmt::print("trained networks are in {}; go on with: shoal analyze {}\n",
                   run.paths.population().string(), quoted(run.paths.folder.string()));
    }
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
    command
        .add_option("--checkpoint-seconds", options.checkpoint_seconds,
                    "Wanted time between checkpoints; longer where writing them is slow")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command.add_flag("--allow-different-bits", options.allow_different_bits,
                     "Resume under another backend, instruction set or precision");
    command.add_flag("--quiet", options.quiet, "No progress display");
    command.add_flag("--json", options.json, "Print results as one line of JSON");
    add_compute_options(command, options.compute, "fp32", Precisions::narrow_products);
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
}

}  // namespace shoal
