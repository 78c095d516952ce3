// SPDX-License-Identifier: MIT
#include "analysis/search/search_starts.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shoal {

namespace {

double normal(RandomKey key, Purpose purpose, Eigen::Index column, Eigen::Index row) {
    return standard_normal(random_bits(key, purpose, 0, static_cast<std::uint32_t>(column),
                                       static_cast<std::uint32_t>(row)));
}

}  // namespace

Eigen::MatrixXd random_starts(const Dynamics& dynamics, int count, RandomKey key) {
    const Eigen::VectorXd sizes =
        (dynamics.weights().rowwise().squaredNorm() + dynamics.drive().cwiseAbs2()).cwiseSqrt();
    Eigen::MatrixXd starts(dynamics.units(), count);
    for (Eigen::Index column = 0; column < starts.cols(); ++column) {
        const double scale = uniform01(
            random_bits(key, Purpose::search_start, 1, 0, static_cast<std::uint32_t>(column)));
        for (Eigen::Index row = 0; row < starts.rows(); ++row) {
            starts(row, column) =
                scale * sizes[row] * normal(key, Purpose::search_start, column, row);
        }
    }
    return targets_of(dynamics.cell(), starts);
}

Eigen::MatrixXd noisy_copies(const Eigen::MatrixXd& states, int copies, double scale,
                             RandomKey key) {
    Eigen::MatrixXd result(states.rows(), states.cols() * copies);
    for (Eigen::Index column = 0; column < result.cols(); ++column) {
        for (Eigen::Index row = 0; row < result.rows(); ++row) {
            result(row, column) = states(row, column % states.cols()) +
                                  scale * normal(key, Purpose::search_noise, column, row);
        }
    }
    return result;
}

Eigen::MatrixXd some_columns(const Eigen::MatrixXd& states, int limit, RandomKey key) {
    if (states.cols() <= limit) {
        return states;
    }
    std::vector<std::uint32_t> order =
        random_permutation(key, Purpose::search_choice, static_cast<std::uint32_t>(states.cols()));
    order.resize(static_cast<std::size_t>(limit));
    std::sort(order.begin(), order.end());
    Eigen::MatrixXd result(states.rows(), limit);
    for (Eigen::Index column = 0; column < result.cols(); ++column) {
        result.col(column) = states.col(order[static_cast<std::size_t>(column)]);
    }
    return result;
}

}  // namespace shoal
