// SPDX-License-Identifier: MIT
// Periodic orbits refined by shooting, with their Floquet multipliers.
//
//   flow:  phi_T(x) = x for dx/dt = F(x), unknowns x and T, phase condition F(x) . dx = 0
//   map:   Phi^p(x) = x, p whole
// A flow really runs in Euler steps, whose orbit near the flow's cycle is a closed curve that it
// need not return to. What is refined is the flow's cycle, which that curve approximates to first
// order in dt.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/linear/product_spectrum.hpp"

namespace shoal {

struct RefinedCycle {
    bool converged = false;
    Eigen::VectorXd state;  ///< on the cycle
    double period = 0.0;    ///< time; maps: the least p times dt
    double residual = 0.0;  ///< RMS over units of phi_T(x) - x
    /// Flows: how much the period would change with Runge-Kutta steps half as long.
    double period_error = 0.0;
    /// Of d phi_T / dx (d Phi^p / dx) at the state, by falling modulus, pairs with im > 0 first,
    /// each with a small error relative to itself: all of them where the whole matrix is
    /// affordable, else those whose subspace was resolved to 1e-6 radians (`limits` says how
    /// many).
    std::vector<ProductEigenvalue> multipliers;
    /// Flows: |mu - 1| of the multiplier next to 1, which is 1 exactly along the velocity: a
    /// self-check, which `limits` says if it is above 1e-6, what stability is told by. Infinity: no
    /// multiplier is known. Maps have none: 0.
    double trivial_error = 0.0;
    int unstable = 0;  ///< multipliers above 1 in modulus by more than 1e-6, the trivial one aside
    int neutral = 0;   ///< within 1e-6 of modulus 1, the trivial one aside: not an isolated cycle
    std::string limits;
};

/// Up to so many units the whole matrix d phi_T / dx is used; above, its leading subspace, and for
/// the multipliers the whole where once around takes less than cycle_full_work multiplications,
/// about as many as its exponents take.
inline constexpr int cycle_full_units = 64;
inline constexpr double cycle_full_work = 1e10;

/// Refines a guess of a state on a cycle and of its period. Newton's method on the leading subspace
/// of d phi_T / dx and plain iteration on the rest, which contracts (Lust, Roose, Spence &
/// Champneys 1998, "Newton-Picard"; with the whole space it is Newton's method). Flows are
/// integrated with their tangents by Runge-Kutta of order 4 in steps of at most dt / 2 and 1/256 of
/// a period (dt on the way there). Tangents are orthonormalised every few steps, and multipliers
/// come from the factors (product_spectrum.hpp). Never throws on bad numbers; `converged` is false
/// then, and where the iteration ends on a fixed point.
RefinedCycle refine_cycle(const Dynamics& dynamics, const Eigen::VectorXd& start, double period);

}  // namespace shoal
