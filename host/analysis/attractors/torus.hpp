// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

/// Base frequencies of a quasi-periodic run: every frequency in it is a sum of whole multiples of
/// these.
struct BaseFrequencies {
    std::vector<double> frequencies;  ///< radians per unit of time, by falling power of their line
    std::vector<double> errors;       ///< half the difference between the two halves of the run
    /// Flows: frequency i over the first, i > 0. Maps: frequency i over 2 pi / dt, turns per step,
    /// within [0, 1/2]: a run sampled at steps does not tell a turn from one the other way.
    std::vector<double> rotation_numbers;
    std::vector<double> rotation_errors;
    std::string limits;
};

/// The `count` base frequencies of the run of the Euler map from `start`, a state on the attractor.
/// The rates' leading principal components are followed over 2^14 steps; a frequency is where the
/// power of their weighted means of exp(-i omega t) has a maximum, with the weights of
/// birkhoff_mean (Das, Saiki, Sander & Yorke 2017; with a window this is Laskar's frequency
/// analysis, Physica D 1993): its error falls faster than any power of the length. Lines are taken
/// off from the strongest down; one that is a sum of multiples (up to 8) of those found before is
/// none of its own. Base frequencies are unique only up to such sums: these are the strongest
/// lines.
BaseFrequencies base_frequencies(const Dynamics& dynamics, const Eigen::VectorXd& start, int count);

/// Mean time around the closed curve that the run from `start` is on, which comes back after about
/// `about`: the strongest line of base_frequencies() may be a harmonic, and the run may have passed
/// by more often. No change of `about` by more than a twentieth; else it stands, with error -1.
struct MeanPeriod {
    double period = 0.0;
    double error = -1.0;  ///< half the difference between the two halves of the run
};
MeanPeriod mean_period(const Dynamics& dynamics, const Eigen::VectorXd& start, double about);

/// p / q with the least q <= 12 within 3 errors (and 1e-7) of a rotation number; none if there is
/// none, or if the error is too large to tell (above 1e-4).
struct Locking {
    int turns = 0;   ///< p
    int rounds = 0;  ///< q
};
std::optional<Locking> find_locking(double rotation_number, double error);

}  // namespace shoal
