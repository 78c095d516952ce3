// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/growth.hpp"
#include "core/random.hpp"

namespace shoal {

/// What to measure and for how long. Times are in units of tau.
struct SpectrumRequest {
    int count = 10;  ///< leading exponents; more where the Kaplan-Yorke dimension takes them
    int most = 80;   ///< exponents at most (count goes before it); N at most in any case
    double half_width = 5e-3;     ///< of 95 % intervals, per tau: the run is doubled until all are
    double first_length = 500.0;  ///< below it,
    double last_length = 4000.0;  ///< or this long
    /// Longest where that may tell a torus from chaos.
    double longest = longest_run;
    double adjoint_length = 500.0;  ///< end of the run that adjoint frames are carried back over
};

/// Leading Lyapunov exponents of the Euler map along a run, per unit of time; times dt they are per
/// step. With count = N they add up to the mean of log |det J_map| / dt along the run, exactly but
/// for rounding; the flow's would add up to the mean trace of its Jacobian, which the Euler map's
/// sum differs from by - dt / 2 times the mean trace of the Jacobian's square, and more.
struct LyapunovSpectrum {
    std::vector<double> exponents;  ///< in the order of the frame: falling, up to errors; empty:
                                    ///< the run left the range of numbers
    std::vector<double> errors;     ///< standard errors, from 10 batches
    /// The same of adjoint frames carried backward over the end of the same run.
    std::vector<double> adjoint_exponents;
    double half_width = 0.0;  ///< largest half-width of a 95 % interval, per unit of time
    double duration = 0.0;    ///< time measured over
    double mean_trace = 0.0;  ///< of the flow's Jacobian, per unit of time
    /// j + (sum of the first j exponents) / |exponent j + 1|, j the largest number with a sum >= 0
    /// (Kaplan & Yorke 1979); exponents that are 0 within their error count as 0, so that a cycle
    /// has 1 and a torus its dimension. -1: not enough exponents were measured.
    double kaplan_yorke = -1.0;
    /// The exponent next to 0. A flow that moves has one that is 0 exactly (along its velocity);
    /// the Euler map only nearly so, by what the step changes. Zero within error: |it| <=
    /// exponent_resolution(its error, tau).
    double neutral_exponent = 0.0;
    double neutral_error = 0.0;
    bool neutral_is_zero = false;
    int zeros = 0;  ///< exponents that are 0 within their error
    Eigen::VectorXd end_state;
    std::string limits;
};

/// Measured as TangentGrowth and birkhoff_mean say; the first fifth of the run is left out.
/// Intervals between orthonormalisations are tau, or a power of 2 shorter where a frame would lose
/// more than 7 digits of its orthogonality in one. Before, stretches of 100 tau settle the number
/// of exponents: it doubles while their sum is not negative. Pure function of its input; never
/// throws on bad numbers.
LyapunovSpectrum lyapunov_spectrum(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                   const SpectrumRequest& request, RandomKey key);

/// Kaplan-Yorke dimension as above of exponents, |exponent| <= resolution[i] counting as 0; -1 if
/// their sum is not negative.
double kaplan_yorke_dimension(const std::vector<double>& exponents,
                              const std::vector<double>& resolutions);

}  // namespace shoal
