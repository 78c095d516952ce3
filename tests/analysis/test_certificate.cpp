// SPDX-License-Identifier: MIT
// Proofs of roots: right where they are claimed, and not claimed where there is none.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>

#include "analysis/dynamics/spectrum.hpp"
#include "analysis/linear/lu.hpp"
#include "analysis/search/certificate.hpp"
#include "analysis/search/inertia.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

Eigen::MatrixXd random_matrix(Eigen::Index n, double scale, std::uint32_t which) {
    const auto values = normals(static_cast<std::size_t>(n * n), scale, which);
    return Eigen::Map<const Eigen::MatrixXd>(values.data(), n, n);
}

Eigen::VectorXd random_vector(Eigen::Index n, double scale, std::uint32_t which) {
    const auto values = normals(static_cast<std::size_t>(n), scale, which);
    return Eigen::Map<const Eigen::VectorXd>(values.data(), n);
}

Eigen::VectorXd one(double value) {
    return Eigen::VectorXd::Constant(1, value);
}

/// tau dx/dt = -x + w tanh(x) + c.
Dynamics unit_of(double w, double c) {
    return {Cell::current, 1.0, 0.1, Eigen::MatrixXd::Constant(1, 1, w), one(c)};
}

// Sizes around the block of 16 rows. |P M - L U| <= gamma_(n+2) |L| |U| is what lu.hpp claims.
TEST(Lu, BackwardErrorIsWithinItsBoundAndTheSignIsThatOfTheDeterminant) {
    for (const Eigen::Index n : {1, 2, 3, 15, 16, 17, 33, 70}) {
        const Eigen::MatrixXd matrix = random_matrix(n, 1.0, static_cast<std::uint32_t>(n));
        const LuFactors factors(matrix);

        const Eigen::MatrixXd packed = factors.packed();
        const Eigen::MatrixXd lower = packed.triangularView<Eigen::UnitLower>();
        const Eigen::MatrixXd upper = packed.triangularView<Eigen::Upper>();
        Eigen::MatrixXd permuted(n, n);
        for (Eigen::Index k = 0; k < n; ++k) {
            permuted.row(k) = matrix.row(factors.rows()[static_cast<std::size_t>(k)]);
        }
        // Twice: the product that checks it is rounded, too.
        const double gamma = 2.0 * static_cast<double>(n + 2) * 0x1p-53;
        const Eigen::MatrixXd bound = gamma * (lower.cwiseAbs() * upper.cwiseAbs());
        EXPECT_TRUE(((permuted - lower * upper).cwiseAbs().array() <= bound.array()).all()) << n;
        EXPECT_EQ(factors.sign(), matrix.determinant() > 0.0 ? 1 : -1) << n;

        // Forward: condition number times the backward error.
        const Eigen::VectorXd x = random_vector(n, 1.0, 90);
        const double condition = matrix.norm() * matrix.inverse().norm();
        EXPECT_LT((factors.solve(matrix * x) - x).norm(), 1e-14 * condition * x.norm()) << n;
        EXPECT_LT((factors.inverse() * matrix - Eigen::MatrixXd::Identity(n, n)).norm(),
                  1e-14 * condition * std::sqrt(n))
            << n;
    }
}

TEST(Lu, SingularMatricesGiveNoSignAndNoFiniteInverse) {
    Eigen::MatrixXd matrix = random_matrix(20, 1.0, 5);
    matrix.col(7).setZero();
    const LuFactors factors(matrix);
    EXPECT_EQ(factors.sign(), 0);
    EXPECT_FALSE(factors.inverse().allFinite());
}

TEST(SlopeVariation, IsTheSupremumFromBothSides) {
    const auto slope = [](double t) { return 1.0 / (std::cosh(t) * std::cosh(t)); };
    for (const double centre : {-2.0, -0.3, 0.0, 0.8, 5.0}) {
        for (const double radius : {1e-9, 0.1, 1.0, 4.0}) {
            double sup = 0.0;
            for (int i = -1000; i <= 1000; ++i) {
                sup = std::max(sup, std::abs(slope(centre + radius * i / 1000.0) - slope(centre)));
            }
            const double bound = slope_variation(centre, radius);
            EXPECT_GE(bound, sup) << centre << " " << radius;
            // 0.1 % outwards, roundings, and a grid that passes the peak by at most radius / 1000.
            EXPECT_LE(bound, 1.002 * sup + 1e-14 + 1e-3 * radius) << centre << " " << radius;
            EXPECT_LE(bound, 1.001 * 4.0 / (3.0 * std::sqrt(3.0)) * radius + 1e-14);
        }
    }
}

// x = w tanh(x): one root below w = 1, three above, det(-DG) = 1 - w (1 - tanh(x)^2).
TEST(Certificate, ProvesThePitchforkOfOneUnit) {
    for (const double w : {0.5, 0.99, 1.01, 2.0, 6.0}) {
        const Dynamics dynamics = unit_of(w, 0.0);
        const ZeroForm form(dynamics);
        const Certificate origin = certify(form, one(0.0));
        ASSERT_TRUE(origin.proved) << w;
        EXPECT_EQ(origin.index, w < 1.0 ? 1 : -1);
        if (w > 1.0) {
            const double root = pitchfork(w);
            const Certificate outer = certify(form, one(root));
            ASSERT_TRUE(outer.proved) << w;
            EXPECT_EQ(outer.index, 1);
            EXPECT_LT(outer.existence, 1e-12 / (w - 1.0));  // condition: 1 / |DG| = 1 / (2 (w - 1))
            EXPECT_LT(outer.uniqueness, root);
            EXPECT_LT(origin.uniqueness, root);
            // Not a needle's eye: within a factor of the best possible.
            EXPECT_GT(outer.uniqueness, 0.1 * root);
        }
    }
}

// Past a saddle-node the two roots are x_s +- sqrt(e) c and beyond it there is none, but |G| there
// is only e: the certificate must tell until rounding hides it, and never claim too much.
TEST(Certificate, NeverClaimsTooMuchAtASaddleNode) {
    const double w = 2.0;
    const double x_s = std::acosh(std::sqrt(w));  // w (1 - tanh(x)^2) = 1
    const double c_s = x_s - w * std::tanh(x_s);
    int proved = 0;
    for (int k = 2; k < 50; ++k) {
        const double e = std::ldexp(1.0, -k);
        // G(x_s) = c - c_s is G's largest value for x > 0. Below 0: no root there.
        const Dynamics none = unit_of(w, c_s - e);
        const Dynamics two = unit_of(w, c_s + e);
        for (int step = -40; step <= 40; ++step) {
            const Eigen::VectorXd x = one(x_s + 0.1 * std::sqrt(e) * step);
            const Certificate there = certify(ZeroForm(none), x);
            // The root far on the left may lie in a large box, the two that are gone may not.
            EXPECT_FALSE(there.proved && x[0] - there.existence > 0.0) << k << " " << step;

            const Certificate here = certify(ZeroForm(two), x);
            if (!here.proved) {
                continue;
            }
            ++proved;
            // Of the two roots left and right of x_s at most one is in the box: G(x_s) > 0 between
            // them, so G has one sign change there.
            const auto g = [&](double t) { return -t + w * std::tanh(t) + c_s + e; };
            const bool left = x[0] - here.uniqueness < x_s && g(x[0] - here.uniqueness) < -1e-15;
            const bool right = x[0] + here.uniqueness > x_s && g(x[0] + here.uniqueness) < -1e-15;
            EXPECT_FALSE(left && right) << k << " " << step;
            // The root that is claimed: G changes sign over its box.
            EXPECT_LE(g(x[0] - here.existence) * g(x[0] + here.existence), 1e-30)
                << k << " " << step;
            // Left of the maximum G rises: det(-DG) < 0.
            const bool falling = x[0] - here.existence > x_s;
            const bool rising = x[0] + here.existence < x_s;
            EXPECT_TRUE(!falling || here.index != -1);
            EXPECT_TRUE(!rising || here.index != 1);
        }
    }
    EXPECT_GT(proved, 200);  // the test is not empty
}

TEST(Certificate, ClaimsNothingAtADegenerateRoot) {
    for (const double x : {0.0, 1e-9, 1e-6, 1e-4, -1e-3}) {
        EXPECT_FALSE(certify(ZeroForm(unit_of(1.0, 0.0)), one(x)).proved) << x;
    }
}

TEST(Certificate, ClaimsNothingForBadNumbers) {
    const Dynamics dynamics = unit_of(2.0, 0.0);
    EXPECT_FALSE(certify(ZeroForm(dynamics), one(std::nan(""))).proved);
    EXPECT_FALSE(certify(ZeroForm(dynamics), one(std::numeric_limits<double>::infinity())).proved);
    const Dynamics broken = unit_of(std::nan(""), 0.0);
    EXPECT_FALSE(certify(ZeroForm(broken), one(0.0)).proved);
}

// c is chosen so that a known state is a root, to within rounding.
TEST(Certificate, BoxesOfPerturbedApproximationsHoldTheRoot) {
    int proved = 0;
    for (std::uint32_t network = 0; network < 40; ++network) {
        const Eigen::Index n = 2 + network % 20;
        const double gain = 0.5 + 0.05 * network;
        const Eigen::MatrixXd weights =
            random_matrix(n, gain / std::sqrt(static_cast<double>(n)), 1000 + network);
        const Eigen::VectorXd root = random_vector(n, 1.0, 2000 + network);
        const Dynamics dynamics(Cell::current, 1.0, 0.1, weights, root - weights * tanh_of(root));
        const ZeroForm form(dynamics);
        for (const double size : {0.0, 1e-12, 1e-8, 1e-4, 1e-2, 0.1}) {
            const Eigen::VectorXd x = root + random_vector(n, size, 3000 + network);
            const Certificate certificate = certify(form, x);
            if (!certificate.proved) {
                continue;
            }
            ++proved;
            const double distance = (x - root).lpNorm<Eigen::Infinity>();
            // Rounding of c moves the true root by |DG^-1| times a few ulp; 1e-11 is far above.
            if (distance < certificate.uniqueness) {
                EXPECT_LE(distance, certificate.existence + 1e-11) << network << " " << size;
            }
            EXPECT_LE(certificate.existence, certificate.uniqueness);
            const double sign = (-form.jacobian(root)).partialPivLu().determinant();
            EXPECT_EQ(certificate.index, sign > 0.0 ? 1 : -1) << network;

            // The chord iteration converges from the edge of the box.
            Eigen::VectorXd y = x;
            for (Eigen::Index i = 0; i < n; ++i) {
                y[i] += (i % 2 == 0 ? 0.999 : -0.999) * certificate.uniqueness;
            }
            const double start = (y - root).norm();
            for (int step = 0; step < 3000; ++step) {
                y -= certificate.inverse * form.residual(y);
            }
            EXPECT_LT((y - root).norm(), 1e-8 * start + 1e-10) << network << " " << size;
        }
    }
    EXPECT_GT(proved, 120);
}

// h = tanh(x): radii for the states of rate cells.
TEST(Certificate, RadiiOfRateCellsAreThoseOfTheirOwnStates) {
    const Dynamics dynamics(Cell::rate, 1.0, 0.1, Eigen::MatrixXd::Constant(1, 1, 2.0), one(0.0));
    const ZeroForm form(dynamics);
    const double x = pitchfork(2.0);
    const Certificate certificate = certify(form, one(x));
    const StateRadii radii = state_radii(certificate, form);

    ASSERT_TRUE(certificate.proved);
    EXPECT_LE(std::tanh(x), std::tanh(2.0 * std::tanh(x)) + radii.existence);
    EXPECT_GT(radii.uniqueness, 0.05);
    EXPECT_LT(radii.uniqueness, std::tanh(x));
    EXPECT_NEAR(radii.uniqueness, certificate.uniqueness / 2.0, 0.01 * certificate.uniqueness);
}

// DG at the origin is -I + W.
TEST(Inertia, CountsOfFlowAndMapAreProvedApart) {
    const Dynamics dynamics(Cell::current, 1.0, 1.0,
                            Eigen::Vector3d(-3.0, 0.4, -0.9).asDiagonal().toDenseMatrix(),
                            Eigen::Vector3d::Zero());
    const Inertia result = inertia(ZeroForm(dynamics), Eigen::Vector3d::Zero(), 1e-12);

    ASSERT_GE(result.distance, 0.0);
    EXPECT_LT(result.distance, 1e-10);
    EXPECT_TRUE(result.proves_flow_count());
    EXPECT_TRUE(result.proves_map_count(1.0, 1.0));
    const FlowSpectrum flow = flow_spectrum(result.eigenvalues);
    EXPECT_EQ(flow.unstable(), 0);
    EXPECT_EQ(euler_map(flow, 1.0).unstable(), 1);  // 1 + (-3 - 1)
}

TEST(Inertia, ClaimsNothingOnTheBorder) {
    // alpha R(theta) with alpha cos(theta) = 1: real parts 0 for the flow; alpha = 1: moduli 1 for
    // the map.
    const double theta = 0.5;
    Eigen::Matrix2d turn;
    turn << std::cos(theta), -std::sin(theta), std::sin(theta), std::cos(theta);
    const Dynamics flow(Cell::current, 1.0, 0.1, turn / std::cos(theta), Eigen::Vector2d::Zero());
    EXPECT_FALSE(inertia(ZeroForm(flow), Eigen::Vector2d::Zero(), 1e-12).proves_flow_count());
    const Dynamics map(Cell::current, 1.0, 1.0, turn, Eigen::Vector2d::Zero());
    const Inertia at_map = inertia(ZeroForm(map), Eigen::Vector2d::Zero(), 1e-12);
    EXPECT_FALSE(at_map.proves_map_count(1.0, 1.0));
    EXPECT_TRUE(at_map.proves_flow_count());
}

// A non-normal matrix with known eigenvalues, S T S^-1 with T upper triangular.
TEST(Inertia, DiscsHoldTheKnownEigenvaluesOfANonNormalMatrix) {
    const Eigen::Index n = 12;
    Eigen::MatrixXd triangle = random_matrix(n, 0.3, 50).triangularView<Eigen::StrictlyUpper>();
    for (Eigen::Index i = 0; i < n; ++i) {
        triangle(i, i) = -2.0 + 0.35 * static_cast<double>(i);  // of W - I: six below 0 ... 1.85
    }
    const Eigen::MatrixXd change = random_matrix(n, 1.0, 51);
    const Eigen::MatrixXd weights =
        Eigen::MatrixXd::Identity(n, n) + change * triangle * change.inverse();
    const Dynamics dynamics(Cell::current, 1.0, 0.1, weights, Eigen::VectorXd::Zero(n));
    const Inertia result = inertia(ZeroForm(dynamics), Eigen::VectorXd::Zero(n), 1e-12);

    ASSERT_TRUE(result.proves_flow_count());
    EXPECT_EQ(flow_spectrum(result.eigenvalues).unstable(), 6);
    // A box of states moves the eigenvalues; with a large one nothing is left to claim.
    EXPECT_FALSE(inertia(ZeroForm(dynamics), Eigen::VectorXd::Zero(n), 1.0).proves_flow_count());
}

}  // namespace
}  // namespace shoal
