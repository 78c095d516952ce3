// SPDX-License-Identifier: MIT
// Ring and line attractors: a continuum is found as one, its perturbed versions as points.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/search_starts.hpp"
#include "found_points.hpp"

namespace shoal {
namespace {

using namespace test;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr RandomKey search_key{7, 3};

/// W_ij = 2 g / N (cos(a_i - a_j) + e cos a_i cos a_j), a_i equally spaced. With e = 0 turning the
/// ring by 2 pi / N is a symmetry; what tells angles apart is the harmonic N - 1 of tanh(A cos a),
/// which falls as exp(-N asinh(pi / (2 A))).
MatrixXd ring(Eigen::Index n, double g, double e) {
    MatrixXd weights(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = 0; j < n; ++j) {
            const double a =
                2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
            const double b =
                2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
            weights(i, j) = 2.0 * g / static_cast<double>(n) *
                            (std::cos(a - b) + e * std::cos(a) * std::cos(b));
        }
    }
    return weights;
}

Dynamics ring_dynamics(Eigen::Index n, double g, double e) {
    return {Cell::current, 1.0, 0.1, ring(n, g, e), VectorXd::Zero(n)};
}

/// Bumps at `count` angles, as runs would leave them, and the origin, with noise.
MatrixXd bumps(Eigen::Index n, int count) {
    MatrixXd states = MatrixXd::Zero(n, count + 1);
    for (Eigen::Index k = 0; k < count; ++k) {
        for (Eigen::Index i = 0; i < n; ++i) {
            const double share = static_cast<double>(i) / static_cast<double>(n) -
                                 (static_cast<double>(k) + 0.3) / count;
            states(i, k) = 1.5 * std::cos(2.0 * std::numbers::pi * share);
        }
    }
    return noisy_copies(states, 1, 0.1, search_key);
}

TEST(Continua, ARingAttractorIsOneContinuumOfDimensionOne) {
    // At N = 64, g = 1.5 the ring's own harmonic is exp(-64 asinh(pi / 3)) < 1e-25: far below
    // rounding.
    const Dynamics dynamics = ring_dynamics(64, 1.5, 0.0);
    const SearchResult result = search_fixed_points(dynamics, bumps(64, 48));

    EXPECT_EQ(result.summary.continua, 1);
    EXPECT_EQ(result.summary.roots, 1);  // the origin
    EXPECT_GT(result.summary.continuum_starts, 24);
    int samples = 0;
    for (const FoundPoint& point : result.points) {
        if (point.continuum != -1) {
            ++samples;
            EXPECT_EQ(point.continuum_dimension, 1);
            EXPECT_NE(point.label, PointLabel::proved);
        }
    }
    EXPECT_GT(samples, 4);
    EXPECT_NE(result.summary.completeness.find("continuum"), std::string::npos);
}

// Along the ring the perturbation drifts as sin(2 angle): four points are left, at angles 0 and 180
// stable, at 90 and 270 saddles, with the origin (two unstable directions).
TEST(Continua, APerturbedRingIsFinitelyManyProvedPoints) {
    for (const double e : {1e-2, 1e-4}) {
        const SearchResult result = search_fixed_points(ring_dynamics(64, 1.5, e), bumps(64, 48));

        EXPECT_EQ(result.summary.continua, 0) << e;
        EXPECT_EQ(result.summary.roots, 5) << e;
        EXPECT_EQ(result.summary.proved, 5) << e;
        EXPECT_EQ(result.summary.index_sum, 1) << e;
        EXPECT_EQ(count_unstable(result, 0), 2) << e;
        EXPECT_EQ(count_unstable(result, 1), 2) << e;
        EXPECT_EQ(count_unstable(result, 2), 1) << e;
    }
}

/// x_i = (s - c_i) / w with thresholds c_i = -30 w ... 30 w a quarter of w apart: everything drives
/// all units alike, and s' = -s + slope (h / 2) sum of tanh((s - c_i) / w). The sum of steps is s
/// but for exp(-pi^2 w / h) < 1e-17 between the thresholds and exp(-2 (30 w - |s|) / w) from their
/// ends.
Dynamics line_dynamics(double slope) {
    constexpr Eigen::Index half = 120;
    constexpr double spacing = 0.25;  // h / w; w = 1
    constexpr Eigen::Index n = 2 * half + 1;
    VectorXd drive(n);
    for (Eigen::Index i = 0; i < n; ++i) {
        drive[i] = -spacing * static_cast<double>(i - half);
    }
    return {Cell::current, 1.0, 0.1, MatrixXd::Constant(n, n, slope * spacing / 2.0), drive};
}

/// States at the places -length ... length on the line, with noise.
MatrixXd places(const Dynamics& dynamics, int count, double length) {
    MatrixXd states(dynamics.units(), count);
    for (Eigen::Index k = 0; k < count; ++k) {
        const double place = length * (2.0 * (static_cast<double>(k) + 0.3) / count - 1.0);
        states.col(k) = dynamics.drive().array() + place;
    }
    return noisy_copies(states, 1, 0.1, search_key);
}

TEST(Continua, ALineAttractorIsOneContinuumOfDimensionOne) {
    const Dynamics dynamics = line_dynamics(1.0);
    const SearchResult result = search_fixed_points(dynamics, places(dynamics, 16, 10.0));

    EXPECT_EQ(result.summary.continua, 1);
    EXPECT_EQ(result.summary.continuum_starts, 16);
    EXPECT_EQ(result.summary.roots, 0);
    for (const FoundPoint& point : result.points) {
        EXPECT_NE(point.label, PointLabel::proved);
        if (point.continuum != -1) {
            EXPECT_EQ(point.continuum_dimension, 1);
        }
    }
}

// The other eigenvalue, -1, is there N - 1 times, and its eigenvectors are far from orthogonal: the
// number of unstable directions is found, but no proof of it asked for.
// A slope below 1 leaves the middle, with the time constant 1 / (1 - slope). A slope above 1 makes
// the middle unstable and ends the line on both sides, where the sum of steps has bent away by as
// much.
TEST(Continua, APerturbedLineIsFinitelyManyProvedPoints) {
    const auto count_of = [](const SearchResult& result, int unstable) {
        return std::count_if(result.points.begin(), result.points.end(), [&](const auto& point) {
            return point.label == PointLabel::proved && point.unstable == unstable;
        });
    };
    const double e = 1e-3;
    const Dynamics leaky = line_dynamics(1.0 - e);
    const SearchResult one = search_fixed_points(leaky, places(leaky, 16, 10.0));
    EXPECT_EQ(one.summary.continua, 0);
    ASSERT_EQ(one.summary.roots, 1);
    EXPECT_EQ(one.summary.proved, 1);
    EXPECT_EQ(count_of(one, 0), 1);
    const auto middle = std::find_if(one.points.begin(), one.points.end(), [](const auto& point) {
        return point.label == PointLabel::proved;
    });
    EXPECT_NEAR(middle->eigenvalues[0], -e, 1e-12);
    EXPECT_LT((state_of(*middle) - leaky.drive()).norm(), 1e-9);

    const Dynamics unstable = line_dynamics(1.0 + e);
    const SearchResult three = search_fixed_points(unstable, places(unstable, 16, 29.0));
    EXPECT_EQ(three.summary.continua, 0);
    EXPECT_EQ(three.summary.roots, 3);
    EXPECT_EQ(three.summary.proved, 3);
    EXPECT_EQ(three.summary.index_sum, 1);
    EXPECT_EQ(count_of(three, 0), 2);
    EXPECT_EQ(count_of(three, 1), 1);
}

// Few units are a perturbation, too: 2 N points for N = 8, N stable ones and N saddles.
TEST(Continua, ACoarseRingHasTwoPointsPerUnit) {
    const SearchResult result = search_fixed_points(ring_dynamics(8, 2.0, 0.0), bumps(8, 80));

    EXPECT_EQ(result.summary.continua, 0);
    EXPECT_EQ(result.summary.roots, 17);
    EXPECT_EQ(result.summary.proved, 17);
    EXPECT_EQ(result.summary.index_sum, 1);
    EXPECT_EQ(count_unstable(result, 0), 8);
    EXPECT_EQ(count_unstable(result, 1), 8);
}

}  // namespace
}  // namespace shoal
