// SPDX-License-Identifier: MIT
#include "analysis/search/completeness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shoal {

Recapture recapture(const std::vector<int>& hits) {
    const double n = std::accumulate(hits.begin(), hits.end(), 0.0);
    Recapture result;
    if (n == 0.0) {
        return result;
    }
    const auto f1 = static_cast<double>(std::count(hits.begin(), hits.end(), 1));
    const auto f2 = static_cast<double>(std::count(hits.begin(), hits.end(), 2));
    const double a = (n - 1.0) / n;
    const double f = f2 + 1.0;
    result.missed = f1 > 1.0 ? a * f1 * (f1 - 1.0) / (2.0 * f) : 0.0;
    if (result.missed > 0.0) {
        const double variance =
            a * f1 * (f1 - 1.0) / (2.0 * f) +
            a * a * f1 * std::pow(2.0 * f1 - 1.0, 2) / (4.0 * f * f) +
            a * a * f1 * f1 * f2 * std::pow(f1 - 1.0, 2) / (4.0 * std::pow(f, 4));
        const double ratio = variance / (result.missed * result.missed);
        const double spread = std::exp(1.96 * std::sqrt(std::log1p(ratio)));
        result.low = result.missed / spread;
        result.high = result.missed * spread;
    }
    // Roots that were found without a hit are not missed.
    const auto unhit = static_cast<double>(std::count(hits.begin(), hits.end(), 0));
    for (double* count : {&result.missed, &result.low, &result.high}) {
        *count = std::max(0.0, *count - unhit);
    }
    result.coverage = 1.0 - f1 / n;
    const double deviation = std::sqrt(f1 * (1.0 - f1 / n) + 2.0 * f2) / n;
    const double low = std::min(result.coverage - 1.96 * deviation, 1.0 - 3.0 / n);
    result.coverage_low = std::max(0.0, low);
    return result;
}

std::string verdict_of(const Completeness& completeness) {
    const Recapture& caught = completeness.recapture;
    const std::string estimate = fmt::format(
        "Recapture: about {:.1f} roots missed (95 % {:.1f} to {:.1f}); a further start "
        "ends at a known root with probability {:.3f} (at least {:.3f}).",
        caught.missed, caught.low, caught.high, caught.coverage, caught.coverage_low);
    if (completeness.roots == 0 && completeness.continua == 0) {
        return "Incomplete: every network has a root, none was found.";
    }
    if (completeness.continua > 0) {
        return "The index sum says nothing: there is a continuum. " + estimate;
    }
    if (completeness.proved < completeness.roots) {
        return fmt::format("The index sum says nothing: {} of {} roots are not proved. {}",
                           completeness.roots - completeness.proved, completeness.roots, estimate);
    }
    if (completeness.index_sum != 1) {
        return fmt::format("Incomplete: the indices of the roots sum to {}, not to 1. {}",
                           completeness.index_sum, estimate);
    }
    return "No sign of a missing root: the indices sum to 1. " + estimate;
}

}  // namespace shoal
