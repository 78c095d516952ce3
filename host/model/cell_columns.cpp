// SPDX-License-Identifier: MIT
#include "model/cell_columns.hpp"

#include <algorithm>

namespace shoal {

Eigen::MatrixXd jacobian_of(Cell cell, const Eigen::MatrixXd& weights,
                            const Eigen::VectorXd& slopes) {
    Eigen::MatrixXd jacobian = through_targets(cell, slopes, weights);
    if (squashes_state(cell)) {
        jacobian *= slopes.asDiagonal();
    }
    jacobian.diagonal().array() -= 1.0;
    return jacobian;
}

Eigen::VectorXd zero_of_state(Cell cell, const Eigen::MatrixXd& weights,
                              const Eigen::VectorXd& drive, const Eigen::VectorXd& state) {
    if (!squashes_drive(cell)) {
        return state;
    }
    return weights * rates_of(cell, state) + drive;
}

double zero_rounding(const Eigen::VectorXd& magnitudes) {
    return (static_cast<double>(magnitudes.size()) + 3.0) * unit_roundoff * magnitudes.norm();
}

double slope_variation(double centre, double radius) {
    const double distance = std::abs(centre);
    const double nearest = std::max(0.0, distance - radius);
    const auto slope = [](double t) { return slope_of(std::tanh(t)); };
    const double here = slope(distance);
    // Rounding of the two ends moves them by u relative, tanh' by less than that.
    const double ends = 4.0 * unit_roundoff * (distance + radius);
    const double difference = std::max(slope(nearest) - here, here - slope(distance + radius)) +
                              2.0 * slope_rounding + ends;
    return std::min(outward * difference, 1.0);
}

}  // namespace shoal
