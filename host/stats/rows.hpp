// SPDX-License-Identifier: MIT
// Questions that tables, summaries and reports ask about one row.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// Every mechanism, in the order of its values.
inline constexpr auto all_mechanisms = all_values<Mechanism>;

/// Delays, in trial lengths, at which DelayRun::speeds are recorded.
inline constexpr std::array speed_delays = {0, 1, 5, 10, 20, 30, 40, 50};

/// Some rows of a population.
using Rows = std::vector<const PopulationRow*>;

/// Trained and passed all runs of the acceptance test.
bool is_accepted(const PopulationRow& row);

/// Verdict of an accepted and analysed network; none for all others.
Mechanism mechanism_of(const PopulationRow& row);

/// Value of a swept key, or of `replicate`; of an axis of several keys ("a, b") their values in one
/// text ("gauss 0.5"). Nothing if the row's sweep does not have it.
std::optional<SweepValue> swept_value(const PopulationRow& row, const std::string& key);

/// Distinct values of a key as text: numbers ascending, anything else in order of appearance.
std::vector<std::string> distinct_values(const std::vector<PopulationRow>& rows,
                                         const std::string& key);

/// Rows by uid, valid as long as the rows are.
std::unordered_map<std::string_view, const PopulationRow*> rows_by_uid(
    const std::vector<PopulationRow>& rows);

/// Speed after speed_delays[delay] trial lengths: median over the conclusions, NaN if not recorded.
double median_speed(const NetworkAnalysis& analysis, std::size_t delay);

/// True if the network is analysed as a map (dt = tau), so that its spectra are the map's.
bool is_map(const NetworkSpec& spec);

/// Largest real part (flow) or modulus (map) among the fixed points that conclusions reached; NaN
/// if no conclusion reached one.
double leading_eigenvalue(const PopulationRow& row);

}  // namespace shoal
