// SPDX-License-Identifier: MIT
// The few exponents that level `first` needs for its verdict; whole spectra: lyapunov_spectrum.hpp.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/growth.hpp"
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

/// Leading Lyapunov exponents (at most 3) of the Euler map along the run from `start`:
/// birkhoff_mean of its TangentGrowth with intervals of tau, errors by batch_error. The first fifth
/// is left out, so that the vectors can turn. The run is doubled from 500 to at most 2000 tau until
/// resolved, and on to longest_run where that may tell a torus from chaos.
LyapunovResult lyapunov_exponents(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                  RandomKey key);

}  // namespace shoal
