// SPDX-License-Identifier: MIT
#include "analysis/search/search_starts.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace shoal {

namespace {

/// Of the numbers drawn for search_start.
constexpr std::uint32_t part_scale = 1;
constexpr std::uint32_t part_directed_scale = 2;
constexpr std::uint32_t part_directed = 3;
constexpr std::uint32_t part_sketch = 4;

constexpr Eigen::Index most_directions = 8;
constexpr std::array<Eigen::Index, 5> subspaces = {1, 2, 3, 5, most_directions};
/// Of the subspace: the leading directions need not be exact.
constexpr int subspace_iterations = 3;
/// Singular values below it, relative to the largest, are those of rounding.
constexpr double negligible = 1e-9;

Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& vectors) {
    return Eigen::HouseholderQR<Eigen::MatrixXd>(vectors).householderQ() *
           Eigen::MatrixXd::Identity(vectors.rows(), vectors.cols());
}

double normal(RandomKey key, Purpose purpose, Eigen::Index column, Eigen::Index row) {
    return standard_normal(random_bits(key, purpose, 0, static_cast<std::uint32_t>(column),
                                       static_cast<std::uint32_t>(row)));
}

}  // namespace

Eigen::MatrixXd random_starts(const Dynamics& dynamics, int count, RandomKey key, int first) {
    const Eigen::VectorXd sizes =
        (dynamics.weights().rowwise().squaredNorm() + dynamics.drive().cwiseAbs2()).cwiseSqrt();
    Eigen::MatrixXd starts(dynamics.units(), count);
    for (Eigen::Index column = 0; column < starts.cols(); ++column) {
        const Eigen::Index number = first + column;
        const double scale = uniform01(random_bits(key, Purpose::search_start, part_scale, 0,
                                                   static_cast<std::uint32_t>(number)));
        for (Eigen::Index row = 0; row < starts.rows(); ++row) {
            starts(row, column) =
                scale * sizes[row] * normal(key, Purpose::search_start, number, row);
        }
    }
    return targets_of(dynamics.cell(), starts);
}

DirectedStarts::DirectedStarts(const Dynamics& dynamics, RandomKey key)
    : dynamics_(dynamics), key_(key) {
    const Eigen::MatrixXd& weights = dynamics.weights();
    const Eigen::Index units = weights.rows();
    const Eigen::Index wide = std::min<Eigen::Index>(units, 2 * most_directions);
    Eigen::MatrixXd basis(units, wide);
    for (Eigen::Index column = 0; column < wide; ++column) {
        for (Eigen::Index row = 0; row < units; ++row) {
            basis(row, column) = standard_normal(
                random_bits(key, Purpose::search_start, part_sketch,
                            static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row)));
        }
    }
    if (!weights.allFinite()) {
        reaches_.resize(units, 0);
        return;
    }
    for (int i = 0; i < subspace_iterations; ++i) {
        basis = orthonormal(weights.transpose() * orthonormal(weights * orthonormal(basis)));
    }
    basis = orthonormal(weights * basis);
    // W is about Q Q'W; its singular triplets are those of the few rows of Q'W.
    const Eigen::MatrixXd rows = basis.transpose() * weights;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> squares(rows * rows.transpose());
    const double largest = std::sqrt(std::max(0.0, squares.eigenvalues().tail(1)[0]));
    std::vector<Eigen::VectorXd> reaches;
    for (Eigen::Index k = 1; k <= std::min<Eigen::Index>(wide, most_directions); ++k) {
        const Eigen::VectorXd left = squares.eigenvectors().col(wide - k);
        const Eigen::VectorXd right = rows.transpose() * left;  // sigma v
        if (right.norm() <= negligible * largest) {
            break;
        }
        reaches.push_back(right.lpNorm<1>() * (basis * left));
    }
    reaches_.resize(units, static_cast<Eigen::Index>(reaches.size()));
    for (std::size_t k = 0; k < reaches.size(); ++k) {
        reaches_.col(static_cast<Eigen::Index>(k)) = reaches[k];
    }
}

Eigen::MatrixXd DirectedStarts::draw(int count, int first) const {
    Eigen::MatrixXd starts = dynamics_.drive().replicate(1, count);
    for (int column = 0; column < count && reaches_.cols() > 0; ++column) {
        const auto number = static_cast<std::uint32_t>(first + column);
        const auto uniform = [&](std::uint32_t part, Eigen::Index k) {
            return uniform01(random_bits(key_, Purpose::search_start, part, number,
                                         static_cast<std::uint32_t>(k)));
        };
        const double scale = uniform(part_directed_scale, 0);
        const Eigen::Index directions =
            std::min<Eigen::Index>(reaches_.cols(), subspaces[number % subspaces.size()]);
        for (Eigen::Index k = 0; k < directions; ++k) {
            starts.col(column) += scale * (2.0 * uniform(part_directed, k) - 1.0) * reaches_.col(k);
        }
    }
    return targets_of(dynamics_.cell(), starts);
}

Eigen::MatrixXd mixed_starts(const Dynamics& dynamics, int count, RandomKey key) {
    Eigen::MatrixXd starts = random_starts(dynamics, count, key);
    const Eigen::MatrixXd directed = DirectedStarts(dynamics, key).draw(count);
    for (Eigen::Index column = 1; column < starts.cols(); column += 2) {
        starts.col(column) = directed.col(column);
    }
    return starts;
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
