// SPDX-License-Identifier: MIT
// Random networks whose roots are known, and what a search makes of them. A slice of it is a test,
// the whole is tools/bench/fixed_points_campaign.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/search/all_roots.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "analysis/search/search_starts.hpp"
#include "brute_force_roots.hpp"
#include "core/random.hpp"

namespace shoal::test {

struct CampaignCount {
    int networks = 0;
    int undecided = 0;  ///< brute force did not finish: nothing is known
    int known_roots = 0;
    int missed = 0;        ///< known roots that the search did not report
    int wrong_proofs = 0;  ///< proved points that are no root, or boxes that overlap another root
    int wrong_counts = 0;  ///< proved unstable directions or indices that are wrong
    int unproved = 0;      ///< known roots that were found and not proved
    int claimed_complete = 0;  ///< index sum 1 while a root was missed
    int complete = 0;          ///< networks of which no known root was missed
    int proved_complete = 0;   ///< status proved
    int no_sign = 0;           ///< status no_sign
    int wrong_status = 0;      ///< proved or no_sign while a root was missed
};

inline double campaign_normal(std::uint32_t network, std::uint32_t stream, std::uint32_t index) {
    return standard_normal(random_bits({20, network}, Purpose::test, 1, stream, index));
}

/// N = 2..4, either cell, flow or map, gains up to 4 per sqrt(N), half of them with a drive.
inline Dynamics small_random_network(std::uint32_t network) {
    const auto units = static_cast<Eigen::Index>(2 + network % 3);
    const Cell cell = network / 3 % 2 == 0 ? Cell::current : Cell::rate;
    const double dt = network / 6 % 2 == 0 ? 0.1 : 1.0;
    const double gain = 0.5 + 3.5 * uniform01(random_bits({20, network}, Purpose::test, 0, 0, 0));
    const double drive = network / 12 % 2 == 0 ? 0.0 : 0.5;
    Eigen::MatrixXd weights(units, units);
    Eigen::VectorXd c(units);
    for (Eigen::Index i = 0; i < units; ++i) {
        for (Eigen::Index j = 0; j < units; ++j) {
            weights(i, j) = gain / std::sqrt(static_cast<double>(units)) *
                            campaign_normal(network, 1, static_cast<std::uint32_t>(units * i + j));
        }
        c[i] = drive * campaign_normal(network, 2, static_cast<std::uint32_t>(i));
    }
    return {cell, 1.0, dt, weights, c};
}

struct PlantedNetwork {
    Dynamics dynamics;
    Eigen::MatrixXd roots;  ///< [unit, root], as x of G, to within rounding
};

/// N = 10..50: a random matrix, changed by the least that makes three random states roots,
/// W <- W + (X - c - W R) (R' R)^-1 R', R = tanh(X).
inline PlantedNetwork planted_network(std::uint32_t network) {
    const auto units = static_cast<Eigen::Index>(10 + network % 41);
    constexpr Eigen::Index planted = 3;
    Eigen::MatrixXd weights(units, units);
    Eigen::MatrixXd x(units, planted);
    Eigen::VectorXd c(units);
    for (Eigen::Index i = 0; i < units; ++i) {
        for (Eigen::Index j = 0; j < units; ++j) {
            weights(i, j) = 0.9 / std::sqrt(static_cast<double>(units)) *
                            campaign_normal(network, 3, static_cast<std::uint32_t>(units * i + j));
        }
        for (Eigen::Index j = 0; j < planted; ++j) {
            x(i, j) = campaign_normal(network, 4, static_cast<std::uint32_t>(planted * i + j));
        }
        c[i] = 0.3 * campaign_normal(network, 5, static_cast<std::uint32_t>(i));
    }
    const Eigen::MatrixXd r = x.array().tanh();
    const Eigen::MatrixXd wanted = x.colwise() - c;
    const Eigen::MatrixXd inverse = (r.transpose() * r).inverse();
    weights += (wanted - weights * r) * inverse * r.transpose();
    const Cell cell = network % 2 == 0 ? Cell::current : Cell::rate;
    return {{cell, 1.0, network % 4 < 2 ? 0.1 : 1.0, weights, c}, x};
}

/// Compares a search with the roots (x of G) that are known; `all`: there are no others.
inline void compare(const Dynamics& dynamics, const std::vector<Eigen::VectorXd>& known, bool all,
                    const SearchResult& result, CampaignCount& count) {
    const ZeroForm form(dynamics);
    int missed = 0;
    const auto near = [&](const FoundPoint& point, const Eigen::VectorXd& root) {
        const Eigen::Map<const Eigen::VectorXd> state(point.state.data(), root.size());
        return (state - form.to_state(root)).lpNorm<Eigen::Infinity>();
    };
    // Known roots are themselves off by their rounding.
    constexpr double known_error = 1e-9;
    for (const Eigen::VectorXd& root : known) {
        const auto at = std::min_element(result.points.begin(), result.points.end(),
                                         [&](const FoundPoint& a, const FoundPoint& b) {
                                             return near(a, root) < near(b, root);
                                         });
        if (at == result.points.end() || near(*at, root) > 1e-6) {
            ++missed;
            continue;
        }
        count.unproved += at->label == PointLabel::proved ? 0 : 1;
    }
    for (const FoundPoint& point : result.points) {
        if (point.label != PointLabel::proved) {
            continue;
        }
        int within = 0;
        int inside_unique = 0;
        for (const Eigen::VectorXd& root : known) {
            within += near(point, root) <= point.proved_radius + known_error ? 1 : 0;
            inside_unique += near(point, root) < point.unique_radius - known_error ? 1 : 0;
        }
        count.wrong_proofs += (all && within != 1) || inside_unique > 1 ? 1 : 0;
        // Determinant and eigenvalues by another route.
        const Eigen::Map<const Eigen::VectorXd> state(point.state.data(), dynamics.units());
        const double determinant =
            (-form.jacobian(form.from_state(state))).partialPivLu().determinant();
        const bool index_wrong = point.index != 0 && (determinant > 0.0 ? 1 : -1) != point.index;
        count.wrong_counts += index_wrong ? 1 : 0;
        if (point.unstable_proved && !dynamics.is_map()) {
            // det(-DF) is the product of -lambda: its sign is that of the number of positive ones.
            count.wrong_counts +=
                point.index != 0 && (point.unstable % 2 == 0 ? 1 : -1) != point.index;
        }
    }
    count.known_roots += static_cast<int>(known.size());
    count.missed += missed;
    count.claimed_complete += missed > 0 && result.summary.index_sum == 1 ? 1 : 0;
    const bool proved = result.summary.status == SearchStatus::proved;
    const bool no_sign = result.summary.status == SearchStatus::no_sign;
    count.complete += missed == 0 ? 1 : 0;
    count.proved_complete += proved ? 1 : 0;
    count.no_sign += no_sign ? 1 : 0;
    count.wrong_status += missed > 0 && (proved || no_sign) ? 1 : 0;
    ++count.networks;
}

/// W = M N' / N of rank 1 to 3, 32 to 512 units, either cell, half of them with a drive. N = M A
/// with a random A of overlaps, and noise; or, every other one, units in as many groups, each of
/// which sees itself alone and has two populations that compete, so that the origin may be stable
/// beside others.
inline Dynamics low_rank_network(std::uint32_t network) {
    const auto rank = static_cast<Eigen::Index>(1 + network % 3);
    const Eigen::Index units = Eigen::Index{32} << (network / 3 % 5);
    const Cell cell = network / 2 % 2 == 0 ? Cell::current : Cell::rate;
    const bool groups = network % 2 == 1;
    const auto uniform = [&](std::uint32_t index) {
        return uniform01(random_bits({20, network}, Purpose::test, 2, index, 0));
    };
    Eigen::MatrixXd left(units, rank);
    Eigen::MatrixXd right(units, rank);
    for (Eigen::Index i = 0; i < units; ++i) {
        for (Eigen::Index k = 0; k < rank; ++k) {
            const auto number = static_cast<std::uint32_t>(rank * i + k);
            left(i, k) = campaign_normal(network, 6, number);
            right(i, k) = groups ? 0.0 : campaign_normal(network, 7, number);
        }
    }
    if (groups) {
        left.setZero();
        for (Eigen::Index i = 0; i < units; ++i) {
            const Eigen::Index k = i % rank;
            const auto number = static_cast<std::uint32_t>(10 + k);
            const double sign =
                campaign_normal(network, 8, static_cast<std::uint32_t>(i)) < 0 ? -1 : 1;
            const bool first = i / rank % 2 == 0;
            left(i, k) = sign * (first ? 0.6 : 1.5);
            right(i, k) = sign * static_cast<double>(rank) *
                          (first ? 16.0 : -7.2 * (0.7 + 0.5 * uniform(number)));
        }
    } else {
        Eigen::MatrixXd overlaps = (1.0 + 3.0 * uniform(0)) * Eigen::MatrixXd::Identity(rank, rank);
        for (Eigen::Index k = 0; k < rank * rank; ++k) {
            overlaps(k / rank, k % rank) +=
                campaign_normal(network, 9, static_cast<std::uint32_t>(k));
        }
        right += left * overlaps;
    }
    Eigen::VectorXd drive = Eigen::VectorXd::Zero(units);
    for (Eigen::Index i = 0; i < units && uniform(1) < 0.5; ++i) {
        drive[i] = 0.1 * campaign_normal(network, 5, static_cast<std::uint32_t>(i));
    }
    return {cell, 1.0, 0.1, left * right.transpose() / static_cast<double>(units), drive};
}

/// What a user's search of a network finds, which draws its own starts, against roots that a
/// search without limits finds.
inline SearchOptions users_search(Eigen::Index units, std::uint32_t network) {
    SearchOptions options;
    options.drawn = usual_starts(units);
    options.key = {21, network};
    return options;
}

/// The roots that a proved exhaustion or, failing that, `starts` starts of each kind find, as x.
struct Truth {
    std::vector<Eigen::VectorXd> roots;
    bool all = false;  ///< proved
};
inline Truth truth_of(const Dynamics& dynamics, std::uint32_t network, int starts) {
    SearchOptions options;
    options.spectra = PointSpectra::none;
    options.key = {22, network};
    options.drawn = 2;
    const ZeroForm form(dynamics);
    if (!reduced_equation(form)) {
        options.drawn = 2 * starts;
    }
    const SearchResult result = search_fixed_points(dynamics, std::vector<SearchStarts>(), options);
    Truth truth;
    truth.all = result.summary.exhausted;
    for (const FoundPoint& point : result.points) {
        if (point.label == PointLabel::proved) {
            truth.roots.push_back(form.from_state(
                Eigen::Map<const Eigen::VectorXd>(point.state.data(), dynamics.units())));
        }
    }
    return truth;
}

/// A user's search against one with `starts` starts of each kind.
inline void run_network_without_truth(const Dynamics& dynamics, std::uint32_t network, int starts,
                                      CampaignCount& count) {
    const Truth truth = truth_of(dynamics, network, starts);
    compare(dynamics, truth.roots, truth.all,
            search_fixed_points(dynamics, std::vector<SearchStarts>(),
                                users_search(dynamics.units(), network)),
            count);
}

/// Starts alone against the exhaustion: what searches of networks that have no equation in few
/// unknowns can be trusted with.
inline void run_low_rank_network(std::uint32_t network, int, CampaignCount& count) {
    const Dynamics dynamics = low_rank_network(network);
    const Truth truth = truth_of(dynamics, network, 0);
    if (!truth.all) {
        ++count.networks;
        ++count.undecided;
        return;
    }
    SearchOptions options = users_search(dynamics.units(), network);
    options.exhaustive = false;
    compare(dynamics, truth.roots, true,
            search_fixed_points(dynamics, std::vector<SearchStarts>(), options), count);
}

inline void run_small_network(std::uint32_t network, int starts, CampaignCount& count) {
    const Dynamics dynamics = small_random_network(network);
    const BruteForce truth = brute_force_roots(dynamics);
    if (!truth.complete) {
        ++count.networks;
        ++count.undecided;
        return;
    }
    SearchOptions alone;
    alone.exhaustive = false;
    compare(dynamics, truth.roots, true,
            search_fixed_points(dynamics, random_starts(dynamics, starts, {20, network}), alone),
            count);
}

/// Starts: copies of the planted roots with N(0, 0.3^2) added, as from runs that pass by, and
/// random ones.
inline void run_planted_network(std::uint32_t network, int starts, CampaignCount& count) {
    const PlantedNetwork planted = planted_network(network);
    const ZeroForm form(planted.dynamics);
    Eigen::MatrixXd states(planted.roots.rows(), planted.roots.cols());
    std::vector<Eigen::VectorXd> known;
    for (Eigen::Index i = 0; i < states.cols(); ++i) {
        states.col(i) = form.to_state(planted.roots.col(i));
        known.emplace_back(planted.roots.col(i));
    }
    const Eigen::MatrixXd near = noisy_copies(states, 8, 0.3, {20, network});
    const Eigen::MatrixXd far = random_starts(planted.dynamics, starts, {20, network});
    Eigen::MatrixXd both(near.rows(), near.cols() + far.cols());
    both << near, far;
    compare(planted.dynamics, known, false, search_fixed_points(planted.dynamics, both), count);
}

}  // namespace shoal::test
