// SPDX-License-Identifier: MIT
#include "analysis/search/inertia.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/linear/eigen_solvers.hpp"
#include "analysis/linear/packed_matrix.hpp"
#include "analysis/search/certificate.hpp"
#include "core/rounding.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Divides the columns of V by their length, both of a pair by the same.
void normalise(MatrixXd& vectors, const MatrixXd& blocks) {
    for (Index k = 0; k < vectors.cols();) {
        const Index width = k + 1 < vectors.cols() && blocks(k, k + 1) != 0.0 ? 2 : 1;
        vectors.middleCols(k, width) /= vectors.middleCols(k, width).norm();
        k += width;
    }
}

/// p of the header, or -1.
double disc_radius(const ZeroForm& form, const VectorXd& x, double radius, const MatrixXd& matrix,
                   const MatrixXd& vectors, const MatrixXd& blocks) {
    const Index n = x.size();
    const MatrixXd inverse = LuFactors(vectors).inverse();
    if (!inverse.allFinite()) {
        return -1.0;
    }
    const VectorXd ones = VectorXd::Ones(n);
    const MatrixXd abs_inverse = inverse.cwiseAbs();
    const VectorXd sums = vectors.cwiseAbs() * ones;

    MatrixXd identity = multiply(PackedMatrix(inverse), vectors);
    identity.diagonal().array() -= 1.0;
    const VectorXd distances =
        identity.cwiseAbs() * ones + gamma_bound(n + 1) * (abs_inverse * sums + ones);
    const double regular = outward * largest(distances);
    if (!(regular < 0.5)) {
        return -1.0;
    }

    // V B touches two columns at most.
    const VectorXd variation = form.slope_variations(x, radius);
    const MatrixXd defect = multiply(PackedMatrix(matrix), vectors) - vectors * blocks;
    const VectorXd slope_errors = (variation.array() + slope_rounding).matrix();
    const VectorXd errors = defect.cwiseAbs() * ones +
                            (gamma_bound(n) + 8.0 * unit_roundoff) * (matrix.cwiseAbs() * sums) +
                            gamma_bound(n + 4) * (vectors.cwiseAbs() * (blocks.cwiseAbs() * ones)) +
                            form.abs_weights() * slope_errors.cwiseProduct(sums) +
                            8.0 * unit_roundoff * sums + VectorXd::Constant(n, underflow);
    return outward * largest(abs_inverse * errors) / (1.0 - regular);
}

}  // namespace

Inertia inertia(const ZeroForm& form, const VectorXd& x, double radius) {
    stop_point();
    const MatrixXd matrix = form.jacobian(x);
    if (!matrix.allFinite()) {
        return {};
    }
    const Eigen::EigenSolver<MatrixXd> solver(matrix, /*computeEigenvectors=*/radius >= 0.0);
    if (solver.info() != Eigen::Success) {
        return {};
    }
    const Eigen::VectorXcd& values = solver.eigenvalues();
    Inertia result;
    result.eigenvalues.assign(values.data(), values.data() + values.size());
    if (radius >= 0.0) {
        const MatrixXd blocks = solver.pseudoEigenvalueMatrix();
        MatrixXd vectors = solver.pseudoEigenvectors();
        normalise(vectors, blocks);
        const double p = disc_radius(form, x, radius, matrix, vectors, blocks);
        // The blocks drop imaginary parts below 4 u of the real ones.
        const double dropped = 8.0 * unit_roundoff * values.cwiseAbs().maxCoeff();
        result.distance = p >= 0.0 ? outward * (2.0 * p + dropped) : -1.0;
    }
    return result;
}

bool Inertia::proves_flow_count() const {
    return distance >= 0.0 &&
           std::all_of(eigenvalues.begin(), eigenvalues.end(),
                       [&](const auto& value) { return std::abs(value.real()) > distance; });
}

bool Inertia::proves_map_count(double dt, double tau) const {
    const double rate = dt / tau;
    return distance >= 0.0 &&
           std::all_of(eigenvalues.begin(), eigenvalues.end(), [&](const auto& value) {
               const double modulus = std::abs(1.0 + rate * value);
               const double rounding =
                   16.0 * unit_roundoff * (1.0 + rate * std::abs(value) + modulus);
               return std::abs(modulus - 1.0) > outward * rate * distance + rounding;
           });
}

}  // namespace shoal
