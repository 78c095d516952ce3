// SPDX-License-Identifier: MIT
// run, train.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_stages.hpp"
#include "cli/shared_run.hpp"
#include "cli/stages.hpp"
#include "config/config.hpp"
#include "ranks/ranks.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct ConfigOptions {
    std::string config;
    RunOptions run;
};

void run_config(const ConfigOptions& options, Extent extent) {
    const Config config = load_config(options.config, options.run.set);
    if (options.run.dry_run) {
        if (launched_rank() == 0) {
            print_forecast(config, options.run);
        }
        return;
    }
    const bool everything = extent == Extent::everything;
    const bool json = options.run.json;
    const std::string command =
        fmt::format("shoal {} {}", everything ? "run" : "train", quoted(options.config));
    const bool any = parse_shard(options.run.shard).index == Shard::any;
    const auto ranks = join_ranks(!any);
    if (ranks != nullptr || any) {
        run_shared(config, command, options.run, extent, ranks.get(),
                   [&](const std::vector<fs::path>& shards, const RunPaths& merged) {
                       write_results(read_population(shards, for_report), merged, json);
                   });
        return;
    }
    begin_work(options.run);
    Progress progress(progress_mode(options.run.quiet));
    StagedRun staged = run_stages(config, command, options.run, extent, progress);
    progress.finish_stage();
    const RunPaths& paths = staged.run.paths;
    const std::vector<std::pair<std::string, fs::path>> training = {
        {"population", paths.population()}};
    if (staged.was_finished) {
        fmt::print(json ? stderr : stdout, "{}: {} is finished; nothing to do\n",
                   paths.folder.string(), everything ? "this run" : "training");
        if (json) {
            print_counts(read_population({paths.folder}, for_tables), paths, training);
        }
    } else if (everything) {
        resumable(staged.resume,
                  [&] { write_results(read_population({paths.folder}, for_report), paths, json); });
        mark_finished(staged.run);
    } else if (json) {
        print_counts(read_population({paths.folder}, for_tables), paths, training);
    } else {
        fmt::print("trained networks are in {}; go on with: shoal analyze {}\n",
                   paths.population().string(), quoted(paths.folder.string()));
    }
}

void add_options(CLI::App& command, ConfigOptions& options) {
    command.add_option("config", options.config, "Configuration (YAML)")
        ->required()
        ->type_name("FILE");
    add_run_options(command, options.run);
}

}  // namespace

void add_run_commands(CLI::App& app) {
    const auto run = std::make_shared<ConfigOptions>();
    add_options(
        *add_command<ConfigOptions>(
            app, "run", "Train, accept, analyse, make statistics and the report, in one go", run,
            "  shoal run configs/quickstart.yaml\n"
            "  shoal run configs/quickstart.yaml --dry-run\n"
            "  shoal run configs/quickstart.yaml --out runs/hot --set network.tau=2.0\n"
            "  shoal run configs/quickstart.yaml --shard 0/4\n"
            "  mpirun -n 4 shoal run configs/quickstart.yaml    four processes share the networks",
            [](const ConfigOptions& o) { run_config(o, Extent::everything); }),
        *run);

    const auto train = std::make_shared<ConfigOptions>();
    add_options(*add_command<ConfigOptions>(
                    app, "train", "Train and accept only", train,
                    "  shoal train configs/quickstart.yaml\n"
                    "  shoal train configs/quickstart.yaml --max-hours 8",
                    [](const ConfigOptions& o) { run_config(o, Extent::train_only); }),
                *train);
}

}  // namespace shoal
