// SPDX-License-Identifier: MIT
// A proof, in floating point, that a zero of G (zero_form.hpp) exists near an approximation and
// that there is no other; how far away starts still converge to it; and the sign of its
// determinant.
//
// Newton-Kantorovich in the form of radii polynomials (Day, Lessard & Mischaikow, SIAM J. Numer.
// Anal. 45, 2007; van den Berg & Lessard, Notices AMS 62, 2015), in the infinity norm. With A any
// matrix, T(x) = x - A G(x), and bounds
//   Y >= |A G(x0)|,   Z >= |I - A DG(x0)|,   z(r) >= |A (DG(x) - DG(x0))| for |x - x0| <= r,
// a radius r with
//   k(r) = Z + z(r) < 1   and   Y + k(r) r <= r
// makes T a contraction (by k) of the ball of radius r into itself: it holds exactly one fixed
// point of T, every chord iteration x <- T(x) from within stays there and converges to it, and
// since |I - A DG(x)| < 1 makes A and every DG(x) of the ball regular, fixed points of T are zeros
// of G.
//   existence:  a small r (near Y / (1 - Z)): how far x0 is from the zero
//   uniqueness: a large r: no other zero is within, and all starts within converge to this one
// As DG(x) - DG(x0) = W (D(x) - D(x0)),
//   z(r) = max over i of sum over j |A W|_ij delta_j(r),
//   delta_j(r) = sup of |tanh'(t) - tanh'(x0_j)| over |t - x0_j| <= r,
// in closed form because tanh' falls with |t|. (It is at most |tanh''| r <= 4 r / (3 sqrt 3).)
//
// Roundings. u = 2^-53, gamma_n = n u / (1 - n u). A sum of n products, in any order, fused or not,
// is within gamma_n of the sum of the magnitudes (Higham 2002, section 3.1). std::tanh is taken to
// be within 4 ulp, 8 u relative (glibc states 2 ulp). Then with r, d, B, g the computed tanh(x0),
// 1 - r^2, A W and G(x0):
//   |G(x0) - g|_i       <= gamma_(n+12) (|x0| + |W| |r| + |c|)_i
//   |D - d|_j           <= 20 u
//   |A W - B|_ij        <= gamma_n (|A| |W|)_ij
//   I - A DG(x0) = I + A - (A W) D, each entry computed from B and d with three roundings
// All bounds are sums of terms that are not negative, so computing them errs by a relative
// gamma_(n+c); the factor `outward` covers that for every n below 10^9. Underflow adds less than
// `underflow`.
//
// The sign. P M = L U + E (lu.hpp) for the computed Jacobian M, so along the segment from DG(x0) to
// P' L U the matrices differ from DG(x0) by at most |M - DG(x0)| + gamma |P' L| |U|. Where
// |I - A DG(x0)| plus the norm of |A| times that is below 1, all of them are regular, and the sign
// of det DG(x0), hence of det DG at the zero, is the sign of the product of pivots and swaps.
#pragma once

#include <Eigen/Core>

#include "analysis/linear/lu.hpp"
#include "analysis/search/zero_form.hpp"

namespace shoal {

struct Certificate {
    bool proved = false;
    double existence = -1.0;   ///< the zero is within this distance of x0 (infinity norm)
    double uniqueness = -1.0;  ///< no other zero is within, and the chord iteration converges to it
    double contraction = 1.0;  ///< k at `uniqueness`
    int index = 0;             ///< sign of det(-DG) at the zero, 0: not proved
    double residual = -1.0;    ///< |G(x0)| is at most this
    Eigen::MatrixXd inverse;   ///< A, the computed inverse of DG(x0)
};

/// Tries to prove a zero of `form` near `x`; `factors` are those of form.jacobian(x). Not proved:
/// nothing is said. Never throws on bad numbers.
Certificate certify(const ZeroForm& form, const Eigen::VectorXd& x, const LuFactors& factors);
Certificate certify(const ZeroForm& form, const Eigen::VectorXd& x);

/// The radii of a certificate for the network's own states: those of x where it is the state; else
/// those of h = tanh(x), where |h - h0| <= |x - x0| and |x - x0| <= |W| |h - h0| + |G(x0)|.
struct StateRadii {
    double existence = -1.0;
    double uniqueness = -1.0;  ///< -1: rounding leaves none
};
StateRadii state_radii(const Certificate& certificate, const ZeroForm& form);

/// Largest entry; NaN if there is one, so that a comparison with it fails.
double largest(const Eigen::VectorXd& v);

}  // namespace shoal
