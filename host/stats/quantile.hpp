// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace shoal {

/// Quantile p in [0, 1] of ascending values, linear between order statistics (Hyndman & Fan 1996,
/// type 7); p = 1/2 is the usual median. NaN if there are no values.
double sorted_quantile(const std::vector<double>& ascending, double p);

/// Finite values only, ascending.
std::vector<double> finite_sorted(std::vector<double> values);

}  // namespace shoal
