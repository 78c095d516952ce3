// SPDX-License-Identifier: MIT
// What run, train and reproduce share: a configuration, computed in a run directory.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "core/stop.hpp"
#include "train/progress.hpp"
#include "train/trainer.hpp"

namespace shoal {

/// Options of a run, whatever its configuration.
struct RunOptions {
    std::string out;
    std::vector<std::string> set;
    std::string shard;
    std::string max_memory;
    double max_hours = 0.0;
    double checkpoint_seconds = TrainerOptions{}.checkpoint_seconds;
    bool resume = false;
    bool force = false;
    bool dry_run = false;
    bool quiet = false;
    bool json = false;
    bool allow_different_bits = false;
    double memory_share = 1.0;  ///< of what is free, where ranks share a machine
    ComputeOptions compute;
};

/// All of them, with their help.
void add_run_options(CLI::App& command, RunOptions& options);

enum class Extent { train_only, everything };

struct StagedRun {
    OpenRun run;
    bool was_finished = false;  ///< nothing was left to do
    std::string resume;         ///< the command that goes on with it
    /// Says so until the command ends: a stop that is asked for late does not end it in between.
    std::unique_ptr<StopScope> scope;
};
/// Trains (and analyses) `config`, or the one shard of it that the options name, in its run
/// directory, from where it stands. `command` is the command line as far as the configuration, as a
/// shell reads it: what an interruption says to go on with.
StagedRun run_stages(const Config& config, const std::string& command, const RunOptions& options,
                     Extent extent, Progress& progress);

/// From here on signals and --max-hours stop the work with a checkpoint.
void begin_work(const RunOptions& options);

/// --out, or runs/<name>; and the folder of a shard beside it.
std::filesystem::path base_folder(const RunOptions& options, const Config& config);
std::filesystem::path shard_folder(const std::filesystem::path& base, Shard shard);

/// The command that goes on with a run: every option that decides what is computed, or how much of
/// the machine is used. `shard` as --shard takes it; empty: none.
std::string resume_command(std::string command, const RunOptions& options, const std::string& out,
                           const std::string& shard);

/// --dry-run: prints what the run will take.
void print_forecast(const Config& config, const RunOptions& options);

/// The run is complete once its results are written.
void mark_finished(OpenRun& run);

}  // namespace shoal
