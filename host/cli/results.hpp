// SPDX-License-Identifier: MIT
// What the stages of a run print and write at their end.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/stages.hpp"

namespace shoal {

/// One line of JSON: the counts of a population, and where its files are.
void print_counts(const Population& population, const RunPaths& paths,
                  const std::vector<std::pair<std::string, std::filesystem::path>>& files);

/// The summary and the tables of pairs of axes, as text for the terminal.
std::string summary_text(const Population& population);

/// Where results of these run directories go: `out` if it is given, a single run's own folder, or
/// <name>.merged beside the first of several.
RunPaths results_folder(const std::string& out, const std::vector<std::string>& folders,
                        const Population& population);

/// What `shoal reproduce` leaves beside the tables for the report; see paper_data.hpp.
std::filesystem::path claims_path(const RunPaths& paths);

/// Writes population.csv, shares.csv and, where keys with numbers were swept, trends.csv of some
/// runs into paths.folder.
void write_table(const Population& population, const RunPaths& paths);

/// Writes population.csv and report/index.html (with the claims tested there) of some runs; prints
/// the summary.
/// `detailed`: uids of networks that the report shows in detail, see write_report.
void write_results(const Population& population, const RunPaths& paths, bool json,
                   const std::vector<std::string>& detailed = {});

}  // namespace shoal
