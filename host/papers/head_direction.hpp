// SPDX-License-Identifier: MIT
// Can a heading be integrated and held without a ring attractor (host/MATHEMATICS.md, B.2)? Two
// oscillators whose phase difference is the heading stand against a ring attractor, under equal
// perturbation of states (S-type: the same noise on every unit; the ring averages it over more
// units) and of weights (D-type).
//
//   hold        headings evenly spread over the circle are held with v = 0 under the perturbation.
//               error(t) = RMS over headings of decoded(t) - decoded(0), unwrapped.
//   integrate   the same headings follow v(t) = v_max / 3 sum over k < 3 of
//               sin((k + 1/2) w t + p_k), w = 2 pi / time, p_k drawn per seed; error as above less
//               the integral of v.
//   end states  (D-type, ours) The second half of the hold is a map of the circle: where each
//               heading went. Interpolated linearly and applied 10,000 times it says where headings
//               end: at rest (their last move below 1e-6), then counted (one if within 0.02 rad),
//               or wandering for ever. A ring whose weights are perturbed ends in few points; the
//               oscillators wander, all headings alike, so that every heading is kept relative to
//               the others. Unperturbed, every heading is an end of its own.
// Differences between headings are what is kept: `separation`.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <vector>

#include "core/random.hpp"
#include "papers/head_direction_networks.hpp"
#include "records/head_direction_records.hpp"

namespace shoal {

struct HeadDirectionOptions {
    int ring_units = 64;
    int copies = 1;  ///< of the two oscillators, 4 units each; noise makes copies lose each other
    int headings = 24;
    int seeds = 5;
    double dt = 0.1;
    double hold = 200.0;        ///< time
    double integration = 50.0;  ///< time
    double velocity = 0.1;      ///< v_max, radians per time
    std::vector<double> state_noise = {0.01, 0.03, 0.1};
    std::vector<double> weight_noise = {0.01, 0.03, 0.1};  ///< relative
    RandomKey key;
    int threads = 1;  ///< does not change any bit
    /// Told, on any thread, when another one of `all` runs is done; may be empty.
    std::function<void(std::size_t all)> run_done;
};

/// Runs the whole comparison. Deterministic. The default size takes about 7 core-seconds.
HeadDirectionResult run_head_direction(const HeadDirectionOptions& options);

/// Headings and coherence of a run of all starts of a network, sampled once per tau.
struct HeadingRun {
    Eigen::MatrixXd headings;   ///< [sample, heading], unwrapped; sample 0 is the start
    Eigen::MatrixXd coherence;  ///< [sample, heading]: length of what the readout sees
};
HeadingRun run_headings(const HeadingNetwork& network, const Eigen::MatrixXd& weights, int steps,
                        const std::vector<double>& velocity, const HeadingStepper::Noise& noise);

/// v of every step, for a seed.
std::vector<double> followed_velocity(const HeadDirectionOptions& options, int seed);

/// Where a map of the circle from -> to (radians, unwrapped moves) leads in the end.
struct CircleEnds {
    int points = 0;          ///< distinct points of rest
    double wandering = 0.0;  ///< share of starts that never rest
};
CircleEnds circle_ends(const std::vector<double>& from, const std::vector<double>& to);

}  // namespace shoal
