// SPDX-License-Identifier: MIT
// Networks with memories, and the starts that an analysis takes from their runs: what bench
// fixed-points and its peer (tools/bench/fixed_points_peer.cpp) search.
#pragma once

#include <cmath>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/search/search_starts.hpp"
#include "core/random.hpp"

namespace shoal {

/// Current cells as a flow, without drive, as trained networks are when left to themselves:
///   W = g J + (strength / N) sum over k <= 3 of m_k m_k',    J_ij ~ N(0, 1 / N), m ~ N(0, 1)
inline Dynamics memory_network(int units, std::uint32_t number, double gain = 0.8,
                               double strength = 2.0) {
    const RandomKey key{5, number};
    const auto normal = [&](std::uint32_t stream, Eigen::Index index) {
        return standard_normal(
            random_bits(key, Purpose::bench, 3, stream, static_cast<std::uint32_t>(index)));
    };
    const double n = units;
    Eigen::MatrixXd weights(units, units);
    Eigen::MatrixXd memories(units, 3);
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
        weights.data()[i] = gain / std::sqrt(n) * normal(0, i);
    }
    for (Eigen::Index i = 0; i < memories.size(); ++i) {
        memories.data()[i] = normal(1, i);
    }
    weights += strength / n * memories * memories.transpose();
    return {Cell::current, 1.0, 0.1, std::move(weights), Eigen::VectorXd::Zero(units)};
}

/// Half of them states of autonomous runs of 35 tau from random states, eight of each run, a
/// quarter copies of these with N(0, 0.5^2) added, a quarter random.
inline Eigen::MatrixXd analysis_starts(const Dynamics& dynamics, int count, std::uint32_t number) {
    const RandomKey key{6, number};
    constexpr int samples = 8;
    const int runs = (count / 2 + samples - 1) / samples;
    Eigen::MatrixXd states = random_starts(dynamics, runs, key);
    Eigen::MatrixXd sampled(states.rows(), runs * samples);
    const int stride = static_cast<int>(35.0 * dynamics.tau() / dynamics.dt()) / samples;
    for (int sample = 0; sample < samples; ++sample) {
        for (Eigen::Index run = 0; run < runs; ++run) {
            for (int step = 0; step < stride; ++step) {
                states.col(run) = dynamics.step(states.col(run));
            }
        }
        sampled.middleCols(static_cast<Eigen::Index>(sample) * runs, runs) = states;
    }
    const int passed = count / 2;
    const int noisy = count / 4;
    const Eigen::MatrixXd pool = noisy_copies(sampled, 1, 0.5, key);
    Eigen::MatrixXd starts(states.rows(), count);
    starts << sampled.leftCols(passed), some_columns(pool, noisy, key),
        random_starts(dynamics, count - passed - noisy, {key.seed + 1, number});
    return starts;
}

}  // namespace shoal
