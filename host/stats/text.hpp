// SPDX-License-Identifier: MIT
// How tables read on a terminal.
#pragma once

#include <string>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// "70 % [40, 89]", or "-" where nothing was counted.
std::string percent(const Interval& share);

/// Columns padded to their widest cell: the first to the left, all others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& lines);

}  // namespace shoal
