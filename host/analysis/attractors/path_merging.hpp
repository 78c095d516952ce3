// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace shoal {

/// Watches the distances between paths that are seen at the same times. Two paths have merged since
/// t if from t on the RMS distance of their rates is at most distinct_distance.
class PathMerging {
  public:
    explicit PathMerging(std::size_t paths);

    /// `rates`: one column a path; columns that are no numbers are far from everything. Times rise.
    void see(double time, const Eigen::MatrixXd& rates);

    /// [pair], (0,1) (0,2) ... (1,2) ...: since when they are one, -1: they are not.
    std::vector<double> merge_times() const;
    /// [path]: RMS distance from the nearest other when last seen; infinity: none.
    std::vector<double> nearest() const;
    /// [path]: number of the group of merged paths it belongs to, from 0 on.
    std::vector<int> groups() const;

  private:
    std::size_t paths_;
    double last_time_ = 0.0;
    std::vector<double> distances_;  ///< [pair], when last seen
    std::vector<double> since_;      ///< [pair]
};

}  // namespace shoal
