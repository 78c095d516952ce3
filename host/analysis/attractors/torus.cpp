// SPDX-License-Identifier: MIT
#include "analysis/attractors/torus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "analysis/dynamics/tangent.hpp"
#include "analysis/linear/eigen_solvers.hpp"

namespace shoal {

namespace {

using std::numbers::pi;
constexpr Eigen::Index samples = 1 << 14;
constexpr Eigen::Index principal_samples = 1 << 11;  // that the components are taken from
constexpr Eigen::Index components = 6;
constexpr int lines_limit = 40;
constexpr double least_power = 1e-12;  // of the strongest line
constexpr int multiples = 8;
constexpr double return_tolerance = 0.05;  // share that one return may differ from the mean
constexpr double line_share = 1e-8;        // of the strongest line's power: below there is none
constexpr double combination_tolerance = 1e-6;  // of the sampling frequency

using Complex = std::complex<double>;

// Weights of birkhoff_mean, of sum 1.
Eigen::VectorXd weights_of(Eigen::Index count) {
    Eigen::VectorXd weights(count);
    for (Eigen::Index i = 0; i < count; ++i) {
        const double s = static_cast<double>(i + 1) / static_cast<double>(count + 1);
        weights[i] = std::exp(-1.0 / (s * (1.0 - s)));
    }
    return weights / weights.sum();
}

// The run in its leading principal components, one a column.
Eigen::MatrixXd leading_components(const Dynamics& dynamics, const Eigen::VectorXd& start) {
    const Eigen::Index units = dynamics.units();
    TangentStepper stepper(dynamics, start, Eigen::MatrixXd(units, 0));
    Eigen::MatrixXd rates(units, principal_samples);
    for (Eigen::Index i = 0; i < principal_samples; ++i) {
        rates.col(i) = dynamics.rates(stepper.state());
        stepper.advance(1);
    }
    const Eigen::VectorXd mean = rates.rowwise().mean();
    rates.colwise() -= mean;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(
        Eigen::MatrixXd(rates * rates.transpose()));
    const Eigen::MatrixXd axes = solver.eigenvectors().rightCols(std::min(components, units));
    Eigen::MatrixXd series(samples, axes.cols());
    for (Eigen::Index i = 0; i < samples; ++i) {
        series.row(i) = axes.transpose() * (dynamics.rates(stepper.state()) - mean);
        stepper.advance(1);
    }
    return series;
}

// exp(-i omega t), t = 0, 1, ...: cosines and sines side by side.
Eigen::MatrixXd waves(Eigen::Index count, double omega) {
    Eigen::MatrixXd values(count, 2);
    const Complex step = std::polar(1.0, -omega);
    Complex wave = 1.0;
    for (Eigen::Index i = 0; i < count; ++i) {
        values(i, 0) = wave.real();
        values(i, 1) = wave.imag();
        wave *= step;
    }
    return values;
}

// Weighted means of exp(-i omega t) times every column, real and imaginary parts in rows; omega in
// radians per sample.
Eigen::MatrixXd amplitudes(const Eigen::MatrixXd& weighted, double omega) {
    return waves(weighted.rows(), omega).transpose() * weighted;
}

// The maximum of the power within `reach` of a frequency, by golden sections.
double refine_line(const Eigen::MatrixXd& weighted, double omega, double reach) {
    const double section = 0.5 * (std::sqrt(5.0) - 1.0);
    double low = omega - reach;
    double high = omega + reach;
    double left = high - section * (high - low);
    double right = low + section * (high - low);
    double left_power = amplitudes(weighted, left).squaredNorm();
    double right_power = amplitudes(weighted, right).squaredNorm();
    for (int i = 0; i < 38; ++i) {
        if (left_power > right_power) {
            high = right;
            right = left;
            right_power = left_power;
            left = high - section * (high - low);
            left_power = amplitudes(weighted, left).squaredNorm();
        } else {
            low = left;
            left = right;
            left_power = right_power;
            right = low + section * (high - low);
            right_power = amplitudes(weighted, right).squaredNorm();
        }
    }
    return 0.5 * (low + high);
}

// Power of every frequency 2 pi k / samples, k = 0 ... samples / 2.
Eigen::VectorXd spectrum_of(const Eigen::MatrixXd& weighted) {
    Eigen::FFT<double> transform;
    Eigen::VectorXd power = Eigen::VectorXd::Zero(samples / 2 + 1);
    for (Eigen::Index column = 0; column < weighted.cols(); ++column) {
        const Eigen::VectorXcd values = weighted.col(column).cast<Complex>();
        Eigen::VectorXcd transformed(samples);
        transform.fwd(transformed, values);
        power += transformed.head(power.size()).cwiseAbs2();
    }
    return power;
}

// Whether omega is a sum of whole multiples of the found ones, up to turns of a whole circle a
// sample.
bool is_combination(double omega, const std::vector<double>& found, std::size_t next, double sum) {
    if (next == found.size()) {
        return std::abs(std::remainder(omega - sum, 2.0 * pi)) < 2.0 * pi * combination_tolerance;
    }
    for (int k = -multiples; k <= multiples; ++k) {
        if (is_combination(omega, found, next + 1, sum + k * found[next])) {
            return true;
        }
    }
    return false;
}

Eigen::MatrixXd weighted_part(const Eigen::MatrixXd& series, Eigen::Index first,
                              Eigen::Index count) {
    const Eigen::VectorXd weights = weights_of(count);
    Eigen::MatrixXd part = series.middleRows(first, count);
    part.rowwise() -= (weights.transpose() * part).eval();
    return weights.asDiagonal() * part;
}

// Base frequencies in radians per sample.
std::vector<double> find_lines(Eigen::MatrixXd weighted, int count) {
    const double bin = 2.0 * pi / static_cast<double>(samples);
    const Eigen::VectorXd weights = weights_of(samples);
    std::vector<double> found;
    double strongest = 0.0;
    for (int line = 0; line < lines_limit && static_cast<int>(found.size()) < count; ++line) {
        Eigen::VectorXd power = spectrum_of(weighted);
        power.head(4).setZero();  // the window's width about 0
        Eigen::Index peak = 0;
        const double height = power.maxCoeff(&peak);
        strongest = std::max(strongest, height);
        if (!(height > least_power * strongest)) {
            break;
        }
        const double omega = refine_line(weighted, bin * static_cast<double>(peak), bin);
        if (!is_combination(omega, found, 0, 0.0)) {
            found.push_back(omega);
        }
        const Eigen::MatrixXd wave = weights.asDiagonal() * waves(samples, omega);
        weighted -= 2.0 * wave * amplitudes(weighted, omega);
    }
    return found;
}

}  // namespace

BaseFrequencies base_frequencies(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                 int count) {
    BaseFrequencies base;
    const Eigen::MatrixXd series = leading_components(dynamics, start);
    if (!series.allFinite()) {
        base.limits = "The run whose frequencies are asked for left the range of numbers.";
        return base;
    }
    const std::vector<double> lines = find_lines(weighted_part(series, 0, samples), count);
    if (static_cast<int>(lines.size()) < count) {
        base.limits = fmt::format(
            "{} of {} base frequencies were found among the {} strongest "
            "lines.",
            lines.size(), count, lines_limit);
    }
    const Eigen::MatrixXd first = weighted_part(series, 0, samples / 2);
    const Eigen::MatrixXd second = weighted_part(series, samples / 2, samples / 2);
    const double bin = 2.0 * pi / static_cast<double>(samples);
    for (const double line : lines) {
        const double difference = refine_line(first, line, bin) - refine_line(second, line, bin);
        base.frequencies.push_back(line / dynamics.dt());
        base.errors.push_back(0.5 * std::abs(difference) / dynamics.dt());
    }
    for (std::size_t i = dynamics.is_map() ? 0 : 1; i < lines.size(); ++i) {
        const double unit = dynamics.is_map() ? 2.0 * pi / dynamics.dt() : base.frequencies[0];
        const double number = base.frequencies[i] / unit;
        const double unit_error = dynamics.is_map() ? 0.0 : base.errors[0];
        base.rotation_numbers.push_back(number);
        base.rotation_errors.push_back(base.errors[i] / unit + number * unit_error / unit);
    }
    return base;
}

MeanPeriod mean_period(const Dynamics& dynamics, const Eigen::VectorXd& start, double about) {
    const Eigen::MatrixXd series = leading_components(dynamics, start);
    const MeanPeriod unknown{about, -1.0};
    if (!series.allFinite()) {
        return unknown;
    }
    const Eigen::MatrixXd weighted = weighted_part(series, 0, samples);
    const std::vector<double> lines = find_lines(weighted, 1);
    const double turns =
        lines.empty() ? 0.0 : std::round(about / dynamics.dt() * lines[0] / (2 * pi));
    const double turn = lines.empty() ? 0.0 : 2 * pi / lines[0] * dynamics.dt();
    if (turns < 1.0 || std::abs(turns * turn - about) > return_tolerance * about) {
        return unknown;
    }
    const double reach = pi / static_cast<double>(samples);
    const double difference =
        refine_line(weighted_part(series, 0, samples / 2), lines[0], 2 * reach) -
        refine_line(weighted_part(series, samples / 2, samples / 2), lines[0], 2 * reach);
    // The least number of turns after which all that is there comes back.
    const double least = line_share * amplitudes(weighted, lines[0]).squaredNorm();
    const auto all = static_cast<int>(turns);
    int rounds = 1;
    for (bool closed = false; rounds < all && !closed; rounds += closed ? 0 : 1) {
        closed = all % rounds == 0;
        for (int j = 1; j < all && closed; ++j) {
            closed = j * rounds % all == 0 ||
                     amplitudes(weighted, j * lines[0] / all).squaredNorm() <= least;
        }
    }
    return {rounds * turn, rounds * turn * 0.5 * std::abs(difference) / lines[0]};
}

std::optional<Locking> find_locking(double rotation_number, double error) {
    constexpr double coarsest = 1e-4;
    if (!(error <= coarsest)) {
        return std::nullopt;
    }
    for (int rounds = 1; rounds <= 12; ++rounds) {
        const double turns = std::round(rotation_number * rounds);
        if (std::abs(rotation_number - turns / rounds) <= 3.0 * error + 1e-7) {
            return Locking{static_cast<int>(turns), rounds};
        }
    }
    return std::nullopt;
}

}  // namespace shoal
