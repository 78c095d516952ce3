// SPDX-License-Identifier: MIT
#include "analysis/dynamics/slow_modes.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "analysis/linear/hessenberg.hpp"
#include "core/random.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

using Complex = std::complex<double>;
using Eigenvalues = std::vector<Complex>;

constexpr int iterations = 4;             // of inverse iteration; the first nearly always suffices
constexpr double same_eigenvalue = 1e-7;  // of the norm of J: vectors then need each other
constexpr double good_residual = 1e-9;    // of the norm of J

// Leading eigenvalues to have vectors of, im >= 0.
Eigenvalues wanted(const Eigenvalues& values, int slow) {
    Eigenvalues kept;
    const int least = std::max(slow, least_slow_modes);
    int taken = 0;
    for (const Complex& value : values) {
        if (value.imag() < 0.0) {
            continue;
        }
        const int size = value.imag() > 0.0 ? 2 : 1;
        if (taken >= least || taken + size > most_slow_modes) {
            break;
        }
        taken += size;
        kept.push_back(value);
    }
    return kept;
}

void remove_components(Eigen::VectorXcd& vector, const Eigen::MatrixXcd& others, Eigen::Index from,
                       Eigen::Index to) {
    for (Eigen::Index k = from; k < to; ++k) {
        vector -= others.col(k).dot(vector) * others.col(k);
    }
    vector.normalize();
}

struct Vectors {
    Eigen::MatrixXcd right;           // one column a mode, length 1
    Eigen::MatrixXcd left;            // length 1
    std::vector<Eigen::Index> group;  // first mode whose eigenvalue is the same
};

// Right and left eigenvector `mode` of a Hessenberg matrix, orthogonal to those of their kind from
// mode `first` on. Returns the larger of their residuals.
double iterate(const Eigen::MatrixXd& matrix, const HessenbergSolver& solver, Complex value,
               Eigen::Index first, Eigen::Index mode, Vectors& vectors) {
    Eigen::VectorXcd right(matrix.rows());
    for (Eigen::Index unit = 0; unit < right.size(); ++unit) {
        right[unit] = standard_normal(random_bits({}, Purpose::slow_mode_start, 0,
                                                  static_cast<std::uint32_t>(mode),
                                                  static_cast<std::uint32_t>(unit)));
    }
    Eigen::VectorXcd left = right;
    for (int i = 0; i < iterations; ++i) {
        right = solver.solve(right).normalized();
        left = solver.solve_transposed(left).normalized();
        remove_components(right, vectors.right, first, mode);
        remove_components(left, vectors.left, first, mode);
    }
    vectors.right.col(mode) = right;
    vectors.left.col(mode) = left;
    return std::max((matrix * right - value * right).norm(),
                    (matrix.transpose() * left - value * left).norm());
}

// Eigenvectors of a Hessenberg matrix. Where eigenvalues are the same, those of one kind are made
// orthogonal to each other, which finds a basis of their space; if there is none (a Jordan block),
// every mode is taken by itself.
Vectors hessenberg_vectors(const Eigen::MatrixXd& matrix, const Eigenvalues& values) {
    const Eigen::Index units = matrix.rows();
    const auto count = static_cast<Eigen::Index>(values.size());
    const double norm = matrix.norm();
    Vectors vectors{Eigen::MatrixXcd(units, count), Eigen::MatrixXcd(units, count), {}};
    for (Eigen::Index mode = 0; mode < count; ++mode) {
        stop_point();
        const Complex value = values[static_cast<std::size_t>(mode)];
        Eigen::Index first = mode;
        while (first > 0 && std::abs(values[static_cast<std::size_t>(first - 1)] - value) <=
                                same_eigenvalue * norm) {
            --first;
        }
        const HessenbergSolver solver(matrix, value);
        const double residual = iterate(matrix, solver, value, first, mode, vectors);
        if (first < mode && !(residual <= good_residual * norm)) {
            first = mode;
            iterate(matrix, solver, value, first, mode, vectors);
        }
        vectors.group.push_back(first);
    }
    return vectors;
}

// The component of largest modulus (the first of equals) becomes real and positive.
void fix_phase(Eigen::MatrixXcd& vectors) {
    for (Eigen::Index mode = 0; mode < vectors.cols(); ++mode) {
        Eigen::Index largest = 0;
        const double size = vectors.col(mode).cwiseAbs().maxCoeff(&largest);
        if (size > 0.0) {
            vectors.col(mode) *= std::conj(vectors(largest, mode)) / size;
        }
    }
}

// Scales left vectors so that left . right = 1 and 0 between modes of one group. A group whose left
// and right spaces are orthogonal (a Jordan block) keeps left vectors of length 1; returns whether
// there is one.
bool pair_up(Vectors& vectors) {
    bool defective = false;
    const Eigen::Index count = vectors.right.cols();
    for (Eigen::Index first = 0, next = 0; first < count; first = next) {
        next = first + 1;
        while (next < count && vectors.group[static_cast<std::size_t>(next)] <= first) {
            ++next;
        }
        const Eigen::MatrixXcd right = vectors.right.middleCols(first, next - first);
        const Eigen::MatrixXcd left = vectors.left.middleCols(first, next - first);
        const Eigen::FullPivLU<Eigen::MatrixXcd> products(left.transpose() * right);
        const double least = std::abs(products.matrixLU()(next - first - 1, next - first - 1));
        if (!(least > 1e-14)) {
            defective = true;
            continue;
        }
        vectors.left.middleCols(first, next - first) =
            products.solve(left.transpose().eval()).transpose();
    }
    return defective;
}

void append(std::vector<double>& out, const Eigen::VectorXcd& vector) {
    for (const Complex& value : vector) {
        out.insert(out.end(), {value.real(), value.imag()});
    }
}

SlowModes modes_of(const Eigen::MatrixXd& jacobian, const Eigenvalues& values, int slow) {
    SlowModes modes;
    modes.slow = slow;
    const Eigenvalues kept = wanted(values, slow);
    const Eigen::HessenbergDecomposition<Eigen::MatrixXd> form(jacobian);
    Vectors vectors = hessenberg_vectors(form.matrixH(), kept);
    const auto back = [&](Eigen::MatrixXcd& columns) {
        const Eigen::MatrixXd real = form.matrixQ() * columns.real();
        const Eigen::MatrixXd imag = form.matrixQ() * columns.imag();
        columns.real() = real;
        columns.imag() = imag;
    };
    back(vectors.right);
    back(vectors.left);
    if (!vectors.right.allFinite() || !vectors.left.allFinite()) {
        modes.limits = "The slow eigenvectors are not finite.";
        return modes;
    }
    fix_phase(vectors.right);
    const bool defective = pair_up(vectors);

    const double norm = jacobian.norm();
    const auto count = static_cast<Eigen::Index>(kept.size());
    int poor = 0;
    int stored = 0;
    for (Eigen::Index mode = 0; mode < count; ++mode) {
        const Complex value = kept[static_cast<std::size_t>(mode)];
        const Eigen::VectorXcd right = vectors.right.col(mode);
        const Eigen::VectorXcd left = vectors.left.col(mode);
        const double paired = std::abs((left.transpose() * right).value());
        const double right_residual = (jacobian * right - value * right).norm();
        const double left_residual = (jacobian.transpose() * left - value * left).norm();
        stored += value.imag() > 0.0 ? 2 : 1;
        modes.eigenvalues.insert(modes.eigenvalues.end(), {value.real(), value.imag()});
        append(modes.right, right);
        append(modes.left, left);
        modes.conditions.push_back(left.norm() / paired);
        modes.residuals.push_back(std::max(right_residual, left_residual / left.norm()) /
                                  (norm > 0.0 ? norm : 1.0));
        poor += modes.residuals.back() <= good_residual ? 0 : 1;
    }
    if (slow > stored) {
        modes.limits =
            fmt::format("Eigenvectors of {} of {} slow eigenvalues were computed.", stored, slow);
    }
    if (poor > 0 || defective) {
        modes.limits += fmt::format(
            "{}Eigenvectors of {} modes are poor: eigenvalues nearly "
            "coincide and share a direction.",
            modes.limits.empty() ? "" : " ", std::max(poor, 1));
    }
    return modes;
}

// Orthonormal basis of the space of a mode's vector.
Eigen::MatrixXd basis_of(const std::vector<double>& vectors, std::size_t mode, Eigen::Index units) {
    const Eigen::Map<const Eigen::MatrixXd> parts(
        vectors.data() + mode * 2 * static_cast<std::size_t>(units), 2, units);
    Eigen::MatrixXd basis(units, 2);
    basis.col(0) = parts.row(0).transpose().normalized();
    basis.col(1) = parts.row(1).transpose();
    const double length = basis.col(1).norm();
    basis.col(1) -= basis.col(0).dot(basis.col(1)) * basis.col(0);
    // A rest of rounding size is no second direction.
    const double rest = basis.col(1).norm();
    if (rest > 1e-12 * length && rest > 0.0) {
        basis.col(1) /= rest;
    } else {
        basis.col(1).setZero();
    }
    return basis;
}

std::vector<double> alignments(const std::vector<double>& vectors, std::size_t modes,
                               const Eigen::MatrixXd& columns) {
    std::vector<double> cosines;
    for (std::size_t mode = 0; mode < modes; ++mode) {
        const Eigen::MatrixXd basis = basis_of(vectors, mode, columns.rows());
        for (Eigen::Index column = 0; column < columns.cols(); ++column) {
            const double length = columns.col(column).norm();
            cosines.push_back(
                length > 0.0 ? (basis.transpose() * columns.col(column)).norm() / length : 0.0);
        }
    }
    return cosines;
}

Eigen::MatrixXd columns_of(const std::vector<double>& values, int units, int columns) {
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    if (values.empty()) {
        return Eigen::MatrixXd(units, 0);
    }
    return Eigen::Map<const RowMajor>(values.data(), units, columns);
}

}  // namespace

Couplings couplings_at(const NetworkModel& model, const Dynamics& dynamics,
                       const Eigen::VectorXd& x) {
    Couplings couplings;
    couplings.readout = columns_of(model.readout, model.outputs, model.units).transpose();
    couplings.feedback = columns_of(model.feedback, model.units, model.outputs);
    couplings.input = columns_of(model.input, model.units, model.inputs);
    const Eigen::VectorXd slopes = slopes_of(dynamics.squashed(x));
    if (!model.readout_of_states) {
        couplings.readout = through_rates(dynamics.cell(), slopes, couplings.readout);
    }
    couplings.feedback = through_targets(dynamics.cell(), slopes, couplings.feedback);
    couplings.input = through_targets(dynamics.cell(), slopes, couplings.input);
    return couplings;
}

SlowModes slow_modes(const FlowJacobian& jacobian, const FlowSpectrum& spectrum,
                     double trial_time) {
    int slow = 0;
    for (const Complex& value : spectrum.eigenvalues) {
        slow += value.real() > -1.0 / trial_time ? 1 : 0;
    }
    SlowModes modes = modes_of(jacobian.matrix, spectrum.eigenvalues, slow);
    modes.convention = SystemKind::flow;
    for (std::size_t i = 0; i < modes.eigenvalues.size(); i += 2) {
        modes.time_constants.push_back(-1.0 / modes.eigenvalues[i]);
    }
    return modes;
}

SlowModes slow_modes(const MapJacobian& jacobian, const MapSpectrum& spectrum, double trial_time) {
    int slow = 0;
    for (const Complex& value : spectrum.eigenvalues) {
        slow += std::abs(value) > std::exp(-jacobian.dt / trial_time) ? 1 : 0;
    }
    SlowModes modes = modes_of(jacobian.matrix, spectrum.eigenvalues, slow);
    modes.convention = SystemKind::map;
    modes.dt = jacobian.dt;
    for (std::size_t i = 0; i < modes.eigenvalues.size(); i += 2) {
        const double modulus = std::hypot(modes.eigenvalues[i], modes.eigenvalues[i + 1]);
        modes.time_constants.push_back(-jacobian.dt / std::log(modulus));
    }
    return modes;
}

SlowModes slow_modes_at(const NetworkModel& model, const Dynamics& dynamics,
                        const Eigen::VectorXd& x, const FlowSpectrum& flow, double trial_time) {
    SlowModes modes = dynamics.is_map() ? slow_modes(dynamics.map_jacobian(x),
                                                     euler_map(flow, dynamics.dt()), trial_time)
                                        : slow_modes(dynamics.flow_jacobian(x), flow, trial_time);
    modes.dt = dynamics.dt();
    modes.state_space =
        squashes_state(dynamics.cell()) ? StateSpace::before_tanh : StateSpace::rates;
    modes.inputs = model.inputs;
    modes.outputs = model.outputs;
    const Couplings couplings = couplings_at(model, dynamics, x);
    const std::size_t count = modes.conditions.size();
    modes.right_readout = alignments(modes.right, count, couplings.readout);
    modes.right_feedback = alignments(modes.right, count, couplings.feedback);
    modes.right_input = alignments(modes.right, count, couplings.input);
    modes.left_feedback = alignments(modes.left, count, couplings.feedback);
    modes.left_input = alignments(modes.left, count, couplings.input);
    return modes;
}

SlowModes slow_modes_at(const NetworkModel& model, const Dynamics& dynamics,
                        const Eigen::VectorXd& x, double trial_time) {
    const auto flow = spectrum(dynamics.flow_jacobian(x));
    if (!flow) {
        SlowModes modes;
        modes.dt = dynamics.dt();
        modes.limits = "The eigenvalues are not finite or did not converge.";
        return modes;
    }
    return slow_modes_at(model, dynamics, x, *flow, trial_time);
}

}  // namespace shoal
