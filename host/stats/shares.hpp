// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// shares.csv: for every line of the summary, the share accepted (of networks that are not pending)
/// and the share of every mechanism that occurs (of accepted networks), each with its Wilson
/// interval, and the difference from the first value of the same key with Newcombe's interval
/// (effects.hpp); no difference for the first value itself and for "all". Written atomically.
void write_shares_csv(const std::filesystem::path& path, const std::vector<SummaryRow>& summary);

}  // namespace shoal
