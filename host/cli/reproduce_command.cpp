// SPDX-License-Identifier: MIT
// reproduce: the claims of a paper, tested on a fresh population or on runs that are there.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/kept_signals.hpp"
#include "cli/paper_configs.hpp"
#include "cli/results.hpp"
#include "cli/run_stages.hpp"
#include "cli/shared_run.hpp"
#include "cli/stages.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "papers/claims_learning.hpp"
#include "papers/claims_memory.hpp"
#include "papers/head_direction.hpp"
#include "papers/learning_signals.hpp"
#include "papers/paper_data.hpp"
#include "ranks/ranks.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr const char* memory_paper = "ghazizadeh2021";
constexpr const char* learning_paper = "park2023";

struct ReproduceOptions {
    std::string paper;
    std::string scale = "small";
    std::vector<std::string> from;
    int systems = 0;  ///< 0: by scale
    RunOptions run;
};

struct Findings {
    std::vector<JudgedClaim> claims;
    nlohmann::json more = nlohmann::json::object();  ///< for the report's figures
};

Findings memory_findings(const Population& population) {
    const MemoryPopulation memory = memory_population(population.runs);
    if (memory.analysed_in_full < memory.accepted) {
        throw usage_error(fmt::format(
            "{} of {} accepted networks have no full analysis: the claims of {} need analysis: "
            "{{level: full}} and a finished shoal analyze",
            memory.accepted - memory.analysed_in_full, memory.accepted, memory_paper));
    }
    return {judge_memory_claims(memory), nlohmann::json::object()};
}

HeadDirectionResult headings_of(HeadDirectionOptions options, Progress& progress) {
    const StopPoints stop_points(StopFor::any_reason);
    std::mutex mutex;
    Progress::Numbers numbers{.stage = "headings"};
    options.run_done = [&](std::size_t all) {
        const std::lock_guard lock(mutex);
        ++numbers.done;
        numbers.networks = all;
        numbers.work_done = static_cast<double>(numbers.done) / static_cast<double>(all);
        progress.update(numbers);
    };
    HeadDirectionResult result = run_head_direction(options);
    progress.finish_stage();
    return result;
}

Findings learning_findings(const Population& population, const ReproduceOptions& options,
                           const fs::path& kept, Progress& progress) {
    const bool full = options.scale == "full";
    const std::uint32_t seed = population.runs.front().config.seed;
    const int threads =
        options.run.compute.threads > 0 ? options.run.compute.threads : available_threads();
    SignalOptions signals;
    signals.units = full ? 128 : 32;
    signals.systems = options.systems > 0 ? options.systems : full ? 400 : 100;
    signals.key = {seed, 0};
    signals.threads = threads;
    const std::vector<SignalFamily> families = kept_signals(signals, kept, progress);
    HeadDirectionOptions headings;
    headings.seeds = std::clamp(signals.systems, 2, 100);
    headings.key = {seed, 0};
    headings.threads = threads;
    const HeadDirectionResult heading = headings_of(headings, progress);

    std::vector<Claim> claims = signal_claims(families);
    for (auto&& more : {initialisation_claims(population.rows, population.runs.front().config.axes),
                        heading_claims(heading)}) {
        claims.insert(claims.end(), more.begin(), more.end());
    }
    return {judge_claims(std::move(claims)),
            {{"signals", signals_data(families)}, {"headings", headings_data(heading)}}};
}

/// What is kept beside the population's files: claims.csv for tables, claims.json for the report.
void write_findings(const Findings& findings, const Population& population,
                    const ReproduceOptions& options, const RunPaths& paths) {
    write_claims_csv(paths.folder / "claims.csv", findings.claims);
    nlohmann::json data = findings.more;
    data["paper"] = options.paper;
    data["population"] = population.runs.front().config.identity;
    data["claims"] = claims_data(findings.claims);
    replace_file(claims_path(paths), std::string_view(data.dump(1)));
}

/// `kept`: where learning signals are kept until the claims are tested; empty: nowhere.
void test_claims(const Population& population, const RunPaths& paths,
                 const ReproduceOptions& options, const fs::path& kept = {}) {
    Progress progress(progress_mode(options.run.quiet));
    const Findings findings = options.paper == memory_paper
                                  ? memory_findings(population)
                                  : learning_findings(population, options, kept, progress);
    create_folders(paths.folder);
    write_findings(findings, population, options, paths);
    write_results(population, paths, options.run.json);
    if (!options.run.json) {
        fmt::print("claims  {}\n\nClaims of {}, verdicts at 5 % over all of them (Holm)\n\n{}",
                   (paths.folder / "claims.csv").string(), options.paper,
                   format_claims(findings.claims));
    }
}

void reproduce_from(const ReproduceOptions& options) {
    const Population population = read_population({options.from.begin(), options.from.end()});
    for (const PopulationRow& row : population.rows) {
        if (row.status == Status::pending) {
            throw usage_error(
                "the runs given by --from are not finished: claims on part of a population would "
                "be on the networks that train fast");
        }
    }
    test_claims(population, results_folder(options.run.out, options.from, population), options);
}

std::string command_of(const ReproduceOptions& options) {
    std::string command =
        fmt::format("shoal reproduce {} --scale {}", options.paper, options.scale);
    if (options.systems > 0) {
        command += fmt::format(" --systems {}", options.systems);
    }
    return command;
}

/// Claims are about whole populations: what is left to do once all shards are there.
void finish_shard(const RunPaths& paths, Shard shard, const ReproduceOptions& options) {
    write_results(read_population({paths.folder}, for_report), paths, options.run.json);
    const std::string name = paths.folder.string();
    const std::string own = fmt::format(".shard-{}-of-{}", shard.index, shard.count);
    const std::string all = name.ends_with(own) ? quoted(name.substr(0, name.size() - own.size())) +
                                                      fmt::format(".shard-*-of-{}", shard.count)
                                                : "SHARDS...";
    fmt::print(options.run.json ? stderr : stdout,
               "shard {} of {}; once all are finished, test the claims with: {} --from {}\n",
               shard.index, shard.count, command_of(options), all);
}

void reproduce(const ReproduceOptions& options) {
    if (options.systems > 0 && options.paper != learning_paper) {
        throw usage_error(fmt::format("--systems: {} measures no untrained systems; leave it out",
                                      options.paper));
    }
    if (!options.from.empty()) {
        reproduce_from(options);
        return;
    }
    const bool full = options.scale == "full";
    const Config config =
        parse_config(paper_config(options.paper, full),
                     fmt::format("{}{}.yaml", options.paper, full ? "" : "-small"),
                     fs::current_path(), options.run.set);
    if (options.run.dry_run) {
        print_forecast(config, options.run);
        return;
    }
    const Shard shard = parse_shard(options.run.shard);
    const bool any = shard.index == Shard::any;
    const auto ranks = join_ranks(!any);
    if (ranks != nullptr || any) {
        run_shared(config, command_of(options), options.run, Extent::everything, ranks.get(),
                   [&](const std::vector<fs::path>& shards, const RunPaths& merged) {
                       test_claims(read_population(shards), merged, options);
                   });
        return;
    }
    begin_work(options.run);
    StagedRun staged;
    {
        Progress progress(progress_mode(options.run.quiet));
        staged = run_stages(config, command_of(options), options.run, Extent::everything, progress);
    }
    const RunPaths& paths = staged.run.paths;
    resumable(staged.resume, [&] {
        if (shard.count > 1) {
            finish_shard(paths, shard, options);
        } else {
            test_claims(read_population({paths.folder}), paths, options, paths.checkpoint());
            fs::remove_all(paths.checkpoint());
        }
    });
    if (!staged.was_finished) {
        mark_finished(staged.run);
    }
}

}  // namespace

void add_reproduce_command(CLI::App& app) {
    const auto options = std::make_shared<ReproduceOptions>();
    CLI::App* command = add_command<ReproduceOptions>(
        app, "reproduce",
        "A paper's claims, tested on a fresh population: train, analyse, intervals, verdicts",
        options,
        "  shoal reproduce ghazizadeh2021                  672 networks of 200 units\n"
        "  shoal reproduce ghazizadeh2021 --scale full     the published grid: 672 of 1000 units\n"
        "  shoal reproduce park2023\n"
        "  mpirun -n 4 shoal reproduce park2023            four processes share the networks\n"
        "  shoal reproduce ghazizadeh2021 --from runs/grid.shard-*-of-8\n"
        "Papers: ghazizadeh2021 (Ghazizadeh & Ching 2021, PLOS Comput Biol), park2023 (Park,\n"
        "Sagodi & Sokol 2023, arXiv 2308.12585). Each claim of the abstract is a hypothesis about\n"
        "a number; verdicts are agrees, disagrees, or undecided at this size. Also claims.csv.",
        reproduce);
    command->add_option("paper", options->paper, "ghazizadeh2021 or park2023")
        ->required()
        ->check(CLI::IsMember({memory_paper, learning_paper}));
    command->add_option("--scale", options->scale, "small or full")
        ->check(CLI::IsMember({"small", "full"}))
        ->capture_default_str();
    CLI::Option* from =
        command
            ->add_option(
                "--from", options->from,
                "Finished runs (shards of one configuration) in place of a fresh population")
            ->type_name("DIR");
    command
        ->add_option("--systems", options->systems,
                     "park2023: untrained systems of every family whose learning signals are "
                     "measured, and seeds of the headings (default: 100, full 400)")
        ->check(CLI::Range(1, 100000));
    add_run_options(*command, options->run);
    // Nothing is trained or followed then.
    for (const char* option : {"--set", "--resume", "--force", "--dry-run", "--shard",
                               "--max-memory", "--max-hours", "--checkpoint-seconds",
                               "--allow-different-bits", "--backend", "--precision", "--device"}) {
        command->get_option(option)->excludes(from);
    }
}

}  // namespace shoal
