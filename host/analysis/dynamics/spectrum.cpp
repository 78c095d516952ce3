// SPDX-License-Identifier: MIT
#include "analysis/dynamics/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/linear/eigen_solvers.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

using Eigenvalues = std::vector<std::complex<double>>;

std::optional<Eigenvalues> eigenvalues_of(const Eigen::MatrixXd& matrix) {
    stop_point();
    if (!matrix.allFinite()) {
        return std::nullopt;
    }
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(matrix, /*computeEigenvectors=*/false);
    if (solver.info() != Eigen::Success) {
        return std::nullopt;
    }
    const Eigen::VectorXcd& values = solver.eigenvalues();
    return Eigenvalues(values.data(), values.data() + values.size());
}

using Eigenvalue = std::complex<double>;

// The real QR iteration gives the two of a conjugate pair equal real parts and moduli, so they tie
// exactly, stay together (equal |im|), and the sign of im decides.
void sort_falling(Eigenvalues& values, double (*size)(const Eigenvalue&)) {
    std::stable_sort(values.begin(), values.end(),
                     [size](const Eigenvalue& a, const Eigenvalue& b) {
                         if (size(a) != size(b)) {
                             return size(a) > size(b);
                         }
                         if (a.real() != b.real()) {
                             return a.real() > b.real();
                         }
                         if (std::abs(a.imag()) != std::abs(b.imag())) {
                             return std::abs(a.imag()) > std::abs(b.imag());
                         }
                         return a.imag() > b.imag();
                     });
}

double real_part(const Eigenvalue& value) {
    return value.real();
}
double squared_modulus(const Eigenvalue& value) {
    return std::norm(value);
}

}  // namespace

int FlowSpectrum::unstable() const {
    return static_cast<int>(std::count_if(eigenvalues.begin(), eigenvalues.end(),
                                          [](const auto& value) { return value.real() > 0.0; }));
}

int MapSpectrum::unstable() const {
    return static_cast<int>(
        std::count_if(eigenvalues.begin(), eigenvalues.end(),
                      [](const auto& value) { return std::norm(value) > 1.0; }));
}

std::optional<FlowSpectrum> spectrum(const FlowJacobian& jacobian) {
    auto values = eigenvalues_of(jacobian.matrix);
    if (!values) {
        return std::nullopt;
    }
    return flow_spectrum(std::move(*values));
}

std::optional<MapSpectrum> spectrum(const MapJacobian& jacobian) {
    auto values = eigenvalues_of(jacobian.matrix);
    if (!values) {
        return std::nullopt;
    }
    sort_falling(*values, squared_modulus);
    return MapSpectrum{std::move(*values), jacobian.dt};
}

FlowSpectrum flow_spectrum(std::vector<std::complex<double>> eigenvalues) {
    sort_falling(eigenvalues, real_part);
    return {std::move(eigenvalues)};
}

MapSpectrum euler_map(const FlowSpectrum& flow, double dt) {
    MapSpectrum map{flow.eigenvalues, dt};
    for (auto& value : map.eigenvalues) {
        value = 1.0 + dt * value;
    }
    sort_falling(map.eigenvalues, squared_modulus);
    return map;
}

}  // namespace shoal
