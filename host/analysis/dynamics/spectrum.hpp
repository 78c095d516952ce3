// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <optional>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"

namespace shoal {

/// Eigenvalues of a flow's Jacobian, per unit of time, by falling real part; in conjugate pairs the
/// one with im > 0 first.
struct FlowSpectrum {
    std::vector<std::complex<double>> eigenvalues;
    int unstable() const;  ///< how many have re > 0
};

/// Eigenvalues of a map's Jacobian, per step, by falling modulus; pairs as above.
struct MapSpectrum {
    std::vector<std::complex<double>> eigenvalues;
    double dt = 0.0;
    int unstable() const;  ///< how many have modulus > 1
};

/// Nothing if the matrix is not finite or the QR iteration does not converge.
std::optional<FlowSpectrum> spectrum(const FlowJacobian& jacobian);
std::optional<MapSpectrum> spectrum(const MapJacobian& jacobian);

/// Eigenvalues of a flow's Jacobian in any order, as a spectrum.
FlowSpectrum flow_spectrum(std::vector<std::complex<double>> eigenvalues);

/// The spectrum of the Euler map x + dt F(x) at a point where the flow's is known: 1 + dt lambda.
MapSpectrum euler_map(const FlowSpectrum& flow, double dt);

}  // namespace shoal
