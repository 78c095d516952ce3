// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <vector>

namespace shoal {

/// Coordinate `time` of DelayRun::speeds, in trial lengths.
inline constexpr std::array<double, 8> speed_times = {0, 1, 5, 10, 20, 30, 40, 50};

/// Length of the run of NetworkAnalysis::adjoint_norms, in trial lengths.
inline constexpr int adjoint_lengths = 2;

/// 0, then 1 ... steps, a factor sqrt(2) apart, the last one `steps`.
inline std::vector<int> logarithmic_lags(int steps) {
    std::vector<int> lags = {0};
    for (double lag = 1.0; lag < steps; lag *= std::sqrt(2.0)) {
        const int rounded = static_cast<int>(std::lround(lag));
        if (rounded > lags.back() && rounded < steps) {
            lags.push_back(rounded);
        }
    }
    if (steps > 0) {
        lags.push_back(steps);
    }
    return lags;
}

}  // namespace shoal
