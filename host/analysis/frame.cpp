// SPDX-License-Identifier: MIT
#include "analysis/frame.hpp"

#include <cmath>

namespace shoal {

Eigen::MatrixXd random_frame(RandomKey key, Eigen::Index units, Eigen::Index count) {
    Eigen::MatrixXd frame(units, count);
    for (Eigen::Index column = 0; column < count; ++column) {
        for (Eigen::Index unit = 0; unit < units; ++unit) {
            frame(unit, column) = standard_normal(random_bits(key, Purpose::lyapunov_frame, 0,
                                                              static_cast<std::uint32_t>(column),
                                                              static_cast<std::uint32_t>(unit)));
        }
    }
    return frame;
}

Eigen::VectorXd orthonormalize(Eigen::MatrixXd& frame) {
    Eigen::VectorXd logs(frame.cols());
    for (Eigen::Index j = 0; j < frame.cols(); ++j) {
        for (Eigen::Index i = 0; i < j; ++i) {
            frame.col(j) -= frame.col(i).dot(frame.col(j)) * frame.col(i);
        }
        const double length = frame.col(j).norm();
        logs[j] = std::log(length);
        frame.col(j) /= length;
    }
    return logs;
}

}  // namespace shoal
