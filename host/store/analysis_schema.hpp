// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace shoal {

/// Version of the layout of analysis.h5; files of another one are refused.
inline constexpr int analysis_schema = 1;

/// Coordinate `time` of DelayRun::speeds, in trial lengths.
inline constexpr std::array<double, 8> speed_times = {0, 1, 5, 10, 20, 30, 40, 50};

}  // namespace shoal
