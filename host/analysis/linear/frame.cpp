// SPDX-License-Identifier: MIT
#include "analysis/linear/frame.hpp"

#include <algorithm>
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
    constexpr Eigen::Index width = 16;
    Eigen::VectorXd logs(frame.cols());
    for (Eigen::Index first = 0; first < frame.cols(); first += width) {
        const Eigen::Index count = std::min(width, frame.cols() - first);
        for (Eigen::Index j = first; j < first + count; ++j) {
            for (Eigen::Index i = first; i < j; ++i) {
                frame.col(j) -= frame.col(i).dot(frame.col(j)) * frame.col(i);
            }
            const double length = frame.col(j).norm();
            logs[j] = std::log(length);
            if (length > 0.0) {
                frame.col(j) /= length;
            }
        }
        const Eigen::Index rest = frame.cols() - first - count;
        if (rest > 0) {
            const auto block = frame.middleCols(first, count);
            const Eigen::MatrixXd parts = block.transpose() * frame.rightCols(rest);
            frame.rightCols(rest).noalias() -= block * parts;
        }
    }
    return logs;
}

}  // namespace shoal
