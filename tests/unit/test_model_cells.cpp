// SPDX-License-Identifier: MIT
// Every cell: one unit and columns of states have the same equations, and derivatives are those of
// what they say they derive.
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>

#include "core/random.hpp"
#include "model/cell_columns.hpp"
#include "model/equations.hpp"

namespace shoal {
namespace {

constexpr int cell_units = 7;
constexpr double cell_step = 0.3;  // dt / tau

Eigen::MatrixXd cell_normals(std::uint32_t stream, int rows, int columns) {
    Eigen::MatrixXd values(rows, columns);
    for (int column = 0; column < columns; ++column) {
        for (int row = 0; row < rows; ++row) {
            values(row, column) = standard_normal(random_bits({5, 0}, Purpose::test, stream,
                                                              static_cast<std::uint32_t>(column),
                                                              static_cast<std::uint32_t>(row)));
        }
    }
    return values;
}

struct SmallCell {
    explicit SmallCell(Cell its_cell) : cell(its_cell) {}

    Eigen::VectorXd drive_of(const Eigen::VectorXd& rates) const { return w * rates + c; }
    /// tau F(x).
    Eigen::VectorXd force(const Eigen::VectorXd& x) const {
        return targets_of(cell, drive_of(rates_of(cell, x))) - x;
    }
    Eigen::VectorXd squashed(const Eigen::VectorXd& x) const {
        return squashed_at(cell, x, [&](const Eigen::VectorXd& r) { return drive_of(r); });
    }

    Cell cell;
    Eigen::MatrixXd w = 0.6 * cell_normals(1, cell_units, cell_units);
    Eigen::VectorXd c = 0.4 * cell_normals(2, cell_units, 1);
    Eigen::VectorXd start = cell_normals(3, cell_units, 1);
};

// An error of |d^3| h^2 / 6 and rounding of u / h, both well below this for h = 1e-5.
constexpr double apart = 1e-5;
constexpr double apart_error = 1e-8;

TEST(Cells, SlopesOfAUnitAreThoseOfItsRateAndItsTarget) {
    for (const Cell cell : all_values<Cell>) {
        for (const double x : {-2.0, -0.3, 0.0, 0.7, 1.5}) {
            const double h = apart;
            EXPECT_NEAR(through_rate(cell, 1.0, rate_of(cell, x)),
                        (rate_of(cell, x + h) - rate_of(cell, x - h)) / (2.0 * h), apart_error);
            EXPECT_NEAR(target_slope(cell, target_of(cell, x)),
                        (target_of(cell, x + h) - target_of(cell, x - h)) / (2.0 * h), apart_error);
        }
    }
}

TEST(Cells, ColumnsStepAsUnitsDo) {
    for (const Cell cell : all_values<Cell>) {
        const SmallCell network(cell);
        Eigen::MatrixXd states = network.start;
        const Eigen::MatrixXd slopes = euler_step(
            cell, cell_step, states, [&](const Eigen::MatrixXd& r) { return network.drive_of(r); });
        for (int i = 0; i < cell_units; ++i) {
            double drive = network.c[i];
            for (int j = 0; j < cell_units; ++j) {
                drive += network.w(i, j) * rate_of(cell, network.start[j]);
            }
            // Sums of eight terms of size 5 at most, in another order.
            EXPECT_NEAR(states(i, 0), next_state(cell, network.start[i], drive, cell_step), 1e-14);
        }
        EXPECT_EQ(slopes, slopes_of(network.squashed(network.start)));
    }
}

TEST(Cells, TangentsFollowSteps) {
    for (const Cell cell : all_values<Cell>) {
        const SmallCell network(cell);
        const auto drive_of = [&](const Eigen::MatrixXd& r) { return network.drive_of(r); };
        const Eigen::VectorXd v = cell_normals(4, cell_units, 1);
        Eigen::MatrixXd ahead = network.start + apart * v;
        Eigen::MatrixXd behind = network.start - apart * v;
        euler_step(cell, cell_step, ahead, drive_of);
        euler_step(cell, cell_step, behind, drive_of);
        const Eigen::VectorXd slopes = slopes_of(network.squashed(network.start));
        const Eigen::MatrixXd tangent =
            tangent_step(cell, cell_step, slopes, v,
                         [&](const Eigen::MatrixXd& sent) { return network.w * sent; });
        EXPECT_LT((tangent - (ahead - behind) / (2.0 * apart)).norm(), apart_error);
        const Eigen::VectorXd by_matrix =
            v + cell_step * (jacobian_of(cell, network.w, slopes) * v);
        EXPECT_LT((tangent - by_matrix).norm(), 1e-13);
    }
}

// <J v, w> = <v, J' w>, with slopes that all columns share and with slopes of their own.
TEST(Cells, AdjointsAreTransposedTangents) {
    for (const Cell cell : all_values<Cell>) {
        const SmallCell network(cell);
        const Eigen::MatrixXd v = cell_normals(5, cell_units, 3);
        const Eigen::MatrixXd lambda = cell_normals(6, cell_units, 3);
        for (const int columns : {1, 3}) {
            const Eigen::MatrixXd slopes = cell_normals(7, cell_units, columns).cwiseAbs();
            const Eigen::MatrixXd forward =
                tangent_step(cell, cell_step, slopes, v,
                             [&](const Eigen::MatrixXd& sent) { return network.w * sent; });
            const Eigen::MatrixXd backward = adjoint_step(
                cell, cell_step, slopes, lambda,
                [&](const Eigen::MatrixXd& sent) { return network.w.transpose() * sent; });
            for (int k = 0; k < 3; ++k) {
                EXPECT_NEAR(forward.col(k).dot(lambda.col(k)), v.col(k).dot(backward.col(k)),
                            1e-13);
            }
        }
    }
}

// q = |tau F|^2 / 2 has the Hessian J' J + S.
TEST(Cells, CurvatureIsTheRestOfTheHessian) {
    for (const Cell cell : all_values<Cell>) {
        const SmallCell network(cell);
        const auto gradient = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
            return jacobian_of(cell, network.w, slopes_of(network.squashed(x))).transpose() *
                   network.force(x);
        };
        const Eigen::VectorXd squashed = network.squashed(network.start);
        const Eigen::MatrixXd jacobian = jacobian_of(cell, network.w, slopes_of(squashed));
        const Eigen::MatrixXd hessian =
            jacobian.transpose() * jacobian +
            curvature_of(
                cell, network.w, squashed, network.force(network.start),
                [](const Eigen::MatrixXd& left, const Eigen::MatrixXd& right) -> Eigen::MatrixXd {
                    return left * right;
                });
        for (int i = 0; i < cell_units; ++i) {
            const Eigen::VectorXd h = apart * Eigen::VectorXd::Unit(cell_units, i);
            const Eigen::VectorXd column =
                (gradient(network.start + h) - gradient(network.start - h)) / (2.0 * apart);
            // Third derivatives of q are larger than those of the cell.
            EXPECT_LT((hessian.col(i) - column).norm(), 100.0 * apart_error);
        }
    }
}

TEST(Cells, FixedPointsAreZerosOfTheZeroForm) {
    for (const Cell cell : all_values<Cell>) {
        SmallCell network(cell);
        // c is chosen so that the network rests at a drive of `a`.
        const Eigen::VectorXd a = network.start;
        network.c = a - network.w * zero_rates(cell, a);
        const Eigen::VectorXd state = targets_of(cell, a);
        EXPECT_LT(network.force(state).norm(), 1e-14);
        EXPECT_LT((zero_of_state(cell, network.w, network.c, state) - a).norm(), 1e-14);
        EXPECT_LE(network.force(state).norm(),
                  zero_rounding(term_magnitudes(network.w.cwiseAbs(), rates_of(cell, state),
                                                network.c, state)));
    }
}

}  // namespace
}  // namespace shoal
