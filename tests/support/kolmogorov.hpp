// SPDX-License-Identifier: MIT
// Whether draws follow a distribution.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace shoal::test {

/// sqrt(n) times the largest distance between the empirical distribution function and `function`
/// (Kolmogorov & Smirnov).
inline double kolmogorov_distance(std::vector<double> draws,
                                  const std::function<double(double)>& function) {
    std::sort(draws.begin(), draws.end());
    const auto n = static_cast<double>(draws.size());
    double largest = 0.0;
    for (std::size_t i = 0; i < draws.size(); ++i) {
        const double f = function(draws[i]);
        largest =
            std::max({largest, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
    }
    return std::sqrt(n) * largest;
}

/// Exceeded by one correct sample in a thousand (fixed seeds make it never or always).
inline constexpr double kolmogorov_limit = 1.95;

inline double normal_distribution(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

}  // namespace shoal::test
