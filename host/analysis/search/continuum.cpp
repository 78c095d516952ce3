// SPDX-License-Identifier: MIT
#include "analysis/search/continuum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/linear/eigen_solvers.hpp"

namespace shoal {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int return_limit = 60;
constexpr std::size_t neighbours = 8;

}  // namespace

ContinuumProbe::ContinuumProbe(const SearchedNetwork& network, const VectorXd& x)
    : network_(network), x_(x) {
    const MatrixXd jacobian = network.form.jacobian(x);
    const Index n = x.size();
    pseudo_inverse_ = MatrixXd::Zero(n, n);
    if (!jacobian.allFinite()) {
        return;
    }
    const Eigen::SelfAdjointEigenSolver<MatrixXd> squares(
        MatrixXd(jacobian.transpose() * jacobian));
    if (squares.info() != Eigen::Success) {
        return;
    }
    const VectorXd& values = squares.eigenvalues();  // rising
    const double least = null_share * null_share * values[n - 1];
    Index nulls = 0;
    while (nulls < n && values[nulls] <= least) {
        ++nulls;
    }
    const MatrixXd rest = squares.eigenvectors().rightCols(n - nulls);
    pseudo_inverse_ = rest * values.tail(n - nulls).cwiseInverse().asDiagonal() * rest.transpose() *
                      jacobian.transpose();

    const double length = continuum_step * std::sqrt(static_cast<double>(n));
    for (Index k = 0; k < nulls; ++k) {
        const VectorXd along = squares.eigenvectors().col(k);
        int sides = 0;
        for (const double sign : {1.0, -1.0}) {
            VectorXd y = x + sign * length * along;
            const bool returned = return_to_zeros(y);
            const double went = sign * along.dot(y - x);
            sides += returned && went > 0.5 * length && (y - x).norm() < 2.0 * length ? 1 : 0;
        }
        dimension_ += sides == 2 ? 1 : 0;
    }
}

bool ContinuumProbe::return_to_zeros(VectorXd& y) const {
    double norm = network_.form.residual(y).norm();
    for (int i = 0; i < return_limit && std::isfinite(norm); ++i) {
        if (norm <= network_.form.rounding(y)) {
            return true;
        }
        y -= pseudo_inverse_ * network_.form.residual(y);
        const double there = network_.form.residual(y).norm();
        if (there > 0.9 * norm && there > network_.form.rounding(y)) {
            return false;
        }
        norm = there;
    }
    return false;
}

bool ContinuumProbe::leads_to(const VectorXd& other) const {
    const double distance = (other - x_).norm();
    for (const double share : {0.25, 0.5, 0.75}) {
        const VectorXd between = x_ + share * (other - x_);
        VectorXd y = between;
        if (!return_to_zeros(y) || (y - between).norm() > 0.5 * distance) {
            return false;
        }
    }
    return true;
}

std::vector<int> group_continua(const std::vector<ContinuumProbe>& probes) {
    const std::size_t count = probes.size();
    std::vector<std::size_t> parent(count);
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root_of = [&](std::size_t i) {
        while (parent[i] != i) {
            i = parent[i];
        }
        return i;
    };
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::pair<double, std::size_t>> near;
        for (std::size_t j = 0; j < count; ++j) {
            if (j != i && probes[i].dimension() > 0 &&
                probes[j].dimension() == probes[i].dimension()) {
                near.emplace_back((probes[j].x() - probes[i].x()).norm(), j);
            }
        }
        std::sort(near.begin(), near.end());
        near.resize(std::min(near.size(), neighbours));
        for (const auto& [distance, j] : near) {
            const std::size_t a = root_of(i);
            const std::size_t b = root_of(j);
            if (a != b && probes[i].leads_to(probes[j].x())) {
                parent[std::max(a, b)] = std::min(a, b);
            }
        }
    }
    std::vector<int> groups(count, -1);
    int next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (probes[i].dimension() > 0) {
            const std::size_t root = root_of(i);
            groups[i] = root == i ? next++ : groups[root];
        }
    }
    return groups;
}

}  // namespace shoal
