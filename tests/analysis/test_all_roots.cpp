// SPDX-License-Identifier: MIT
// Proofs that no root is missing.
#include <gtest/gtest.h>

#include <limits>

#include "analysis/search/all_roots.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "brute_force_roots.hpp"
#include "search_campaign.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// From the origin alone: what else is found comes from the boxes.
SearchResult search_boxes(const Dynamics& dynamics) {
    return search_fixed_points(dynamics, MatrixXd::Zero(dynamics.units(), 1));
}

/// Groups of units that do not see each other, W = g m m' / m'm on each: x = k m with
/// k = g m' tanh(k m) / m'm, three roots of each for g > 1.
MatrixXd bistable_groups(Index units, Index groups, double gain) {
    MatrixXd weights = MatrixXd::Zero(units, units);
    const Index size = units / groups;
    for (Index group = 0; group < groups; ++group) {
        const auto values =
            normals(static_cast<std::size_t>(size), 1.0, static_cast<std::uint32_t>(600 + group));
        const Eigen::Map<const VectorXd> m(values.data(), size);
        weights.block(group * size, group * size, size, size) =
            gain * m * m.transpose() / m.squaredNorm();
    }
    return weights;
}

Dynamics current_cells(const MatrixXd& weights, double drive = 0.0) {
    return {Cell::current, 1.0, 0.1, weights, VectorXd::Constant(weights.rows(), drive)};
}

TEST(AllRoots, OfNetworksOfUpToFourUnitsAreThoseOfASubdivision) {
    for (std::uint32_t network = 0; network < 120; ++network) {
        const Dynamics dynamics = small_random_network(network);
        const BruteForce truth = brute_force_roots(dynamics);
        if (!truth.complete) {
            continue;
        }
        const SearchResult found = search_boxes(dynamics);
        EXPECT_TRUE(found.summary.exhausted) << network;
        EXPECT_EQ(found.summary.proved, static_cast<int>(truth.roots.size())) << network;
        EXPECT_EQ(found.summary.unknowns, dynamics.units());
        EXPECT_EQ(found.summary.index_sum, 1);
        EXPECT_EQ(found.summary.status, SearchStatus::proved) << found.summary.completeness;
        EXPECT_TRUE(found.summary.completeness.starts_with("Complete, proved"));
    }
}

TEST(AllRoots, OfLowRankNetworksAreFoundAndProvedToBeAll) {
    for (const Cell cell : all_values<Cell>) {
        int expected = 3;
        for (Index rank = 1; rank <= 4; ++rank, expected *= 3) {
            const MatrixXd weights = bistable_groups(48, rank, 2.0);
            const SearchResult found =
                search_boxes({cell, 1.0, 0.1, weights, VectorXd::Zero(weights.rows())});
            EXPECT_EQ(found.summary.proved, expected);
            EXPECT_EQ(found.summary.roots, expected);
            EXPECT_EQ(found.summary.unknowns, rank);
            EXPECT_EQ(found.summary.status, SearchStatus::proved) << found.summary.completeness;
        }
    }
}

// Single precision leaves a matrix of full rank next to one of low rank: the remainder is bounded.
TEST(AllRoots, AreProvedThroughTheRoundingOfStoredWeights) {
    const MatrixXd stored = bistable_groups(64, 2, 2.0).cast<float>().cast<double>();
    const Dynamics dynamics = current_cells(stored, 0.01);
    const ZeroForm form(dynamics);
    const auto equation = reduced_equation(form);
    ASSERT_TRUE(equation.has_value());
    EXPECT_GT(equation->remainder.maxCoeff(), 1e-10);
    const SearchResult found = search_boxes(dynamics);
    EXPECT_EQ(found.summary.proved, 9);
    EXPECT_TRUE(found.summary.exhausted);
    // Every root is what the equation says of it: x - c - U V' r is within the remainder.
    for (const FoundPoint& point : found.points) {
        const VectorXd x = Eigen::Map<const VectorXd>(point.state.data(), form.units());
        const VectorXd a = equation->v.transpose() * form.rates(x);
        const VectorXd off = (x - form.drive() - equation->u * a).cwiseAbs();
        EXPECT_TRUE((off.array() <= equation->remainder.array() + 1e-13).all());
    }
}

TEST(AllRoots, NoEquationForMatricesOfHigherRank) {
    const auto equation_of = [](const MatrixXd& weights) {
        const Dynamics dynamics = current_cells(weights);
        return reduced_equation(ZeroForm(dynamics));
    };
    EXPECT_FALSE(equation_of(bistable_groups(50, 5, 2.0)).has_value());
    MatrixXd weights = bistable_groups(48, 4, 2.0);
    EXPECT_TRUE(equation_of(weights).has_value());
    weights(3, 40) += 1e-4;
    EXPECT_FALSE(equation_of(weights).has_value());
    weights(3, 40) = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(equation_of(weights).has_value());
    EXPECT_FALSE(equation_of(MatrixXd::Zero(8, 8)).has_value());
}

// The proof is no better than the roots that it is given: each that is withheld leaves a box.
TEST(AllRoots, AreNotProvedWhileOneIsUnknown) {
    const Dynamics dynamics = current_cells(bistable_groups(32, 2, 1.6), 0.02);
    const SearchedNetwork network(dynamics);
    const SearchResult found = search_boxes(dynamics);
    ASSERT_EQ(found.summary.proved, 9);
    const auto equation = reduced_equation(network.form);
    ASSERT_TRUE(equation.has_value());
    for (std::size_t withheld = 0; withheld <= found.points.size(); ++withheld) {
        RootSet roots(network);
        for (std::size_t i = 0; i < found.points.size(); ++i) {
            if (i != withheld) {
                const auto& state = found.points[i].state;
                roots.add(Eigen::Map<const VectorXd>(state.data(), dynamics.units()), 64);
            }
        }
        int asked = 0;
        const AllRoots all = find_all_roots(
            network.form, *equation, [&]() -> const std::vector<Root>& { return roots.roots(); },
            [&](const VectorXd& x) {
                ++asked;
                const auto& state = found.points.at(withheld).state;
                EXPECT_LT((x - Eigen::Map<const VectorXd>(state.data(), dynamics.units()))
                              .lpNorm<Eigen::Infinity>(),
                          2.0);
            },
            most_boxes(dynamics.units()));
        EXPECT_EQ(all.complete, withheld == found.points.size()) << withheld;
        EXPECT_EQ(asked > 0, withheld < found.points.size()) << withheld;
    }
}

// A zero that is not proved may be a root or none: nothing is complete beside it, not even where it
// lies in no box that is left.
TEST(AllRoots, AreNotProvedBesideAZeroThatIsNot) {
    const Dynamics dynamics = current_cells(bistable_groups(32, 2, 1.6), 0.02);
    const SearchedNetwork network(dynamics);
    const SearchResult found = search_boxes(dynamics);
    RootSet proved(network);
    for (const FoundPoint& point : found.points) {
        proved.add(Eigen::Map<const VectorXd>(point.state.data(), dynamics.units()), 64);
    }
    const auto is_complete = [&](const std::vector<Root>& roots) {
        return find_all_roots(
                   network.form, *reduced_equation(network.form),
                   [&]() -> const std::vector<Root>& { return roots; }, [](const VectorXd&) {},
                   most_boxes(dynamics.units()))
            .complete;
    };
    std::vector<Root> roots = proved.roots();
    EXPECT_TRUE(is_complete(roots));
    roots.push_back({VectorXd::Constant(dynamics.units(), 9.0), {}, {}, -1});
    EXPECT_FALSE(is_complete(roots));
}

// At the pitchfork no proof holds of the root itself.
TEST(AllRoots, AreNotProvedWhereARootIsDegenerate) {
    for (const Index units : {Index{1}, Index{32}}) {
        const SearchResult found = search_boxes(current_cells(bistable_groups(units, 1, 1.0)));
        EXPECT_FALSE(found.summary.exhausted);
        EXPECT_NE(found.summary.status, SearchStatus::proved) << found.summary.completeness;
    }
}

}  // namespace
}  // namespace shoal
