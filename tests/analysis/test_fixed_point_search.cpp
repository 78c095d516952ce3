// SPDX-License-Identifier: MIT
// Searches whose answers are known: in closed form, by symmetry, or by subdivision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "analysis/search/completeness.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/search_starts.hpp"
#include "brute_force_roots.hpp"
#include "found_points.hpp"
#include "model/locking_curve.hpp"
#include "search_campaign.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr RandomKey key{7, 3};

/// What starts find, and what is known of the rest from them alone (all_roots.hpp has its own
/// tests).
SearchOptions starts_alone() {
    SearchOptions options;
    options.exhaustive = false;
    return options;
}

SearchResult search(const Dynamics& dynamics, int starts = 64,
                    const SearchOptions& options = starts_alone()) {
    return search_fixed_points(dynamics, random_starts(dynamics, starts, key), options);
}

Dynamics one_unit(double w, double c, Cell cell = Cell::current) {
    return {cell, 1.0, 0.1, MatrixXd::Constant(1, 1, w), VectorXd::Constant(1, c)};
}

Dynamics rotation(double alpha, double theta, Cell cell, double dt) {
    return Dynamics(network_of(2, rotations(alpha, {theta}), cell, dt));
}

// A contraction has one root.
TEST(FixedPointSearch, FindsAndProvesTheOnlyRootOfAContraction) {
    for (const Cell cell : all_values<Cell>) {
        NetworkModel model = network_of(30, normals(900, 0.5 / std::sqrt(30.0), 400), cell);
        model.bias = normals(30, 0.3, 401);
        const SearchResult result = search(Dynamics(model));

        ASSERT_EQ(result.points.size(), 1u);
        const FoundPoint& point = result.points[0];
        EXPECT_EQ(point.label, PointLabel::proved);
        EXPECT_TRUE(point.unstable_proved);
        EXPECT_EQ(point.unstable, 0);
        EXPECT_EQ(point.index, 1);
        EXPECT_EQ(point.hits, 64);
        EXPECT_EQ(result.summary.index_sum, 1);
        EXPECT_EQ(result.summary.coverage, 1.0);
        EXPECT_EQ(result.summary.limits, "");
        EXPECT_GT(result.summary.stopped_early, 32);
        EXPECT_EQ(result.summary.stopped_early + result.summary.refined, 64);
    }
}

TEST(FixedPointSearch, FindsThePitchforkOfOneUnit) {
    for (const Cell cell : all_values<Cell>) {
        EXPECT_EQ(search(one_unit(0.9, 0.0, cell)).points.size(), 1u);

        const double w = 1.7;
        // Starts on one side: the other side follows by symmetry, and the origin because the
        // indices of these two sum to 2.
        const double x = pitchfork(w);
        const double root = cell == Cell::current ? x : std::tanh(x);
        const Dynamics dynamics = one_unit(w, 0.0, cell);
        const MatrixXd outside = MatrixXd::Constant(1, 4, 0.9);
        const SearchResult result = search_fixed_points(dynamics, outside, starts_alone());
        ASSERT_EQ(result.points.size(), 3u);
        EXPECT_EQ(result.points[2].hits, 0);
        EXPECT_EQ(result.summary.index_sum, 1);

        SearchOptions no_more = starts_alone();
        no_more.repelled_starts = 0;
        const SearchResult incomplete = search_fixed_points(dynamics, outside, no_more);
        ASSERT_EQ(incomplete.points.size(), 2u);
        EXPECT_EQ(incomplete.summary.index_sum, 2);
        EXPECT_NE(incomplete.summary.completeness.find("Incomplete"), std::string::npos);
        EXPECT_NE(incomplete.summary.limits.find("missing"), std::string::npos);

        const SearchResult whole = search(one_unit(w, 0.0, cell));
        ASSERT_EQ(whole.points.size(), 3u);
        EXPECT_EQ(whole.summary.proved, 3);
        EXPECT_EQ(whole.summary.index_sum, 1);
        for (const FoundPoint& point : whole.points) {
            const double state = point.state[0];
            const double expected = std::abs(state) < 0.1 ? 0.0 : std::copysign(root, state);
            // pitchfork() is right to a few ulp over 1 - w tanh'(x) = 0.5.
            EXPECT_LE(std::abs(state - expected), point.proved_radius + 1e-15);
            EXPECT_EQ(point.index, expected == 0.0 ? -1 : 1);
            EXPECT_EQ(point.unstable, expected == 0.0 ? 1 : 0);
            const double slope =
                -1.0 + w * (1.0 - std::pow(std::tanh(expected == 0.0 ? 0.0 : x), 2));
            EXPECT_NEAR(point.eigenvalues[0], slope, 1e-13);
        }
    }
}

// Inside |theta| < L(alpha): the origin, four nodes, four saddles; outside the origin alone. The
// same for flow and map, since roots are.
TEST(FixedPointSearch, CountsTheRootsOfARotationOnBothSidesOfTheSaddleNode) {
    for (const double alpha : {1.3, 2.0, 4.0}) {
        const double locked = locking_angle(alpha);
        for (const Cell cell : all_values<Cell>) {
            for (const double dt : {0.1, 1.0}) {
                const SearchResult outside = search(rotation(alpha, 1.02 * locked, cell, dt), 128);
                const SearchResult inside = search(rotation(alpha, 0.98 * locked, cell, dt), 128);

                EXPECT_EQ(outside.summary.roots, 1);
                EXPECT_EQ(outside.summary.proved, 1);
                EXPECT_EQ(outside.points[0].index, 1);  // 1 - 2 alpha cos(theta) + alpha^2 > 0
                ASSERT_EQ(inside.summary.roots, 9) << alpha;
                EXPECT_EQ(inside.summary.proved, 9);
                EXPECT_EQ(inside.summary.index_sum, 1);
                EXPECT_EQ(count_unstable(inside, 1), 4);
                EXPECT_EQ(count_unstable(inside, 0), 4);
                EXPECT_EQ(count_unstable(inside, 2), 1);
                EXPECT_TRUE(inside.summary.odd);
            }
        }
    }
}

// Just past the saddle-node slow points stand where the pairs were.
TEST(FixedPointSearch, FindsTheGhostOfASaddleNodeWithItsSpeed) {
    const double w = 2.0;
    const double x_s = std::acosh(std::sqrt(w));
    const double c_s = x_s - w * std::tanh(x_s);
    const double speed = 0.01;
    const SearchResult result =
        search_fixed_points(one_unit(w, c_s - speed), MatrixXd::Constant(1, 3, x_s + 0.2));

    const auto slow =
        std::find_if(result.points.begin(), result.points.end(),
                     [](const auto& point) { return point.label == PointLabel::slow; });
    ASSERT_NE(slow, result.points.end());
    // |F| is least where F' = 0: at x_s, where F = c - c_s.
    EXPECT_NEAR(slow->speed, speed, 1e-12);
    EXPECT_NEAR(slow->state[0], x_s, 1e-5);  // q - q_min >= 1e-10 q moves x by sqrt(1e-10) at most
    EXPECT_EQ(result.summary.slow_points, 1);
    EXPECT_EQ(slow->proved_radius, -1.0);

    // The rate cell's least speed is another one: F' = 0 where w (1 - tanh(w h + c)^2) = 1, too, at
    // w h + c = x_s, F = tanh(x_s) - h.
    const SearchResult rates =
        search_fixed_points(one_unit(w, c_s - speed, Cell::rate), MatrixXd::Constant(1, 3, 0.75));
    ASSERT_EQ(rates.summary.slow_points, 1);
    EXPECT_NEAR(rates.points.back().speed, speed / w, 1e-12);

    SearchOptions strict;
    strict.slow_speed = 0.5 * speed;
    const SearchResult none =
        search_fixed_points(one_unit(w, c_s - speed), MatrixXd::Constant(1, 3, x_s + 0.2), strict);
    EXPECT_EQ(none.summary.slow_points, 0);
    EXPECT_EQ(none.summary.ended_nowhere, 3);
    EXPECT_NE(none.summary.limits.find("too fast"), std::string::npos);
}

// W = g / N sum of p p' over orthogonal patterns p of +-1: x = a p with a = g tanh(a).
TEST(FixedPointSearch, FindsTheMemoriesOfAHopfieldNetwork) {
    const Eigen::Index n = 64;
    const double g = 2.0;
    MatrixXd patterns(n, 3);
    for (Eigen::Index i = 0; i < n; ++i) {
        patterns.row(i) << (i % 2 == 0 ? 1 : -1), (i / 2 % 2 == 0 ? 1 : -1),
            (i / 4 % 2 == 0 ? 1 : -1);
    }
    const Dynamics dynamics(Cell::current, 1.0, 0.1,
                            g / static_cast<double>(n) * patterns * patterns.transpose(),
                            VectorXd::Zero(n));
    const SearchResult result = search_fixed_points(dynamics, noisy_copies(patterns, 20, 0.5, key));

    const double a = pitchfork(g);
    for (Eigen::Index k = 0; k < 3; ++k) {
        for (const double sign : {1.0, -1.0}) {
            const VectorXd memory = sign * a * patterns.col(k);
            const bool found = std::any_of(
                result.points.begin(), result.points.end(), [&](const FoundPoint& point) {
                    return point.label == PointLabel::proved && point.unstable_proved &&
                           point.unstable == 0 &&
                           (state_of(point) - memory).lpNorm<Eigen::Infinity>() < 1e-13;
                });
            EXPECT_TRUE(found) << k << " " << sign;
        }
    }
    EXPECT_TRUE(result.summary.odd);
}

const std::vector<SearchStarts> no_starts;

/// With starts that the search draws itself.
SearchOptions drawn(int starts) {
    SearchOptions options = starts_alone();
    options.drawn = starts;
    options.key = key;
    return options;
}

// W = g m m' / m'm on each half of the units: x = k m, k = g m' tanh(k m) / m'm has three roots for
// g > 1, and the halves do not see each other. Random starts of many units have next to nothing
// along m, and all end at the origin.
TEST(FixedPointSearch, FindsTheRootsOfLowRankNetworks) {
    for (const Cell cell : all_values<Cell>) {
        for (const Eigen::Index n : {32, 64, 256}) {
            MatrixXd w = MatrixXd::Zero(n, n);
            for (const Eigen::Index first : {Eigen::Index{0}, n / 2}) {
                const auto values = normals(static_cast<std::size_t>(n / 2), 1.0, 500);
                const Eigen::Map<const VectorXd> m(values.data(), n / 2);
                w.block(first, first, n / 2, n / 2) = 2.0 * m * m.transpose() / m.squaredNorm();
            }
            const Dynamics dynamics(cell, 1.0, 0.1, w, VectorXd::Zero(n));
            const SearchResult result = search_fixed_points(dynamics, no_starts, drawn(256));
            EXPECT_EQ(result.summary.proved, 9) << n;
            EXPECT_EQ(std::count_if(result.points.begin(), result.points.end(),
                                    [](const FoundPoint& point) { return point.unstable == 0; }),
                      4);
            EXPECT_TRUE(result.summary.completeness.starts_with("No sign of a missing root"))
                << result.summary.completeness;
            ASSERT_EQ(result.summary.kinds.size(), 2u);
            // As many again: 128 are too few to say that a further one ends at a known root.
            EXPECT_EQ(result.summary.kinds[0].starts, 256);

            // Random starts alone prove nothing to themselves.
            const SearchResult random =
                search_fixed_points(dynamics, random_starts(dynamics, 256, key));
            EXPECT_FALSE(random.summary.completeness.starts_with("No sign"));
        }
    }
}

// The rank-one network of two populations whose origin and two far points are stable, with a saddle
// between: roots x = k m of k = n' tanh(k m) / N, five of them.
TEST(FixedPointSearch, FindsStablePointsFarFromAStableOrigin) {
    const Eigen::Index n = 128;
    VectorXd m(n);
    VectorXd readout(n);
    for (Eigen::Index i = 0; i < n; ++i) {
        const double sign = i % 3 == 0 ? 1.0 : -1.0;
        m[i] = sign * (i < n / 2 ? 0.6 : 1.5);
        readout[i] = sign * (i < n / 2 ? 16.0 : -7.2);
    }
    const Dynamics dynamics(Cell::current, 1.0, 0.1,
                            m * readout.transpose() / static_cast<double>(n), VectorXd::Zero(n));
    const SearchResult result = search_fixed_points(dynamics, no_starts, drawn(256));
    EXPECT_EQ(result.summary.proved, 5);
    EXPECT_EQ(result.summary.index_sum, 1);
}

// As many again are drawn where too many roots were hit once: 3^3 roots of three bistable units.
TEST(FixedPointSearch, DrawsMoreStartsWhereTheySayThatRootsAreMissing) {
    const Dynamics dynamics(Cell::current, 1.0, 0.1, 1.8 * MatrixXd::Identity(3, 3),
                            VectorXd::Constant(3, 0.05));
    const SearchResult few = search_fixed_points(dynamics, no_starts, drawn(16));
    EXPECT_EQ(few.summary.starts, 64) << few.summary.completeness;
    EXPECT_LT(few.summary.proved, 27);
    EXPECT_EQ(few.summary.status, SearchStatus::unknown) << few.summary.completeness;
    EXPECT_TRUE(few.summary.limits.starts_with("64 starts were drawn, the most of this effort"))
        << few.summary.limits;

    // The same bound, raised.
    SearchOptions more = drawn(16);
    more.effort = 64;
    const SearchResult all = search_fixed_points(dynamics, no_starts, more);
    EXPECT_EQ(all.summary.proved, 27);
    EXPECT_EQ(all.summary.status, SearchStatus::no_sign) << all.summary.completeness;
    EXPECT_EQ(all.summary.limits, "");
}

TEST(FixedPointSearch, ADegenerateRootIsOnePointAndNotProved) {
    const SearchResult result = search(one_unit(1.0, 0.0), 32);

    ASSERT_GE(result.summary.roots, 1);
    EXPECT_EQ(result.summary.proved, 0);
    EXPECT_EQ(result.summary.continua, 0);
    for (const FoundPoint& point : result.points) {
        // x - tanh(x) = x^3 / 3 is below rounding up to about 1e-5 x.
        EXPECT_LT(std::abs(point.state[0]), 0.02);
        EXPECT_NE(point.label, PointLabel::proved);
    }
    EXPECT_NE(result.summary.completeness.find("says nothing"), std::string::npos);
}

// Not symmetric, both triangles different: the roots solve the equation written out with plain
// loops, those of the transposed matrix do not.
TEST(FixedPointSearch, RootsSolveTheEquationOfTheMatrixAndNotOfItsTranspose) {
    const std::vector<double> w = {1.6, -1.1, 0.4, 1.3, 0.7, -0.9, -0.2, 1.5, 1.2};
    const std::vector<double> c = {0.1, -0.2, 0.05};
    NetworkModel model = network_of(3, w, Cell::current);
    model.bias = c;
    const Dynamics dynamics(model);
    const BruteForce truth = brute_force_roots(dynamics);
    const SearchResult result = search(dynamics, 128);

    ASSERT_TRUE(truth.complete);
    ASSERT_EQ(result.points.size(), truth.roots.size());
    EXPECT_EQ(result.summary.index_sum, 1);
    for (const FoundPoint& point : result.points) {
        double off = 0.0;
        double transposed_off = 0.0;
        for (std::size_t to = 0; to < 3; ++to) {
            double a = c[to] - point.state[to];
            double b = a;
            for (std::size_t from = 0; from < 3; ++from) {
                a += w[3 * to + from] * std::tanh(point.state[from]);
                b += w[3 * from + to] * std::tanh(point.state[from]);
            }
            off = std::max(off, std::abs(a));
            transposed_off = std::max(transposed_off, std::abs(b));
        }
        EXPECT_LT(off, 1e-14);
        EXPECT_GT(transposed_off, 1e-3);
    }
}

TEST(FixedPointSearch, AnEigenvalueBelowMinusOneIsStableForTheFlowAlone) {
    const MatrixXd weights = Eigen::Vector2d(-2.5, 0.3).asDiagonal();
    for (const double dt : {0.1, 1.0}) {
        const Dynamics dynamics(Cell::current, 1.0, dt, weights, VectorXd::Zero(2));
        const SearchResult result = search(dynamics, 16);
        ASSERT_EQ(result.points.size(), 1u);
        const FoundPoint& point = result.points[0];
        EXPECT_TRUE(point.unstable_proved);
        EXPECT_EQ(point.unstable, dt == 1.0 ? 1 : 0);
        // The map's -2.5 leads by modulus, the flow's 0.3 - 1 by real part.
        EXPECT_NEAR(point.eigenvalues[0], dt == 1.0 ? -2.5 : -0.7, 1e-14);
    }
}

TEST(FixedPointSearch, EarlyStopsChangeNoAnswer) {
    const Dynamics dynamics(network_of(40, normals(1600, 1.4 / std::sqrt(40.0), 410), Cell::rate));
    SearchOptions whole;
    whole.early_stop = EarlyStop::never;
    const SearchResult early = search(dynamics, 96);
    const SearchResult refined = search(dynamics, 96, whole);

    EXPECT_EQ(early.ends, refined.ends);
    EXPECT_GT(early.summary.stopped_early, 0);
    EXPECT_EQ(refined.summary.stopped_early, 0);
    EXPECT_EQ(refined.summary.refined + refined.summary.ended_nowhere, 96);
    EXPECT_EQ(early.points.size(), refined.points.size());
    for (const FoundPoint& point : early.points) {
        EXPECT_EQ(point.label == PointLabel::proved, point.proved_radius > 0.0);
    }
}

TEST(FixedPointSearch, BadNumbersEndNowhere) {
    MatrixXd starts = MatrixXd::Zero(1, 3);
    starts(0, 1) = std::nan("");
    starts(0, 2) = std::numeric_limits<double>::infinity();
    const SearchResult result = search_fixed_points(one_unit(0.5, 0.0), starts);
    EXPECT_EQ(result.ends, (std::vector<int>{0, -1, -1}));
    EXPECT_EQ(result.summary.ended_nowhere, 2);

    const SearchResult broken =
        search_fixed_points(one_unit(std::nan(""), 0.0), MatrixXd::Zero(1, 2));
    EXPECT_TRUE(broken.points.empty());
    EXPECT_EQ(broken.summary.ended_nowhere, 2);
    EXPECT_EQ(search_fixed_points(one_unit(0.5, 0.0), MatrixXd(1, 0)).summary.starts, 0);
}

// The written-out formulae at counts small enough to do by hand.
TEST(Recapture, IsTheBiasCorrectedChao1) {
    const Recapture none = recapture({});
    EXPECT_EQ(none.coverage, 0.0);
    // n = 10, f1 = 3, f2 = 1: 9/10 3 2 / (2 2) = 1.35; coverage 1 - 3/10.
    const Recapture some = recapture({5, 1, 1, 2, 1});
    EXPECT_NEAR(some.missed, 1.35, 1e-15);
    EXPECT_NEAR(some.coverage, 0.7, 1e-15);
    EXPECT_LT(some.low, some.missed);
    EXPECT_GT(some.high, some.missed);
    EXPECT_NEAR(some.low * some.high, 1.35 * 1.35, 1e-12);  // symmetric in the logarithm
    // One of them was found otherwise.
    EXPECT_NEAR(recapture({5, 1, 1, 2, 1, 0}).missed, 0.35, 1e-15);
    const Recapture all = recapture({50, 50});
    EXPECT_EQ(all.missed, 0.0);
    EXPECT_EQ(all.coverage, 1.0);
    EXPECT_NEAR(all.coverage_low, 0.97, 1e-15);
}

// Slices of tools/bench/fixed_points_campaign.
TEST(Campaign, SmallNetworksAgainstSubdivision) {
    CampaignCount count;
    for (std::uint32_t network = 0; network < 24; ++network) {
        run_small_network(network, 128, count);
    }
    EXPECT_EQ(count.wrong_proofs, 0);
    EXPECT_EQ(count.wrong_counts, 0);
    EXPECT_EQ(count.missed, 0);
    EXPECT_LE(count.undecided, 2);
    EXPECT_GT(count.known_roots, 40);
}

TEST(Campaign, PlantedRoots) {
    CampaignCount count;
    for (std::uint32_t network = 0; network < 12; ++network) {
        run_planted_network(network, 32, count);
    }
    EXPECT_EQ(count.wrong_proofs, 0);
    EXPECT_EQ(count.wrong_counts, 0);
    EXPECT_EQ(count.missed, 0);
    EXPECT_EQ(count.known_roots, 36);
}

}  // namespace
}  // namespace shoal
