// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>

#include "analysis/search/fixed_point_search.hpp"

namespace shoal::test {

inline Eigen::VectorXd state_of(const FoundPoint& point) {
    return Eigen::Map<const Eigen::VectorXd>(point.state.data(),
                                             static_cast<Eigen::Index>(point.state.size()));
}

/// Points with so many unstable directions, proved.
inline int count_unstable(const SearchResult& result, int unstable) {
    return static_cast<int>(
        std::count_if(result.points.begin(), result.points.end(), [&](const FoundPoint& point) {
            return point.unstable_proved && point.unstable == unstable;
        }));
}

}  // namespace shoal::test
