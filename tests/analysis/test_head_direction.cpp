// SPDX-License-Identifier: MIT
// Headings held and integrated with and without a ring attractor.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <set>

#include "papers/head_direction.hpp"

namespace shoal {
namespace {

using std::numbers::pi;
constexpr RandomKey heading_key{7, 3};

HeadDirectionOptions options_of(double integration) {
    HeadDirectionOptions options;
    options.key = heading_key;
    options.integration = integration;
    return options;
}

double largest_error(const HeadingRun& run, double turned) {
    const Eigen::Index last = run.headings.rows() - 1;
    return ((run.headings.row(last) - run.headings.row(0)).array() - turned).abs().maxCoeff();
}

// x -> x - a sin(k x) has k stable points; a map that moves everything on has none.
TEST(HeadDirection, EndsOfKnownCircleMaps) {
    constexpr int knots = 24;
    const auto ends = [](auto move) {
        std::vector<double> from;
        std::vector<double> to;
        for (int i = 0; i < knots; ++i) {
            from.push_back(2 * pi * (i + 0.3) / knots - 5.0);  // anywhere, not wrapped
            to.push_back(from.back() + move(from.back()));
        }
        return circle_ends(from, to);
    };
    for (const int k : {1, 2, 3}) {
        const CircleEnds found = ends([k](double x) { return -0.1 * std::sin(k * x); });
        EXPECT_EQ(found.points, k);
        EXPECT_EQ(found.wandering, 0.0);
    }
    const CircleEnds turning = ends([](double) { return 0.1; });
    EXPECT_EQ(turning.points, 0);
    EXPECT_NEAR(turning.wandering, 1.0, 1e-12);
    // Adler: locked where the pull is stronger than the detuning.
    EXPECT_EQ(ends([](double x) { return 0.05 - 0.1 * std::sin(x); }).points, 1);
    EXPECT_NEAR(ends([](double x) { return 0.1 - 0.05 * std::sin(x); }).wandering, 1.0, 1e-12);
    EXPECT_EQ(ends([](double) { return 0.0; }).points, knots);  // a continuum: all of them
}

// With N = 64 the cosine ring sees the 63rd harmonic of its bump alone as a bias: nothing. It holds
// every heading to rounding, and follows v up to third order: the amplitude settles to second order
// in v (dm/dt above), with a coefficient below 1, and Euler steps add v^2 dt.
TEST(HeadDirection, TheUnperturbedRingHoldsAndFollows) {
    const HeadingNetwork ring = ring_attractor(64, 12, 0.1);
    const HeadingRun held = run_headings(ring, ring.weights, 2000, {}, {});
    EXPECT_LT(largest_error(held, 0.0), 1e-9);
    for (int i = 0; i < 12; ++i) {
        EXPECT_NEAR(std::remainder(held.headings(0, i) - 2 * pi * i / 12, 2 * pi), 0.0, 1e-9);
    }
    const HeadDirectionOptions options = options_of(50.0);
    const std::vector<double> velocity = followed_velocity(options, 0);
    double turned = 0.0;
    double bound = 0.0;
    double path = 0.0;
    for (const double v : velocity) {
        turned += 0.1 * v;
        bound += 0.1 * std::abs(v * v * v);
        path += 0.1 * std::abs(v);
    }
    const HeadingRun moved = run_headings(ring, ring.weights, 500, velocity, {});
    EXPECT_LT(largest_error(moved, turned), bound);
    EXPECT_GT(path, 1.0);  // it did go somewhere
    EXPECT_LT(bound, 0.02);
}

// The oscillators hold a heading up to the wobble w that their cycle, not being round, gives the
// readout, and follow v up to what is left of their frequency's curvature: |omega(v) - omega(0) -
// v|, measured here with constant velocities, times the time.
TEST(HeadDirection, TheUnperturbedOscillatorsHoldAndFollow) {
    const HeadingNetwork pair = two_oscillators(1, 12, 0.1);
    EXPECT_GT(pair.frequency, 0.5);
    const HeadingRun held = run_headings(pair, pair.weights, 2000, {}, {});
    double wobble = 0.0;
    for (Eigen::Index sample = 0; sample < held.headings.rows(); ++sample) {
        wobble = std::max(
            wobble, (held.headings.row(sample) - held.headings.row(0)).array().abs().maxCoeff());
    }
    EXPECT_LT(wobble, 0.2);
    // No drift: the mean over the last 100 tau is that over the first, up to a wobble that ten
    // cycles average out to a tenth.
    const Eigen::VectorXd early = held.headings.topRows(100).colwise().mean();
    const Eigen::VectorXd late = held.headings.bottomRows(100).colwise().mean();
    EXPECT_LT((early - late).cwiseAbs().maxCoeff(), 0.1 * wobble + 1e-3);

    double curvature = 0.0;  // of the velocities met on the way
    for (const double v : {-0.1, -0.05, 0.05, 0.1}) {
        const std::vector<double> constant(4000, v);
        const HeadingRun turning = run_headings(pair, pair.weights, 4000, constant, {});
        curvature = std::max(curvature, (largest_error(turning, 400.0 * v) - wobble) / 400.0);
    }
    EXPECT_LT(curvature, 0.01);
    const HeadDirectionOptions options = options_of(50.0);
    for (const int seed : {0, 1, 2}) {
        const std::vector<double> velocity = followed_velocity(options, seed);
        const double turned = 0.1 * std::accumulate(velocity.begin(), velocity.end(), 0.0);
        const HeadingRun moved = run_headings(pair, pair.weights, 500, velocity, {});
        EXPECT_LT(largest_error(moved, turned), 2.0 * wobble + 50.0 * curvature);
    }
}

// A ring of perturbed weights ends in few points: as many as its return map says, found by waiting.
TEST(HeadDirection, APerturbedRingEndsInFewPoints) {
    constexpr int headings = 24;
    const HeadingNetwork ring = ring_attractor(32, headings, 0.1);
    for (const int seed : {0, 1, 2}) {
        const Eigen::MatrixXd weights =
            perturbed(ring.weights, WeightNoise::on_weights, 0.2, heading_key, seed);
        const HeadingRun run = run_headings(ring, weights, 10'000, {}, {});
        const Eigen::Index last = run.headings.rows() - 1;
        // Headings that began near an unstable point may still be on their way.
        std::vector<double> points;
        int resting = 0;
        for (Eigen::Index i = 0; i < headings; ++i) {
            const double x = run.headings(last, i);
            if (std::abs(x - run.headings(last - 100, i)) > 1e-3) {
                continue;
            }
            ++resting;
            if (std::none_of(points.begin(), points.end(), [x](double other) {
                    return std::abs(std::remainder(x - other, 2 * pi)) < 0.05;
                })) {
                points.push_back(x);
            }
        }
        EXPECT_GE(resting, headings - 4);
        // The network is odd, so that points come in pairs: two or four.
        EXPECT_LE(points.size(), 4u);
        std::vector<double> from;
        std::vector<double> to;
        for (Eigen::Index i = 0; i < headings; ++i) {
            from.push_back(run.headings(100, i));
            to.push_back(run.headings(200, i));
        }
        EXPECT_EQ(circle_ends(from, to).points, static_cast<int>(points.size()));
    }
}

// Perturbed oscillators drift steadily: all headings alike, so that order and distances stay.
TEST(HeadDirection, PerturbedOscillatorsKeepEveryHeading) {
    const HeadingNetwork pair = two_oscillators(1, 12, 0.1);
    int drifting = 0;
    for (const int seed : {0, 1, 2}) {
        const Eigen::MatrixXd weights =
            perturbed(pair.weights, WeightNoise::on_weights, 0.03, heading_key, seed);
        const HeadingRun run = run_headings(pair, weights, 2000, {}, {});
        const Eigen::RowVectorXd first = run.headings.row(100) - run.headings.row(0);
        const Eigen::RowVectorXd second = run.headings.row(200) - run.headings.row(100);
        // Twice the wobble of the readout, 0.2 rad at most, is what may come and go.
        EXPECT_LT((first - second).cwiseAbs().maxCoeff(), 0.4);
        EXPECT_LT(second.maxCoeff() - second.minCoeff(), 0.4);
        drifting += std::abs(second.mean()) > 1.0 ? 1 : 0;
        for (Eigen::Index i = 1; i < 12; ++i) {
            EXPECT_GT(run.headings(200, i), run.headings(200, i - 1));
        }
    }
    EXPECT_GE(drifting, 2);  // how fast depends on the draw: 3 % of 0.66 in each frequency
}

TEST(HeadDirection, TheComparisonSaysWhatHappens) {
    HeadDirectionOptions options = options_of(10.0);
    options.ring_units = 24;
    options.headings = 12;
    options.seeds = 3;
    options.hold = 100.0;
    options.state_noise = {0.02, 0.1};
    options.weight_noise = {0.02, 0.1};
    const HeadDirectionResult result = run_head_direction(options);
    ASSERT_EQ(result.curves.size(), 12u);  // 2 networks, 3 kinds, 2 sizes
    EXPECT_LT(result.ring_error, 0.01);
    for (std::size_t i = 0; i < result.curves.size(); i += 2) {
        const HeadingCurve& small = result.curves[i];
        const HeadingCurve& large = result.curves[i + 1];
        EXPECT_EQ(small.error.size(), 101u);
        EXPECT_EQ(small.error.front(), 0.0);
        EXPECT_LE(small.error_low.back(), small.error.back());
        EXPECT_GE(small.error_high.back(), small.error.back());
        if (small.perturbation == HeadingPerturbation::weights) {
            EXPECT_GT(large.drift.mean, small.drift.mean);
            const bool ring = small.network == HeadingCode::ring;
            // A ring may be pushed all the way around, but not usually.
            EXPECT_LT(large.wandering.mean, ring ? 0.5 : 1.1);
            EXPECT_GT(large.wandering.mean, ring ? -0.1 : 0.9);
            EXPECT_LE(large.end_states.mean, ring ? 4.0 : 0.0);
            EXPECT_GE(large.end_states.mean, ring ? 1.0 : 0.0);
        }
    }
    options.threads = 2;
    const HeadDirectionResult again = run_head_direction(options);
    for (std::size_t i = 0; i < result.curves.size(); ++i) {
        EXPECT_EQ(result.curves[i].error, again.curves[i].error);
        EXPECT_EQ(result.curves[i].end_states.mean, again.curves[i].end_states.mean);
    }
}

}  // namespace
}  // namespace shoal
