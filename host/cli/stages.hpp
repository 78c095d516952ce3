// SPDX-License-Identifier: MIT
// The stages of a run on an open run directory; each goes on from what is there and does nothing if
// it is finished.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "stats/report_data.hpp"
#include "stats/table.hpp"
#include "stats/trends.hpp"
#include "train/progress.hpp"
#include "train/trainer.hpp"

namespace shoal {

/// Progress display of a command.
inline Progress::Mode progress_mode(bool quiet) {
    return quiet ? Progress::Mode::quiet : Progress::Mode::automatic;
}

/// Runs `work`; an interruption becomes a message that says how to go on.
void resumable(const std::string& how_to_resume, const std::function<void()>& work);

/// The folder of `options` is set here: the run's own.
void train_stage(OpenRun& run, Backend& backend, TrainerOptions options, Progress& progress);

/// Parallel over networks: each worker has single-threaded backends of its own, in the precision
/// the run was trained in for behaviour and in fp64 for everything that is measured exactly.
void analysis_stage(OpenRun& run, const ComputeOptions& compute, Progress& progress);

/// What tables and pages are made of.
struct Population {
    /// With Detail::table their networks have been moved into the rows (take_rows).
    std::vector<RunContent> runs;
    std::vector<PopulationRow> rows;
    std::vector<SummaryRow> summary;
    std::vector<OutcomeTrends> trends;
};
Population read_population(const std::vector<std::filesystem::path>& folders,
                           const Reading& reading = {});

/// What is read for population.csv and summaries, and for the report.
inline constexpr Reading for_tables = {Detail::table, 0};
inline constexpr Reading for_report = {Detail::table, ReportLimits{}.curve_networks};

}  // namespace shoal
