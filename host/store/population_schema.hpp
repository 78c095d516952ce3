// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace shoal {

/// Version of the layout of population.h5; files of another one are refused.
inline constexpr int population_schema = 1;

/// Thresholds of Acceptance::authors_fractions.
inline constexpr std::array<double, 4> authors_thresholds = {0.005, 0.01, 0.05, 0.1};

}  // namespace shoal
