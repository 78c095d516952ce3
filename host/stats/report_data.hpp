// SPDX-License-Identifier: MIT
// What the report's page shows, as JSON. Everything is binned or limited here, so that the page
// stays small for any population; each limit that cuts something leaves a sentence in "notes".
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// Limits of one page.
struct ReportLimits {
    std::size_t table_rows = 20000;      ///< networks listed in the table
    std::size_t values_per_key = 60;     ///< values of one swept key in charts and tables
    std::size_t map_cells = 900;         ///< cells of the map of two swept keys
    std::size_t curve_bins = 120;        ///< points of a training curve
    std::size_t example_samples = 1000;  ///< samples of an example trajectory
    std::size_t config_bytes = 200000;   ///< length of the configuration shown
};

/// The whole page's data.
nlohmann::json report_data(const std::vector<RunContent>& runs,
                           const std::vector<PopulationRow>& rows,
                           const std::vector<SummaryRow>& summary, const ReportLimits& limits = {});

/// Training curves: RMS error per bin of trials, median and quartiles over the networks of a group
/// (accepted, not accepted, diverged).
nlohmann::json training_curves(const std::vector<RunContent>& runs, const ReportLimits& limits);

/// Speed against delay, median and quartiles over the networks of each mechanism.
nlohmann::json slowness_curves(const std::vector<PopulationRow>& rows);

/// One network per mechanism: its delay trajectories and the spectra of its fixed points.
nlohmann::json example_networks(const std::vector<RunContent>& runs, const ReportLimits& limits,
                                std::vector<std::string>& notes);

/// Rounded to a number of significant digits, so that it takes few bytes as text.
double rounded(double value, int digits = 4);

}  // namespace shoal
