// SPDX-License-Identifier: MIT
// Two networks that integrate angular velocity v and hold a heading (host/MATHEMATICS.md, B.2),
// both of the form
//   dh/dt = -h + tanh((W + v B) h)        (rate cells, tau = 1, Euler steps of dt)
//
// Ring attractor of N units with preferred angles a_i: W = (2 g / N) cos(a_i - a_j),
//   B = (2 g / N) sin(a_i - a_j): the shifted, odd weights. heading = arg sum h_j exp(i a_j). The
//   sum m obeys dm/dt = -m + G(|m|) exp(i atan v) m / |m|, so that the heading turns at v once |m|
//   has its resting value |m| = G cos(atan v); Euler steps turn by v (1 - O(dt v^2)).
//
// Oscillators: copies of two tanh pairs, W = sigma R(theta) each (B.3: sigma = 1.5, theta =
//   0.6), uncoupled. v changes the turning of the second: B = kappa sigma cos(theta) R(pi/2) there,
//   0 elsewhere; for a round cycle its frequency would be tan(theta) + kappa v, and kappa makes the
//   measured one rise by v. heading = arg sum over copies of z_2 conj(z_1), z = h_1 + i h_2 of a
//   pair: a quadratic readout. Copies start evenly spread over the cycle, which averages out that
//   the cycle is not round.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

#include "analysis/linear/packed_matrix.hpp"
#include "core/random.hpp"
#include "records/head_direction_records.hpp"

namespace shoal {

struct HeadingNetwork {
    HeadingCode code = HeadingCode::ring;
    double dt = 0.1;
    Eigen::MatrixXd weights;           ///< W, [to, from]
    Eigen::MatrixXd velocity_weights;  ///< B
    Eigen::MatrixXd starts;  ///< states on the unperturbed attractor, one column a heading
    double frequency = 0.0;  ///< of the oscillators, radians per time; ring: 0
};

HeadingNetwork ring_attractor(int units, int headings, double dt);
/// 4 units a copy. Headings are spaced by whole steps of the cycle, about evenly.
HeadingNetwork two_oscillators(int copies, int headings, double dt);

/// What the readout sees of every column of `states`; its argument is the heading.
std::vector<std::complex<double>> read_headings(HeadingCode code, const Eigen::MatrixXd& states);

/// Weights with relative noise of this size: every weight W_ij (1 + size xi), or size |W|_F / N xi
/// added to every entry, which has the same relative norm and couples everything to everything.
/// Drawn from (key, head_direction_weight, seed).
enum class WeightNoise { on_weights, everywhere };
Eigen::MatrixXd perturbed(const Eigen::MatrixXd& weights, WeightNoise where, double size,
                          RandomKey key, int seed);

/// Steps the states of all headings together.
class HeadingStepper {
  public:
    /// `weights` in place of the network's own.
    HeadingStepper(const HeadingNetwork& network, const Eigen::MatrixXd& weights);

    /// Noise sqrt(dt) size xi is added to every state, drawn from (key, head_direction_noise, seed,
    /// step, unit and heading); size 0: none.
    struct Noise {
        double size = 0.0;
        RandomKey key;
        int seed = 0;
    };
    void step(double velocity, const Noise& noise);

    Eigen::MatrixXd states() const;

  private:
    void add_noise(const Noise& noise);

    double dt_;
    std::size_t units_;
    std::size_t headings_;
    std::uint32_t steps_ = 0;
    PackedMatrix weights_;
    PackedMatrix velocity_weights_;
    std::vector<std::vector<double>> blocks_;  ///< [four headings][unit, heading]
    std::vector<double> got_;
    std::vector<double> turned_;
};

}  // namespace shoal
