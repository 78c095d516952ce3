// SPDX-License-Identifier: MIT
// Slow modes of matrices whose eigenvectors are known, and of networks.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <Eigen/QR>
#include <cmath>
#include <complex>
#include <limits>

#include "analysis/dynamics/slow_modes.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;
using Complex = std::complex<double>;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

Eigen::VectorXcd vector_of(const std::vector<double>& values, std::size_t mode,
                           Eigen::Index units) {
    Eigen::VectorXcd vector(units);
    for (Eigen::Index unit = 0; unit < units; ++unit) {
        const std::size_t at =
            2 * (mode * static_cast<std::size_t>(units) + static_cast<std::size_t>(unit));
        vector[unit] = {values[at], values[at + 1]};
    }
    return vector;
}

SlowModes flow_modes(const Eigen::MatrixXd& matrix, double trial_time) {
    const FlowJacobian jacobian{matrix};
    return slow_modes(jacobian, *spectrum(jacobian), trial_time);
}

// J = V diag(-0.01, -0.02, -5) V^-1 with V = [[1, 1, 0], [0, s, 0], [0, 0, 1]]: right vectors are
// the columns of V, left vectors the rows of its inverse; the first two eigenvalues have condition
// sqrt(1 + 1 / s^2), the third 1.
TEST(SlowModes, OfAKnownNonNormalMatrix) {
    const double s = 0.1;
    Eigen::Matrix3d v;
    v << 1, 1, 0, 0, s, 0, 0, 0, 1;
    const Eigen::Vector3d values(-0.01, -0.02, -5.0);
    const Eigen::Matrix3d jacobian = v * values.asDiagonal() * v.inverse();
    const SlowModes modes = flow_modes(jacobian, 35.0);

    EXPECT_EQ(modes.convention, SystemKind::flow);
    EXPECT_EQ(modes.slow, 2);  // -0.01 and -0.02 are above -1/35
    ASSERT_EQ(modes.conditions.size(), 3u);
    EXPECT_EQ(modes.limits, "");
    // Eigenvalues are off by a few u |J| times their condition (Bauer & Fike); vectors by that over
    // the gap 0.01 and once more the condition. |J| = 5, condition 10: 64 u 5 100 / 0.01.
    const double condition = std::sqrt(1.0 + 1.0 / (s * s));
    const double bound = 64 * epsilon * 5.0 * condition * condition / 0.01;
    for (std::size_t mode = 0; mode < 3; ++mode) {
        EXPECT_NEAR(modes.eigenvalues[2 * mode], values[static_cast<int>(mode)], bound);
        EXPECT_NEAR(modes.time_constants[mode], -1.0 / values[static_cast<int>(mode)],
                    bound / (values[static_cast<int>(mode)] * values[static_cast<int>(mode)]));
        EXPECT_NEAR(modes.conditions[mode], mode < 2 ? condition : 1.0, condition * bound);
        EXPECT_LT(modes.residuals[mode], 64 * epsilon);
        const Eigen::VectorXcd right = vector_of(modes.right, mode, 3);
        const Eigen::Vector3d expected = v.col(static_cast<int>(mode)).normalized();
        EXPECT_LT((right - expected).norm(), bound) << mode;
    }
    const Eigen::VectorXcd left = vector_of(modes.left, 0, 3);
    EXPECT_LT((left - Eigen::Vector3d(1, -1 / s, 0)).norm(), condition * bound);
    // The transposed matrix has left and right exchanged: it would fail here.
    EXPECT_GT((left.normalized() - vector_of(modes.right, 0, 3)).norm(), 0.5);
}

// A random matrix: every mode satisfies both eigenvector equations, is scaled as promised, and is
// orthogonal (without conjugation) to the left vectors of the other eigenvalues.
TEST(SlowModes, OfARandomMatrixSatisfyTheirEquations) {
    const Eigen::Index units = 60;
    const std::vector<double> draws = normals(3600, 1.0 / std::sqrt(60.0), 40);
    Eigen::MatrixXd jacobian = Eigen::Map<const Eigen::MatrixXd>(draws.data(), units, units);
    jacobian.diagonal().array() -= 1.0;
    const SlowModes modes = flow_modes(jacobian, 2.0);

    const std::size_t count = modes.conditions.size();
    ASSERT_GE(modes.slow, 3);
    for (std::size_t mode = 0; mode < count; ++mode) {
        // Backward stable: residuals are a modest multiple of u, N of it being generous.
        EXPECT_LT(modes.residuals[mode], 60 * epsilon);
        const Eigen::VectorXcd right = vector_of(modes.right, mode, units);
        EXPECT_NEAR(right.norm(), 1.0, 8 * epsilon);
        const double own = modes.conditions[mode];
        for (std::size_t other = 0; other < count; ++other) {
            const Eigen::VectorXcd left = vector_of(modes.left, other, units);
            const Complex product = (left.transpose() * right).value();
            const Complex gap(modes.eigenvalues[2 * mode] - modes.eigenvalues[2 * other],
                              modes.eigenvalues[2 * mode + 1] - modes.eigenvalues[2 * other + 1]);
            // l' J r is both lambda_l l'r and lambda_r l'r: l'r = (residuals) |l| |J| / gap.
            const double bound =
                mode == other ? 60 * epsilon * own
                              : 120 * epsilon * left.norm() * jacobian.norm() / std::abs(gap);
            EXPECT_LT(std::abs(product - (mode == other ? 1.0 : 0.0)), bound);
        }
    }
}

// Counting: at least 3 eigenvalues, whole pairs, at most 16, and what is left out is said.
TEST(SlowModes, AreAtLeastThreeAndAtMostSixteen) {
    Eigen::VectorXd values(40);
    for (int i = 0; i < 40; ++i) {
        values[i] = -1e-3 * (i + 1);
    }
    const SlowModes many = flow_modes(values.asDiagonal(), 35.0);  // 28 above -1/35
    EXPECT_EQ(many.slow, 28);
    EXPECT_EQ(many.conditions.size(), 16u);
    EXPECT_EQ(many.limits, "Eigenvectors of 16 of 28 slow eigenvalues were computed.");

    const SlowModes few = flow_modes(1000.0 * values.asDiagonal(), 35.0);
    EXPECT_EQ(few.slow, 0);
    EXPECT_EQ(few.conditions.size(), 3u);
    EXPECT_EQ(few.limits, "");
    EXPECT_EQ(flow_modes(-Eigen::MatrixXd::Identity(1, 1), 35.0).conditions.size(), 1u);

    // Leading three of four pairs: two pairs, since half a pair is none.
    const std::vector<double> weights = rotations(0.5, {0.1, 0.2, 0.3, 0.4});
    const Eigen::MatrixXd pairs =
        Eigen::Map<const Eigen::MatrixXd>(weights.data(), 8, 8) - Eigen::MatrixXd::Identity(8, 8);
    EXPECT_EQ(flow_modes(pairs, 10.0).conditions.size(), 2u);
}

// Equal eigenvalues with a full set of vectors: every mode gets its own, paired ones.
TEST(SlowModes, OfEqualEigenvaluesSpanTheirSpace) {
    Eigen::Matrix4d v;
    v << 1, 0.5, 0, 0, 0, 1, 0, 0.3, 0.2, 0, 1, 0, 0, 0, 0, 1;
    const Eigen::Matrix4d jacobian =
        v * Eigen::Vector4d(-0.01, -0.01, -0.01, -3).asDiagonal() * v.inverse();
    const SlowModes modes = flow_modes(jacobian, 35.0);
    ASSERT_EQ(modes.conditions.size(), 3u);
    EXPECT_EQ(modes.limits, "");
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_LT(modes.residuals[i], 1e-13);
        for (std::size_t j = 0; j < 3; ++j) {
            const Complex product =
                (vector_of(modes.left, i, 4).transpose() * vector_of(modes.right, j, 4)).value();
            EXPECT_LT(std::abs(product - (i == j ? 1.0 : 0.0)), 1e-12);
        }
    }
}

// A Jordan block has one direction for two eigenvalues: no left . right = 1, and it is said.
TEST(SlowModes, OfAJordanBlockSayThatTheyArePoor) {
    Eigen::Matrix2d jacobian;
    jacobian << -0.01, 1, 0, -0.01;
    const SlowModes modes = flow_modes(jacobian, 35.0);
    EXPECT_NE(modes.limits.find("share a direction"), std::string::npos) << modes.limits;
    EXPECT_GT(modes.conditions[0], 1e6);
}

TEST(SlowModes, OfNumbersThatAreNoneSaySo) {
    const Dynamics dynamics(
        Cell::current, 1.0, 0.1,
        Eigen::MatrixXd::Constant(3, 3, std::numeric_limits<double>::quiet_NaN()),
        Eigen::VectorXd::Zero(3));
    const NetworkModel model = network_of(3, std::vector<double>(9, 0.0), Cell::current);
    const SlowModes modes = slow_modes_at(model, dynamics, Eigen::VectorXd::Zero(3), 35.0);
    EXPECT_TRUE(modes.conditions.empty());
    EXPECT_FALSE(modes.limits.empty());
}

// A network of dt = tau is a map: its modes are those of I + dt J, slow by modulus, and an
// eigenvalue of -0.99 is slow for the map though the flow's, -1.99, is fast.
TEST(SlowModes, OfAMapAreSlowByModulus) {
    const NetworkModel map = network_of(3, diagonal({0.9, -0.99, 0.1}), Cell::rate, 1.0);
    const Eigen::VectorXd origin = Eigen::VectorXd::Zero(3);
    const SlowModes modes = slow_modes_at(map, Dynamics(map), origin, 50.0);
    EXPECT_EQ(modes.convention, SystemKind::map);
    EXPECT_EQ(modes.dt, 1.0);
    EXPECT_EQ(modes.slow, 1);  // exp(-1/50) = 0.980: -0.99 alone
    EXPECT_NEAR(modes.eigenvalues[0], -0.99, 4 * epsilon);
    EXPECT_NEAR(modes.eigenvalues[2], 0.9, 4 * epsilon);
    EXPECT_NEAR(modes.time_constants[1], -1.0 / std::log(0.9), 100 * epsilon);

    const NetworkModel flow = network_of(3, diagonal({0.9, -0.99, 0.1}), Cell::rate, 0.1);
    const SlowModes of_flow = slow_modes_at(flow, Dynamics(flow), origin, 50.0);
    EXPECT_EQ(of_flow.convention, SystemKind::flow);
    EXPECT_NEAR(of_flow.eigenvalues[0], -0.1, 4 * epsilon);
    EXPECT_NEAR(of_flow.eigenvalues[4], -1.99, 8 * epsilon);
}

// Uncoupled units at a state away from the origin: mode k is unit k. The readout of a current cell
// reads diag(1 - r^2) W_out', the input of a rate cell drives diag(1 - a^2) W_in.
TEST(SlowModes, AlignmentsCarryTheSlopesWhereTheyBelong) {
    for (const Cell cell : all_values<Cell>) {
        NetworkModel model = network_of(2, diagonal({1.5, 0.2}), cell);
        model.readout = {3.0, 4.0};
        model.input = {3.0, 4.0};
        const Dynamics dynamics(model);
        const Eigen::Vector2d x(0.4, -0.7);
        const SlowModes modes = slow_modes_at(model, dynamics, x, 35.0);
        ASSERT_EQ(modes.right_readout.size(), 2u);
        ASSERT_EQ(modes.left_input.size(), 2u);
        EXPECT_TRUE(modes.right_feedback.empty());
        EXPECT_EQ(modes.state_space,
                  cell == Cell::current ? StateSpace::before_tanh : StateSpace::rates);
        const auto slope = [](double a) { return 1.0 - std::tanh(a) * std::tanh(a); };
        const Eigen::Vector2d slopes = cell == Cell::current
                                           ? Eigen::Vector2d(slope(0.4), slope(-0.7))
                                           : Eigen::Vector2d(slope(1.5 * 0.4), slope(0.2 * -0.7));
        const Eigen::Vector2d plain(3.0, 4.0);
        const Eigen::Vector2d sloped = slopes.cwiseProduct(plain);
        const Eigen::Vector2d readout = cell == Cell::current ? sloped : plain;
        const Eigen::Vector2d input = cell == Cell::current ? plain : sloped;
        for (int mode = 0; mode < 2; ++mode) {
            const auto at = static_cast<std::size_t>(mode);
            EXPECT_NEAR(modes.right_readout[at], readout[mode] / readout.norm(), 1e-14);
            EXPECT_NEAR(modes.right_input[at], input[mode] / input.norm(), 1e-14);
            EXPECT_NEAR(modes.left_input[at], input[mode] / input.norm(), 1e-14);
        }
    }
}

// The plane of a complex pair contains both of its units: a column in it is at angle 0.
TEST(SlowModes, APairIsAlignedByItsPlane) {
    NetworkModel model = network_of(3, std::vector<double>(9, 0.0), Cell::rate);
    std::vector<double> weights(9, 0.0);
    weights[0] = weights[4] = 0.5;
    weights[1] = -0.8;
    weights[3] = 0.8;
    model.recurrent = dense_matrix(3, weights);
    model.input = {0.3, -0.4, 0.0};
    model.readout = {1.0, 0.0, 1.0};
    const SlowModes modes = slow_modes_at(model, Dynamics(model), Eigen::Vector3d::Zero(), 35.0);
    ASSERT_EQ(modes.conditions.size(), 2u);
    EXPECT_NEAR(modes.eigenvalues[1], 0.8, 1e-14);
    EXPECT_NEAR(modes.right_input[0], 1.0, 1e-14);
    EXPECT_NEAR(modes.right_readout[0], std::sqrt(0.5), 1e-14);
    EXPECT_NEAR(modes.right_readout[1], std::sqrt(0.5), 1e-14);
    EXPECT_NEAR(modes.left_input[1], 0.0, 1e-14);
}

}  // namespace
}  // namespace shoal
