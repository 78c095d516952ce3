// SPDX-License-Identifier: MIT
// Learning signals against what is known exactly: adjointness, gradients, fixed points, and the
// phase response of oscillators.
#include <gtest/gtest.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <numbers>

#include "analysis/dynamics/adjoint.hpp"
#include "analysis/dynamics/lyapunov.hpp"
#include "core/rounding.hpp"
#include "records/time_axes.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;
using std::numbers::pi;

Eigen::MatrixXd random_matrix(int rows, int columns, double scale, std::uint32_t which) {
    const auto values = normals(static_cast<std::size_t>(rows * columns), scale, which);
    return Eigen::Map<const Eigen::MatrixXd>(values.data(), rows, columns);
}

/// A network with everything: bias, inputs, outputs that are fed back.
NetworkModel full_network(int units, Cell cell) {
    const auto n = static_cast<std::size_t>(units);
    NetworkModel model = network_of(units, normals(n * n, 1.0 / std::sqrt(units), 50), cell, 0.3);
    model.gain = 1.1;
    model.inputs = 2;
    model.outputs = 2;
    model.input = normals(2 * n, 0.5, 51);
    model.readout = normals(2 * n, 0.3, 52);
    model.feedback = normals(2 * n, 0.3, 53);
    model.bias = normals(n, 0.2, 54);
    return model;
}

TEST(Adjoint, PassesAreTransposesOfEachOther) {
    for (const Cell cell : all_values<Cell>) {
        for (const int units : {1, 2, 31, 33}) {
            const NetworkModel model = full_network(units, cell);
            const Dynamics dynamics(model);
            constexpr int steps = 20;
            const LinearizedRun run(dynamics, random_matrix(units, 1, 1.0, 60), steps,
                                    input_drive(model, normals(2 * steps, 1.0, 61), steps));
            const Eigen::MatrixXd v = random_matrix(units, 3, 1.0, 62);
            const Eigen::MatrixXd w = random_matrix(units, 3, 1.0, 63);
            Eigen::MatrixXd pushed = v;
            Eigen::MatrixXd pulled = w;
            double growth = 1.0;
            for (int t = 0; t < steps; ++t) {
                pushed = run.forward(t, pushed);
                pulled = run.backward(steps - 1 - t, pulled);
                growth = std::max({growth, pushed.norm() / v.norm(), pulled.norm() / w.norm()});
            }
            // <J v, w> = <v, J' w>, over |v| |w| and not over the product, which may be near 0.
            // Every step rounds sums of units + 3 terms of a Jacobian below 3 in norm.
            const Eigen::MatrixXd difference = pushed.transpose() * w - v.transpose() * pulled;
            const double error = difference.cwiseAbs().maxCoeff() / (v.norm() * w.norm());
            EXPECT_LT(error, 3.0 * steps * (units + 3) * unit_roundoff * growth);
            EXPECT_EQ(pulled, adjoints(run, w, steps));
        }
    }
}

TEST(Adjoint, IsTheGradientOfTheEnd) {
    for (const Cell cell : all_values<Cell>) {
        constexpr int units = 12;
        constexpr int steps = 25;
        const NetworkModel model = full_network(units, cell);
        const Dynamics dynamics(model);
        const Eigen::VectorXd start = random_matrix(units, 1, 1.0, 64);
        const Eigen::MatrixXd drive = input_drive(model, normals(2 * steps, 1.0, 65), steps);
        // Output 0 at the end, stepped with plain loops (A.2).
        const auto output = [&](Eigen::VectorXd x) {
            const auto w = effective_matrix(model);
            const auto u = normals(2 * steps, 1.0, 65);
            for (std::size_t t = 0; t < steps; ++t) {
                Eigen::VectorXd next = x;
                for (std::size_t i = 0; i < units; ++i) {
                    double a = model.bias[i] + model.input[2 * i] * u[2 * t] +
                               model.input[2 * i + 1] * u[2 * t + 1];
                    for (std::size_t j = 0; j < units; ++j) {
                        const double r = x[static_cast<Eigen::Index>(j)];
                        a += w[i * units + j] * (cell == Cell::current ? std::tanh(r) : r);
                    }
                    auto& value = next[static_cast<Eigen::Index>(i)];
                    value += 0.3 * ((cell == Cell::current ? a : std::tanh(a)) - value);
                }
                x = next;
            }
            double z = 0.0;
            for (std::size_t i = 0; i < units; ++i) {
                const double r = x[static_cast<Eigen::Index>(i)];
                z += model.readout[i] * (cell == Cell::current ? std::tanh(r) : r);
            }
            return z;
        };
        const LinearizedRun run(dynamics, start, steps, drive);
        const Eigen::MatrixXd directions = readout_directions(model, run.end_state());
        EXPECT_NEAR(directions.col(0).norm(), 1.0, 4 * unit_roundoff);
        const Eigen::VectorXd lambda = adjoints(run, directions, steps).col(0);
        Eigen::VectorXd gradient(units);
        const double h = 1e-5;
        for (Eigen::Index i = 0; i < units; ++i) {
            const Eigen::VectorXd off = h * Eigen::VectorXd::Unit(units, i);
            gradient[i] = (output(start + off) - output(start - off)) / (2 * h);
        }
        // lambda has the gradient's direction and, scaled as its end was, its length. Central
        // differences: third derivatives of order one times h^2, and rounding u / h.
        double length = 0.0;
        for (std::size_t i = 0; i < units; ++i) {
            const double r = std::tanh(run.end_state()[static_cast<Eigen::Index>(i)]);
            const double slope = cell == Cell::current ? 1.0 - r * r : 1.0;
            length += std::pow(slope * model.readout[i], 2);
        }
        EXPECT_LT((std::sqrt(length) * lambda - gradient).norm(), 1e-8 * gradient.norm());
    }
}

TEST(Adjoint, AtAFixedPointItDecaysAtTheLeadingEigenvalue) {
    // At the origin J = I + dt (W - I) for both cells; W symmetric with eigenvalues 0.9, 0.5, -0.4.
    const Eigen::MatrixXd q = random_matrix(3, 3, 1.0, 66).householderQr().householderQ();
    const Eigen::MatrixXd w = q * Eigen::Vector3d(0.9, 0.5, -0.4).asDiagonal() * q.transpose();
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(cell, 1.0, 0.1, w, Eigen::VectorXd::Zero(3));
        const LinearizedRun run(dynamics, Eigen::VectorXd::Zero(3), 1000);
        const std::vector<int> lags = {0, 1, 500, 501, 1000};
        const Eigen::MatrixXd directions = random_matrix(3, 4, 1.0, 67);
        const Eigen::MatrixXd norms = adjoint_norms(run, directions, lags);
        for (Eigen::Index k = 0; k < 4; ++k) {
            EXPECT_EQ(norms(0, k), directions.col(k).norm());
            // What is left of the second direction after 500 steps: ((1 - 0.05) / (1 - 0.01))^500 =
            // 1e-9, squared.
            EXPECT_NEAR(norms(3, k) / norms(2, k), 0.99, 1e-14);
            EXPECT_NEAR(norms(4, k) / norms(2, k), std::pow(0.99, 500), 1e-12);
        }
        const RunExponents exponents = run_exponents(run, 3, {7, 1});
        for (std::size_t i = 0; i < 3; ++i) {
            const double expected =
                std::log(1.0 + 0.1 * (std::vector{0.9, 0.5, -0.4}[i] - 1)) / 0.1;
            // After the skipped 20 tau frames are off by exp(-0.4 * 20) = 3e-4, squared, and turn
            // further at that rate; weights of the mean are small there.
            EXPECT_NEAR(exponents.tangent[i], expected, 1e-7);
            EXPECT_NEAR(exponents.adjoint[i], expected, 1e-7);
        }
    }
}

TEST(Adjoint, LagsAreLogarithmic) {
    EXPECT_EQ(logarithmic_lags(0), (std::vector<int>{0}));
    EXPECT_EQ(logarithmic_lags(1), (std::vector<int>{0, 1}));
    EXPECT_EQ(logarithmic_lags(10), (std::vector<int>{0, 1, 2, 3, 4, 6, 8, 10}));
}

TEST(Adjoint, ADirectionOfNothingStaysZero) {
    NetworkModel model = network_of(2, {0.5, 0, 0, 0.5}, Cell::rate);
    model.readout = {0, 0};
    EXPECT_EQ(readout_directions(model, Eigen::Vector2d(1, 2)), Eigen::MatrixXd::Zero(2, 1));
}

/// z = x_1 + x_2 has one direction everywhere; that of z = tanh(x_1) + tanh(x_2) turns.
TEST(ReadoutDirections, OfStatesDoNotTurn) {
    NetworkModel model;
    model.units = 2;
    model.outputs = 1;
    model.cell = Cell::current;
    model.readout = {1.0, 1.0};
    const Eigen::Vector2d x(0.0, 2.0);
    EXPECT_LT(readout_directions(model, x)(1, 0), 0.1);
    model.readout_of_states = true;
    EXPECT_EQ(readout_directions(model, x), Eigen::Vector2d(1.0, 1.0) / std::sqrt(2.0));
}

TEST(Adjoint, AnalysisKeepsTheSignalOfEveryNetwork) {
    // Both units settle at the pitchfork of x = 1.5 tanh(x), where all multipliers are 1 - 0.1 +
    // 0.1 slope; two outputs, one of them not read out.
    NetworkModel model = network_of(2, diagonal({1.5, 1.5}), Cell::current);
    const double x = pitchfork(1.5);
    const double multiplier = 0.9 + 0.15 * (1.0 - std::pow(std::tanh(x), 2));
    model.outputs = 2;
    model.readout = {0.1, 0.3, 0.0, 0.0};
    const NetworkAnalysis resting = analyze(input_of(model, {x, x, -x, -x}));
    const auto lags = logarithmic_lags(adjoint_lengths * 100);
    ASSERT_EQ(resting.adjoint_norms.size(), lags.size());
    for (std::size_t i = 0; i < lags.size(); ++i) {
        const double expected = std::pow(multiplier, lags[i]);
        EXPECT_NEAR(resting.adjoint_norms[i] / expected, 1.0, 400 * 8 * unit_roundoff);
    }
    // An oscillator: what is left at the longest lag is as large as one turn before.
    model = network_of(2, rotations(1.5, {0.5}), Cell::current);
    const NetworkAnalysis turning = analyze(input_of(model, {1.0, 0.5, -0.5, 1.0}));
    EXPECT_GT(turning.adjoint_norms.back(), 0.2);

    model.readout = {0.0, 0.0};
    EXPECT_TRUE(analyze(input_of(model, {1.0, 0.5, -0.5, 1.0})).adjoint_norms.empty());
}

/// The closed curve x*(phi), phi -> phi + turn in a step, that a pair of units runs along, as a
/// Fourier series of states visited. Means are weighted as birkhoff_mean() weights them: their
/// error falls faster than any power of the number of states.
class Circle {
  public:
    Circle(const Dynamics& pair, Eigen::VectorXd x) {
        constexpr std::size_t skipped = 2'000;
        constexpr std::size_t count = 40'000;
        for (std::size_t t = 0; t < skipped; ++t) {
            x = pair.step(x);
        }
        first_ = x;
        std::vector<double> turns;
        std::vector<std::complex<double>> states;
        for (std::size_t t = 0; t < count; ++t) {
            states.emplace_back(x[0], x[1]);
            x = pair.step(x);
            turns.push_back(std::arg(std::complex<double>(x[0], x[1]) / states.back()));
        }
        turn_ = birkhoff_mean(turns.data(), count);
        // Both units at once: x_0 + i x_1 as a series over k from -harmonics to harmonics.
        for (int k = -harmonics; k <= harmonics; ++k) {
            std::vector<double> re, im;
            for (std::size_t t = 0; t < count; ++t) {
                const double phase = std::remainder(k * turn_ * static_cast<double>(t), 2 * pi);
                const std::complex<double> value = states[t] * std::polar(1.0, -phase);
                re.push_back(value.real());
                im.push_back(value.imag());
            }
            series_.emplace_back(birkhoff_mean(re.data(), count), birkhoff_mean(im.data(), count));
        }
    }

    double turn() const { return turn_; }
    /// x*(0).
    const Eigen::VectorXd& first() const { return first_; }
    /// d x* / d phi after t steps from there.
    Eigen::Vector2d tangent(int t) const {
        std::complex<double> sum = 0.0;
        for (int k = -harmonics; k <= harmonics; ++k) {
            sum += std::complex<double>(0, k) * term(k) * std::polar(1.0, k * turn_ * t);
        }
        return {sum.real(), sum.imag()};
    }
    /// Size of the last terms of d x* / d phi.
    double truncation() const {
        double sum = 0.0;
        for (int k = harmonics - 3; k <= harmonics; ++k) {
            sum += k * (std::abs(term(k)) + std::abs(term(-k)));
        }
        return sum;
    }

  private:
    static constexpr int harmonics = 40;
    std::complex<double> term(int k) const {
        return series_[static_cast<std::size_t>(k + harmonics)];
    }
    double turn_ = 0.0;
    Eigen::VectorXd first_;
    std::vector<std::complex<double>> series_;
};

/// Phase response at `x`, a state on the circle at t = 0: how far a push moves the phase that the
/// state ends up at, by pushing it both ways and following both runs for `steps` steps until they
/// are back on the circle. No Jacobian is used.
Eigen::Vector2d phase_response(const Dynamics& pair, const Circle& circle, const Eigen::VectorXd& x,
                               int at, int steps) {
    const Eigen::Vector2d tangent = circle.tangent(at + steps);
    Eigen::Vector2d response;
    const double h = 1e-4;
    for (Eigen::Index i = 0; i < 2; ++i) {
        // Fourth order differences.
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(2);
        for (const auto& [push, weight] : {std::pair{-2.0, 1.0 / 12}, std::pair{-1.0, -2.0 / 3},
                                           std::pair{1.0, 2.0 / 3}, std::pair{2.0, -1.0 / 12}}) {
            Eigen::VectorXd pushed = x + push * h * Eigen::VectorXd::Unit(2, i);
            for (int t = 0; t < steps; ++t) {
                pushed = pair.step(pushed);
            }
            sum += weight / h * pushed;
        }
        response[i] = sum.dot(tangent) / tangent.squaredNorm();
    }
    return response;
}

struct Oscillator {
    const char* name;
    double alpha;
    double dt;
    std::vector<double> angles;
};

class Oscillators : public testing::TestWithParam<Oscillator> {};

// B.1: lambda(t) tends to the sum over oscillators of Z(phi(t)) <dx*/dphi(T), lambda(T)>, Z the
// phase response with Z . dx*/dphi = 1.
TEST_P(Oscillators, SignalsAreTheirPhaseResponse) {
    const Oscillator& given = GetParam();
    const auto pairs = static_cast<Eigen::Index>(given.angles.size());
    const auto units = static_cast<int>(2 * pairs);
    for (const Cell cell : all_values<Cell>) {
        const Dynamics dynamics(
            network_of(units, rotations(given.alpha, given.angles), cell, given.dt));
        std::vector<Circle> circles;
        double truncation = 0.0;
        std::vector<Dynamics> alone;
        Eigen::VectorXd start(units);
        for (Eigen::Index k = 0; k < pairs; ++k) {
            const double angle = given.angles[static_cast<std::size_t>(k)];
            alone.emplace_back(network_of(2, rotations(given.alpha, {angle}), cell, given.dt));
            circles.emplace_back(alone.back(), Eigen::Vector2d(0.4, 0.3));
            start.segment(2 * k, 2) = circles.back().first();
            truncation = std::max(truncation, circles.back().truncation());
        }
        const int tau_steps = static_cast<int>(std::lround(1.0 / given.dt));
        // Long enough for what is off the circle to die out, exp(-0.3 * 80) or faster.
        const int settling = 100 * tau_steps;
        const int steps = 2 * settling + 37;
        const LinearizedRun run(dynamics, start, steps);
        const Eigen::MatrixXd ends = random_matrix(units, 2, 1.0, 70);
        // Differences: fifth derivatives of the phase, below 1e3, times h^4 / 30 = 3e-18, and
        // rounding 1e-16 / h, grown tenfold by that of the steps: 1e-11; the means of the series
        // converge to some 1e-10. The series' tail falls by a steady factor a term, so that what is
        // cut is less than its last terms; tangents are at least 1/2.
        const double bound = 1e-9 + 2.0 * truncation;
        double worst = 0.0;
        for (const int lag : {steps, steps - 11, steps - settling}) {
            const int t = steps - lag;
            const Eigen::MatrixXd lambda = adjoints(run, ends, lag);
            for (Eigen::Index k = 0; k < pairs; ++k) {
                const auto i = static_cast<std::size_t>(k);
                const Eigen::VectorXd x =
                    LinearizedRun(alone[i], circles[i].first(), t).end_state();
                const Eigen::Vector2d z = phase_response(alone[i], circles[i], x, t, settling);
                EXPECT_NEAR(z.dot(circles[i].tangent(t)), 1.0, 2.0 * bound);
                for (Eigen::Index column = 0; column < 2; ++column) {
                    const Eigen::Vector2d end = ends.block<2, 1>(2 * k, column);
                    const Eigen::Vector2d expected = z * circles[i].tangent(steps).dot(end);
                    worst = std::max(worst, (lambda.block<2, 1>(2 * k, column) - expected).norm() /
                                                (z.norm() * end.norm()));
                }
            }
        }
        std::printf("%s: worst difference %.2g, bound %.2g\n", given.name, worst, bound);
        EXPECT_LT(worst, bound);
        // As many exponents are 0 as there are oscillators, and no more; forward and backward. What
        // the mean keeps of oscillating growth rates is below 1e-4 over 200 tau.
        const RunExponents exponents = run_exponents(run, units, {7, 1});
        for (std::size_t k = 0; k < exponents.tangent.size(); ++k) {
            const bool zero = k < given.angles.size();
            EXPECT_NEAR(exponents.tangent[k], exponents.adjoint[k], zero ? 1e-4 : 0.02);
            if (zero) {
                EXPECT_NEAR(exponents.tangent[k], 0.0, 1e-4);
            } else {
                EXPECT_LT(exponents.tangent[k], -0.05);
            }
        }
        // The norm holds a plateau: it comes back to what it was, never decays.
        const Eigen::MatrixXd norms = adjoint_norms(run, ends, std::vector<int>{settling, steps});
        for (Eigen::Index column = 0; column < 2; ++column) {
            EXPECT_GT(norms(1, column), 0.1 * norms(0, column));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Oscillators,
                         testing::Values(Oscillator{"flow", 1.5, 0.1, {0.5}},
                                         Oscillator{"map", 1.5, 1.0, {0.6180339887}},
                                         Oscillator{"two flows", 1.5, 0.1, {0.4, 0.71}},
                                         Oscillator{
                                             "three maps", 1.5, 1.0, {0.6180339887, 1.0, 2.02}}),
                         [](const auto& test) {
                             std::string name = test.param.name;
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

}  // namespace
}  // namespace shoal
