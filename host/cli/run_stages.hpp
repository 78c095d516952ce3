// SPDX-License-Identifier: MIT
// What run, train and reproduce share: a configuration, computed in a run directory.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "train/trainer.hpp"

namespace shoal {

/// Options of a run, whatever its configuration.
struct RunOptions {
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

/// All of them, with their help.
void add_run_options(CLI::App& command, RunOptions& options);

enum class Extent { train_only, everything };

struct StagedRun {
    OpenRun run;
    bool was_finished = false;  ///< nothing was left to do
    std::string resume = {};    ///< the command that goes on with it
};
/// Trains (and analyses) `config` in the run directory that the options name, from where it stands.
/// `command` is the command line as far as the configuration, as a shell reads it: what an
/// interruption says to go on with.
StagedRun run_stages(const Config& config, const std::string& command, const RunOptions& options,
                     Extent extent);

/// --dry-run: prints what the run will take.
void print_forecast(const Config& config, const RunOptions& options);

/// The run is complete once its results are written.
void mark_finished(OpenRun& run);

}  // namespace shoal
