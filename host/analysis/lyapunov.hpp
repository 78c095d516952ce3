// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/dynamics.hpp"
#include "core/random.hpp"

namespace shoal {

struct LyapunovResult {
    std::vector<double>
        exponents;               ///< leading ones, falling, per unit of time; empty: run diverged
    std::vector<double> errors;  ///< standard errors
    double duration = 0.0;       ///< time they were measured over
    bool resolved = false;       ///< each is zero within the floor or clearly not zero
    Eigen::VectorXd end_state;
};

/// Leading Lyapunov exponents (at most 3) of the Euler map along the run from `start`: tangent
/// vectors are carried along and orthonormalised by QR every tau (Benettin et al. 1980; Shimada &
/// Nagashima 1979); an exponent is the mean of the logarithms of R's diagonal, divided by time.
/// Means are weighted by exp(-1 / (s (1 - s))) over the run, s in (0, 1): on cycles and tori that
/// makes the error fall faster than any power of the length, while the plain mean's boundary term
/// falls as 1 / length (Das, Saiki, Sander & Yorke 2017). Standard errors come from 10 batches
/// treated the same way. The first fifth is left out, so that the vectors can turn. The run is
/// doubled from 500 to at most 2000 tau until resolved. The first vectors are drawn from (key,
/// lyapunov_frame).
LyapunovResult lyapunov_exponents(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                  RandomKey key);

/// That weighted mean.
double birkhoff_mean(const double* values, std::size_t count);

}  // namespace shoal
