// SPDX-License-Identifier: MIT
// Shares accepted by two axes of the sweep at once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stats/effects.hpp"
#include "stats/table.hpp"

namespace shoal {

/// The axis over which every other choice gets the same budget of tuning.
inline constexpr const char* tuned_axis = "training.learning_rate";

/// Networks that share the values of two axes.
struct PairCell {
    std::size_t networks = 0;
    std::size_t tested = 0;  ///< not pending
    std::size_t accepted = 0;
    Interval share;                            ///< accepted of tested
    std::vector<std::size_t> mechanism_count;  ///< [Mechanism value], among accepted networks
    std::optional<Interval> tuned;             ///< if tuned_axis is a third axis
};

struct PairTable {
    std::string row_axis;
    std::string column_axis;
    std::vector<std::string> rows;
    std::vector<std::string> columns;
    std::vector<std::vector<PairCell>> cells;           ///< [row, column]
    std::vector<std::optional<Interval>> tuned_of_row;  ///< [row], if tuned_axis is the columns'
};

/// Every pair of axes in order; tuned_axis stands in the columns wherever it is one of the two.
std::vector<std::pair<std::string, std::string>> axis_pairs(const std::vector<std::string>& axes);

/// `axes`: all axes of the sweep.
PairTable pair_table(const std::vector<PopulationRow>& rows, const std::string& row_axis,
                     const std::string& column_axis, const std::vector<std::string>& axes);

/// Networks accepted at the best value of `axis`, without the optimism of picking and judging on
/// the same networks: the value with the largest share among every other replicate (the first of
/// equal ones) is judged on the replicates between them, both ways, and the counts are pooled. None
/// tested if there are fewer than two replicates or no value was tested in both halves. Halves are
/// those of `replicates` in order, so that leaving networks out moves no other to the other half.
Count tuned_count(const std::vector<const PopulationRow*>& networks, const std::string& axis,
                  const std::set<std::uint32_t>& replicates);

/// That count as a share with its Wilson interval, by the replicates of `networks`; nothing if none
/// was tested.
std::optional<Interval> tuned_share(const std::vector<const PopulationRow*>& networks,
                                    const std::string& axis);

/// Tables for the terminal: of pairs with an axis of network.init or of the task, at most six; what
/// is left out is said. Empty text if there is no such pair.
std::string format_pairs(const std::vector<PopulationRow>& rows,
                         const std::vector<std::string>& axes);

}  // namespace shoal
