// SPDX-License-Identifier: MIT
// Velocity, Jacobians, Newton and spectra against closed forms and finite differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/newton.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

NetworkModel random_network(int units, double gain, Cell cell, std::uint32_t which) {
    const auto n = static_cast<std::size_t>(units);
    NetworkModel model = network_of(units, normals(n * n, gain / std::sqrt(units), which), cell);
    model.bias = normals(n, 0.3, which + 1);
    model.feedback = normals(n, 0.4, which + 2);
    model.readout = normals(n, 0.4, which + 3);
    model.input = normals(n, 1.0, which + 4);
    model.tau = 2.0;
    return model;
}

Eigen::VectorXd vector_of(const std::vector<double>& values) {
    return Eigen::Map<const Eigen::VectorXd>(values.data(),
                                             static_cast<Eigen::Index>(values.size()));
}

// The equations written out with plain loops, from the model's parts.
TEST(Dynamics, VelocityIsTheEquation) {
    for (const Cell cell : all_values<Cell>) {
        const NetworkModel model = random_network(7, 1.5, cell, 100);
        const std::vector<double> x = normals(7, 1.0, 110);
        const Dynamics dynamics(model, std::vector<double>{0.7});

        const Eigen::VectorXd velocity = dynamics.velocity(vector_of(x));

        std::vector<double> row(7);
        std::vector<double> r = x;
        for (double& value : r) {
            value = cell == Cell::current ? std::tanh(value) : value;
        }
        double z = 0.0;
        for (std::size_t i = 0; i < 7; ++i) {
            z += model.readout[i] * r[i];
        }
        for (std::size_t to = 0; to < 7; ++to) {
            model.recurrent->row(static_cast<int>(to), row);
            double a = model.feedback[to] * z + model.bias[to] + model.input[to] * 0.7;
            for (std::size_t from = 0; from < 7; ++from) {
                a += row[from] * r[from];
            }
            const double expected =
                (-x[to] + (cell == Cell::current ? a : std::tanh(a))) / model.tau;
            // Two ways to add about ten terms of size 1, feedback folded in or not.
            EXPECT_NEAR(velocity[static_cast<Eigen::Index>(to)], expected, 1e-14);
        }
        const Eigen::VectorXd step = dynamics.step(vector_of(x));
        EXPECT_EQ(step, Eigen::VectorXd(vector_of(x) + model.dt * velocity));
    }
}

// Central differences with step h err by h^2 |F'''| / 6 and u |F| / h: at h = 1e-5 below 1e-10.
// A transposed matrix, a slope of the wrong cell or a missing 1 / tau would show at order 0.1.
TEST(Dynamics, JacobiansAreTheDerivatives) {
    const double h = 1e-5;
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(random_network(9, 1.5, cell, 120));
        const Eigen::VectorXd x = vector_of(normals(9, 1.0, 130));
        const Eigen::MatrixXd flow = dynamics.flow_jacobian(x).matrix;
        const MapJacobian map = dynamics.map_jacobian(x);

        for (Eigen::Index j = 0; j < 9; ++j) {
            Eigen::VectorXd up = x;
            Eigen::VectorXd down = x;
            up[j] += h;
            down[j] -= h;
            const Eigen::VectorXd velocity =
                (dynamics.velocity(up) - dynamics.velocity(down)) / (2.0 * h);
            const Eigen::VectorXd step = (dynamics.step(up) - dynamics.step(down)) / (2.0 * h);
            EXPECT_LT((flow.col(j) - velocity).norm(), 1e-9);
            EXPECT_LT((map.matrix.col(j) - step).norm(), 1e-9);
        }
        EXPECT_EQ(map.dt, dynamics.dt());
    }
}

TEST(Newton, FindsThePitchforkFromAfar) {
    for (const double gain : {1.05, 1.5, 2.0, 5.0}) {
        const Dynamics dynamics(network_of(1, {gain}, Cell::current));
        const NewtonResult result =
            refine_fixed_point(dynamics, Eigen::VectorXd::Constant(1, 1.5 * pitchfork(gain)));

        ASSERT_TRUE(result.converged) << gain;
        const double slope = -1.0 + gain / std::pow(std::cosh(pitchfork(gain)), 2);
        // A residual within the tolerance is that many units of x away over the slope; bisection
        // itself is exact to the rounding of the same residual.
        EXPECT_NEAR(result.state[0], pitchfork(gain), 2.0 * result.tolerance / std::abs(slope));
        EXPECT_LE(result.iterations, 12);
        EXPECT_LE(result.speed, result.tolerance);
        EXPECT_LT(result.tolerance, 1e-14);
    }
}

// Returned points are fixed under the dynamics: contracting ones are still there after 1000 steps.
TEST(Newton, PointsStayWhereTheyAreUnderIteration) {
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(random_network(40, 0.7, cell, 140));
        const NewtonResult result = refine_fixed_point(dynamics, Eigen::VectorXd::Zero(40));
        ASSERT_TRUE(result.converged);
        const auto flow = spectrum(dynamics.flow_jacobian(result.state));
        ASSERT_TRUE(flow.has_value());
        ASSERT_EQ(flow->unstable(), 0);

        Eigen::VectorXd x = result.state;
        for (int step = 0; step < 1000; ++step) {
            x = dynamics.step(x);
        }

        // Each step's rounding is at most the tolerance times dt, and decays at the slowest rate.
        const double rate = -flow->eigenvalues.front().real();
        EXPECT_LT((x - result.state).norm(), 100.0 * result.tolerance / rate);
    }
}

TEST(Newton, SaysWhenThereIsNothingToFind) {
    // tau dx/dt = -x + tanh(x) + 2 has its only root near 3; the slope vanishes at 0, so the first
    // full step from there is infinite and the search must stop without a claim.
    NetworkModel model = network_of(1, {1.0}, Cell::current);
    model.bias = {2.0};
    const NewtonResult stuck = refine_fixed_point(Dynamics(model), Eigen::VectorXd::Zero(1));
    EXPECT_FALSE(stuck.converged);

    const Eigen::VectorXd nan = Eigen::VectorXd::Constant(1, std::nan(""));
    EXPECT_FALSE(refine_fixed_point(Dynamics(model), nan).converged);
}

// At the origin of a linear-like network: eigenvalues -1 + eig(W), here of alpha R(theta).
TEST(Spectrum, OfARotationIsKnown) {
    const double alpha = 0.8;
    const double theta = 0.6;
    const Dynamics dynamics(network_of(4, rotations(alpha, {theta, 0.2}), Cell::current));
    const auto flow = spectrum(dynamics.flow_jacobian(Eigen::VectorXd::Zero(4)));
    ASSERT_TRUE(flow.has_value());

    const double expected[4][2] = {{-1 + alpha * std::cos(0.2), alpha * std::sin(0.2)},
                                   {-1 + alpha * std::cos(0.2), -alpha * std::sin(0.2)},
                                   {-1 + alpha * std::cos(theta), alpha * std::sin(theta)},
                                   {-1 + alpha * std::cos(theta), -alpha * std::sin(theta)}};
    for (std::size_t i = 0; i < 4; ++i) {
        // Normal matrix: eigenvalues are as accurate as the entries.
        EXPECT_NEAR(flow->eigenvalues[i].real(), expected[i][0], 1e-15);
        EXPECT_NEAR(flow->eigenvalues[i].imag(), expected[i][1], 1e-15);
    }
    const auto map = spectrum(dynamics.map_jacobian(Eigen::VectorXd::Zero(4)));
    ASSERT_TRUE(map.has_value());
    const MapSpectrum mapped = euler_map(*flow, dynamics.dt());
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_LT(std::abs(map->eigenvalues[i] - mapped.eigenvalues[i]), 1e-15);
    }
}

TEST(Spectrum, MapsOrderByModulusFlowsByRealPart) {
    const Eigen::MatrixXd matrix = Eigen::Vector3d(0.5, -1.5, -0.2).asDiagonal();
    const auto flow = spectrum(FlowJacobian{matrix});
    const auto map = spectrum(MapJacobian{matrix, 1.0});

    EXPECT_EQ(flow->eigenvalues[0].real(), 0.5);
    EXPECT_EQ(flow->eigenvalues[2].real(), -1.5);
    EXPECT_EQ(flow->unstable(), 1);
    EXPECT_EQ(map->eigenvalues[0].real(), -1.5);
    EXPECT_EQ(map->eigenvalues[2].real(), -0.2);
    EXPECT_EQ(map->unstable(), 1);
}

// A focus damped too weakly for the step: stable as a flow, unstable as the Euler map.
TEST(Spectrum, EulerStepsCanLoseAStableFocus) {
    const std::complex<double> focus(-0.02, 1.0);
    const FlowSpectrum flow{{focus, std::conj(focus)}};

    EXPECT_EQ(flow.unstable(), 0);
    EXPECT_EQ(euler_map(flow, 0.1).unstable(), 2);
    EXPECT_EQ(euler_map(flow, 0.01).unstable(), 0);
}

TEST(Spectrum, NothingForMatricesThatAreNotFinite) {
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(3, 3);
    matrix(1, 2) = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(spectrum(FlowJacobian{matrix}).has_value());
}

}  // namespace
}  // namespace shoal
