// SPDX-License-Identifier: MIT
// Writes a run directory, or several shards of one, with any number of made-up networks
// (tests/support/synthetic_run.hpp), to measure `shoal stats` and `shoal report` on populations
// that nobody has trained:
//
//   synthetic_population --networks 100000 --out /tmp/many
//   time shoal stats /tmp/many
//   synthetic_population --networks 1000000 --shards 10 --level full --out /tmp/more
//   time shoal report /tmp/more.shard-*-of-10
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "core/error.hpp"
#include "synthetic_run.hpp"

int main(int argc, char** argv) {
    shoal::SyntheticRun run;
    std::string out;
    CLI::App app("Writes run directories of made-up networks");
    app.add_option("--networks", run.networks,
                   fmt::format("Networks, a multiple of {}", shoal::synthetic_cells))
        ->capture_default_str();
    app.add_option("--units", run.units, "Units of each, at least 4")->capture_default_str();
    app.add_option("--trials", run.trials, "Trials of the training curves")->capture_default_str();
    std::string level = "first";
    app.add_option("--level", level, "Level of the analysis")
        ->check(CLI::IsMember({"first", "full"}))
        ->capture_default_str();
    app.add_option("--shards", run.shards, "Run directories to spread the networks over")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--seed", run.seed, "Seed of all that is made up")->capture_default_str();
    app.add_option("--out", out, "Run directory to write; of shards the first part of the names")
        ->required();
    try {
        app.parse(argc, argv);
        run.level = level == "full" ? shoal::AnalysisLevel::full : shoal::AnalysisLevel::first;
        for (const auto& folder : shoal::write_synthetic_run(out, run)) {
            fmt::print("{}\n", folder.string());
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const shoal::Error& error) {
        fmt::print(stderr, "synthetic_population: {}\n", error.what());
        return static_cast<int>(error.code());
    } catch (const std::exception& error) {
        fmt::print(stderr, "synthetic_population: {}\n", error.what());
        return 1;
    }
    return 0;
}
