// SPDX-License-Identifier: MIT
// The spectrum at a fixed point, and a proof of how many of its directions are unstable.
//
// M = DG(x0) as computed has eigenvectors V (real; a conjugate pair a +- i b takes two columns) and
// V^-1 M V is nearly the block-diagonal B. For every DG(x) with |x - x0| <= r, with E = DG(x) V - V
// B and any matrix Y with e = |I - Y V| < 1 (infinity norms),
//   V^-1 DG(x) V = B + V^-1 E,    |V^-1 E| <= | |Y| |E| | / (1 - e) = p.
// B becomes diagonal under blocks of the unitary (1, 1; i, -i) / sqrt(2), whose norm is sqrt(2), as
// is its inverse's: so every eigenvalue of DG(x) is in a disc of radius 2 p about one of B, and a
// union of discs that meets no other holds as many eigenvalues as discs (Gershgorin; Horn &
// Johnson, Matrix Analysis, 2013, theorem 6.1.1). If no disc meets the imaginary axis (map: after
// 1 + dt / tau lambda, the unit circle) the counts on both sides are those of B.
// |E| is bounded from the computed products, gamma_n |M| |V|, gamma_4 |V| |B| and
// |DG(x) - M| <= |W| (delta(r) + 20 u) + 4 u (|M| + I), as in certificate.hpp.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <vector>

#include "analysis/search/zero_form.hpp"

namespace shoal {

/// Eigenvalues of DG, in units of 1 / tau, and what is proved about them.
struct Inertia {
    std::vector<std::complex<double>> eigenvalues;  ///< as the QR iteration left them
    /// Every eigenvalue of DG at the root is within this distance of one of these, -1: not proved.
    double distance = -1.0;

    /// No disc meets the imaginary axis: FlowSpectrum::unstable() is proved.
    bool proves_flow_count() const;
    /// No disc of 1 + dt / tau lambda meets the unit circle: MapSpectrum::unstable() is proved.
    bool proves_map_count(double dt, double tau) const;
};

/// Eigenvalues at x, with discs for all roots within `radius` (< 0: without). Empty if the QR
/// iteration does not converge or x is not finite.
Inertia inertia(const ZeroForm& form, const Eigen::VectorXd& x, double radius);

}  // namespace shoal
