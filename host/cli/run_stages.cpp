// SPDX-License-Identifier: MIT
#include "cli/run_stages.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/stages.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "store/exchange_files.hpp"
#include "train/forecast.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

void print(const std::string& name, const Forecast& f, const std::vector<std::string>& notes,
           bool json) {
    if (json) {
        const nlohmann::ordered_json out = {
            {"name", name},
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
            {"measured_seconds", f.measured_seconds},
            {"notes", notes}};
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
        "time       training {:.0f} s ({} network-steps), tests {:.0f} s; the analysis of "
        "accepted networks comes on top\n",
        f.training_seconds, three_digits(f.network_steps), f.test_seconds);
    fmt::print("           predicted from {:.1f} s of measurement on this machine\n",
               f.measured_seconds);
    for (const std::string& note : notes) {
        fmt::print("{}\n", printable(note));
    }
    fmt::print("nothing was started\n");
}

}  // namespace

fs::path base_folder(const RunOptions& options, const Config& config) {
    return options.out.empty() ? fs::path("runs") / config.name : fs::path(options.out);
}

fs::path shard_folder(const fs::path& base, Shard shard) {
    fs::path folder = base;
    folder += fmt::format(".shard-{}-of-{}", shard.index, shard.count);
    return folder;
}

std::string resume_command(std::string command, const RunOptions& options, const std::string& out,
                           const std::string& shard) {
    const auto add = [&](const char* option, const std::string& value) {
        command += fmt::format(" {} {}", option, quoted(value));
    };
    for (const std::string& set : options.set) {
        add("--set", set);
    }
    add("--out", out);
    if (!shard.empty()) {
        add("--shard", shard);
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
    if (options.compute.device) {
        add("--device", std::to_string(*options.compute.device));
    }
    if (!options.max_memory.empty()) {
        add("--max-memory", options.max_memory);
    }
    return command + " --resume";
}

namespace {

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

std::uint64_t memory_of(const RunOptions& options) {
    return options.max_memory.empty() ? 0 : parse_bytes(options.max_memory);
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& options) {
    command.add_option("--out", options.out, "Run directory (default runs/<name>)")
        ->type_name("DIR");
    command.add_option("--set", options.set, "Override a key: --set network.gain=1.5 (repeatable)")
        ->allow_extra_args(false);
    command.add_flag("--resume", options.resume, "Go on with the run in --out, or start it");
    command.add_flag("--force", options.force, "Delete the run in --out and start again");
    command.add_flag("--dry-run", options.dry_run,
                     "Networks, waves, memory, disk, predicted time; starts nothing");
    command.add_option(
        "--shard", options.shard,
        "i/n takes every n-th network from i, in a directory of its own; any/n takes one "
        "shard after the other that no process works on; auto reads the scheduler's "
        "array variables");
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

void print_forecast(const Config& config, const RunOptions& options) {
    Config mine = config;
    const Shard shard = parse_shard(options.shard);
    const auto backend = open_backend(options.compute, Precision::fp32);
    require_gradients(config, backend->precision());
    if (shard.index != Shard::any) {
        keep_shard(mine, shard.index, shard.count);
    }
    const auto notes = notes_on_initial_weights(mine);
    print(config.name, forecast_run(mine, *backend, memory_of(options), true), notes, options.json);
}

StagedRun run_stages(const Config& config, const std::string& command, const RunOptions& options,
                     Extent extent, Progress& progress) {
    const Shard shard = parse_shard(options.shard);
    TrainerOptions trainer;
    trainer.max_memory = memory_of(options);
    trainer.memory_share = options.memory_share;
    trainer.checkpoint_seconds = options.checkpoint_seconds;
    std::string note;
    const auto backend = open_backend(options.compute, Precision::fp32, &note);
    require_gradients(config, backend->precision());
    if (options.resume && options.force) {
        throw usage_error("--resume and --force contradict each other: choose one");
    }
    const ExistingRun existing = options.resume  ? ExistingRun::resume
                                 : options.force ? ExistingRun::replace
                                                 : ExistingRun::refuse;
    const fs::path base = base_folder(options, config);
    const bool own_folder = options.out.empty() && shard.count > 1;
    const fs::path folder = own_folder ? shard_folder(base, shard) : base;
    StagedRun staged;
    staged.resume = resume_command(
        command, options, folder.string(),
        shard.count > 1 ? fmt::format("{}/{}", shard.index, shard.count) : std::string());
    staged.scope = std::make_unique<StopScope>(staged.resume);
    resumable(staged.resume, [&] {
        OpenRun& run = staged.run;
        run = open_run(folder, config, shard, *backend, existing, options.allow_different_bits);
        staged.was_finished = !run.manifest.finished.empty() ||
                              (extent == Extent::train_only && fs::exists(run.paths.population()));
        if (staged.was_finished) {
            return;
        }
        run.manifest.device = backend->name() == "cuda" ? options.compute.device.value_or(0) : 0;
        if (!note.empty()) {
            progress.note(note);
        }
        for (const std::string& one : notes_on_initial_weights(run.config)) {
            progress.note(one);
        }
        train_stage(run, *backend, trainer, progress);
        if (extent == Extent::everything) {
            analysis_stage(run, options.compute, progress);
        }
    });
    return staged;
}

void begin_work(const RunOptions& options) {
    catch_stop_signals();
    stop_after_hours(options.max_hours);
}

void mark_finished(OpenRun& run) {
    run.manifest.finished = utc_now();
    write_manifest(run.paths.manifest(), run.manifest);
}

}  // namespace shoal
