// SPDX-License-Identifier: MIT
// What the report's page shows, as JSON. Everything is binned or limited here, so that the page
// stays small for any population; each limit that cuts something leaves a sentence in "notes".
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// Limits of one page.
struct ReportLimits {
    std::size_t table_rows = 20000;      ///< networks listed in the table, of smallest uids
    std::size_t values_per_key = 60;     ///< values of one swept key in charts and tables
    std::size_t map_cells = 900;         ///< cells of the map of two swept keys
    std::size_t curve_networks = 10000;  ///< whose training curves are read: see Reading
    std::size_t curve_bins = 120;        ///< points of a training curve
    std::size_t survival_steps = 400;    ///< of a survival curve
    std::size_t example_samples = 1000;  ///< samples of an example trajectory
    std::size_t config_bytes = 200000;   ///< length of the configuration shown
    std::size_t detailed = 40;           ///< networks shown in detail, if no others are named
    std::size_t detail_points = 8;       ///< points of such a network with their spectra
    std::size_t detail_marks = 300;      ///< points of such a network in its portrait
    std::size_t detail_samples = 60;     ///< samples of its speed along the delay
};

/// The whole page's data. `detailed` are uids of networks to show in detail, see detailed_networks.
nlohmann::json report_data(const std::vector<RunContent>& runs,
                           const std::vector<PopulationRow>& rows,
                           const std::vector<SummaryRow>& summary, const ReportLimits& limits = {},
                           const std::vector<std::string>& detailed = {});

/// Training curves: RMS error per bin of trials, median and quartiles over the networks of a group
/// (accepted, not accepted, diverged) whose curves the runs hold.
nlohmann::json training_curves(const std::vector<RunContent>& runs,
                               const std::vector<PopulationRow>& rows, const ReportLimits& limits,
                               std::vector<std::string>& notes);

/// Speed against delay, median and quartiles over the networks of each mechanism.
nlohmann::json slowness_curves(const std::vector<PopulationRow>& rows);

/// Learning signals of networks trained on sequential-sum: the adjoint's norm against lag, median
/// and quartiles over the networks of each mechanism; null if there are none.
nlohmann::json signal_curves(const std::vector<PopulationRow>& rows);

/// Whole analyses of the networks that are drawn one by one, by uid.
using DrawnAnalyses = std::map<std::string, NetworkAnalysis>;

/// One network per mechanism: its delay trajectories and the spectra of its fixed points.
nlohmann::json example_networks(const std::vector<RunContent>& runs,
                                const std::vector<PopulationRow>& rows, const DrawnAnalyses& drawn,
                                const ReportLimits& limits, std::vector<std::string>& notes);

/// Survival of memories and robustness against noise by mechanism; null without full analyses.
nlohmann::json behaviour_data(const std::vector<PopulationRow>& rows, const ReportLimits& limits,
                              std::vector<std::string>& notes);

/// Networks analysed at level full to show one by one. Those that `wanted` names, in its order (a
/// uid that has no full analysis is a usage error); if it names none, up to limits.detailed, taken
/// from the mechanisms in turn.
std::vector<const PopulationRow*> detailed_networks(const std::vector<PopulationRow>& rows,
                                                    const ReportLimits& limits,
                                                    const std::vector<std::string>& wanted,
                                                    std::vector<std::string>& notes);

/// Of each of these, portrait, spectra, speed along the delay.
nlohmann::json network_details(const std::vector<const PopulationRow*>& chosen,
                               const DrawnAnalyses& drawn, const ReportLimits& limits,
                               std::vector<std::string>& notes);

/// Eigenvalues of a point, and what it is.
nlohmann::json point_data(const FixedPoint& point);

/// Rounded to a number of significant digits, so that it takes few bytes as text.
double rounded(double value, int digits = 4);

}  // namespace shoal
