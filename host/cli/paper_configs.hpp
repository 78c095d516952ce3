// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace shoal {

/// Text of configs/NAME.yaml of a paper ("ghazizadeh2021", "park2023"), part of the program so that
/// it is found wherever the program is installed.
std::string_view paper_config(std::string_view paper, bool full);

}  // namespace shoal
