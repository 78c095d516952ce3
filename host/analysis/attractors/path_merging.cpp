// SPDX-License-Identifier: MIT
#include "analysis/attractors/path_merging.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/attractors/settling.hpp"
#include "core/numbers.hpp"

namespace shoal {

namespace {}

PathMerging::PathMerging(std::size_t paths)
    : paths_(paths),
      distances_(paths * (paths - 1) / 2, infinity),
      since_(distances_.size(), -1.0) {}

void PathMerging::see(double time, const Eigen::MatrixXd& rates) {
    std::size_t pair = 0;
    for (Eigen::Index i = 0; i < rates.cols(); ++i) {
        for (Eigen::Index j = i + 1; j < rates.cols(); ++j, ++pair) {
            const double seen = rms(rates.col(i) - rates.col(j));
            const double distance = std::isfinite(seen) ? seen : infinity;
            const double before = distances_[pair];
            if (!(distance <= distinct_distance)) {
                since_[pair] = -1.0;
            } else if (since_[pair] < 0.0) {
                // Distances fall about exponentially: log-linear between two looks.
                const double fall = std::log(before / std::max(distance, 1e-300));
                const double part =
                    std::isfinite(before) ? std::log(before / distinct_distance) / fall : 1.0;
                since_[pair] = last_time_ + part * (time - last_time_);
            }
            distances_[pair] = distance;
        }
    }
    last_time_ = time;
}

std::vector<double> PathMerging::merge_times() const {
    return since_;
}

std::vector<double> PathMerging::nearest() const {
    std::vector<double> least(paths_, infinity);
    std::size_t pair = 0;
    for (std::size_t i = 0; i < paths_; ++i) {
        for (std::size_t j = i + 1; j < paths_; ++j, ++pair) {
            least[i] = std::min(least[i], distances_[pair]);
            least[j] = std::min(least[j], distances_[pair]);
        }
    }
    return least;
}

std::vector<int> PathMerging::groups() const {
    std::vector<std::size_t> first(paths_);  // smallest path of the group
    for (std::size_t i = 0; i < paths_; ++i) {
        first[i] = i;
    }
    std::size_t pair = 0;
    for (std::size_t i = 0; i < paths_; ++i) {
        for (std::size_t j = i + 1; j < paths_; ++j, ++pair) {
            if (since_[pair] >= 0.0) {
                const std::size_t from = std::max(first[i], first[j]);
                std::replace(first.begin(), first.end(), from, std::min(first[i], first[j]));
            }
        }
    }
    std::vector<int> groups(paths_);
    int count = 0;
    for (std::size_t i = 0; i < paths_; ++i) {
        groups[i] = first[i] == i ? count++ : groups[first[i]];
    }
    return groups;
}

}  // namespace shoal
