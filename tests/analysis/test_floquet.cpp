// SPDX-License-Identifier: MIT
// Floquet multipliers of cycles so long that their small multipliers lie below the rounding of the
// largest, against the reduced flow of a network of rank 2; the products of matrices under them.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "analysis/attractors/attractor_census.hpp"
#include "analysis/attractors/limit_cycle.hpp"
#include "analysis/linear/frame.hpp"
#include "analysis/linear/product_spectrum.hpp"
#include "core/numbers.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

/// x = M k with dk/dt = -k + V' tanh(M k), current cells: W = M V'. Two units a row.
class RankTwo {
  public:
    RankTwo(int units, double w) : m_(units, 2), v_(units, 2) {
        const Eigen::Matrix2d b = 2.0 * (Eigen::Matrix2d() << 1.6, -w, w, 1.6).finished();
        for (int unit = 0; unit < units; ++unit) {
            const double angle = 2.0 * std::numbers::pi * (unit + 0.5) / units;
            m_.row(unit) << 1.95 * std::cos(angle), 1.5 * std::sin(angle);
        }
        v_ = m_ * b.transpose() / units;
    }
    Dynamics dynamics() const {
        return {Cell::current, 1.0, 0.1, m_ * v_.transpose(), Eigen::VectorXd::Zero(m_.rows())};
    }
    /// d/dt of (k, integral of the trace of the reduced flow's Jacobian).
    Eigen::Vector3d derivative(const Eigen::Vector3d& y) const {
        const Eigen::VectorXd r = (m_ * y.head(2)).array().tanh();
        const Eigen::VectorXd slopes = 1.0 - r.array().square();
        const double trace = -2.0 + (v_.array() * m_.array()).rowwise().sum().matrix().dot(slopes);
        Eigen::Vector3d result;
        result << -y.head(2) + v_.transpose() * r, trace;
        return result;
    }
    Eigen::Vector3d step(const Eigen::Vector3d& y, double h) const {
        const Eigen::Vector3d k1 = derivative(y), k2 = derivative(y + h / 2 * k1);
        const Eigen::Vector3d k3 = derivative(y + h / 2 * k2), k4 = derivative(y + h * k3);
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    Eigen::VectorXd state(const Eigen::Vector3d& y) const { return m_ * y.head(2); }

  private:
    Eigen::MatrixXd m_, v_;
};

/// A state on the cycle, its period, and the logarithm of its second multiplier, which is the
/// integral of the trace (Liouville): by Runge-Kutta steps of 1e-2 between passages of k_1 = 0
/// upward, which Newton's method finds.
struct ReducedCycle {
    Eigen::Vector3d state;
    double period = 0.0;
    double log_multiplier = 0.0;
};
ReducedCycle reduced_cycle(const RankTwo& network) {
    constexpr double h = 1e-2;
    Eigen::Vector3d y(0.5, 0.1, 0.0);
    ReducedCycle cycle;
    double begun = -1.0;
    for (int i = 0;; ++i) {
        const Eigen::Vector3d next = network.step(y, h);
        if (i * h > 200.0 && y[1] < 0.0 && next[1] >= 0.0) {
            double part = h * -y[1] / (next[1] - y[1]);
            for (int round = 0; round < 5; ++round) {
                const Eigen::Vector3d there = network.step(y, part);
                part -= there[1] / network.derivative(there)[1];
            }
            const Eigen::Vector3d there = network.step(y, part);
            if (begun >= 0.0) {
                cycle.period = i * h + part - begun;
                cycle.log_multiplier = there[2] - cycle.log_multiplier;
                cycle.state = there;
                return cycle;
            }
            begun = i * h + part;
            cycle.log_multiplier = there[2];
        }
        y = next;
    }
}

/// What S_k+1 factor S_k^-1, k = 0 ... count - 1, S_count = S_0, make of the frame: their product
/// is similar to factor^count.
CarriedFrame carry(const Eigen::MatrixXd& factor, int count, const Eigen::MatrixXd& frame) {
    const Eigen::Index n = factor.rows();
    const auto basis = [&](int k) -> Eigen::MatrixXd {
        return random_frame({7, static_cast<std::uint32_t>(k % count)}, n, n) +
               4.0 * Eigen::MatrixXd::Identity(n, n);
    };
    CarriedFrame carried(frame);
    for (int k = 0; k < count; ++k) {
        carried.extend(basis(k + 1) * factor * basis(k).inverse() * carried.end());
    }
    return carried;
}

// Moduli of 1 to 1e-420, a pair that turns, one with a modulus close to another's, and zeros.
TEST(ProductSpectrum, HasSmallErrorsRelativeToEachEigenvalue) {
    constexpr int count = 60;
    Eigen::MatrixXd factor = Eigen::MatrixXd::Zero(7, 7);
    factor(0, 0) = 1.0;
    factor.block(1, 1, 2, 2) << 0.5, -0.2, 0.2, 0.5;
    factor(3, 3) = -0.5;
    factor(4, 4) = 1e-3;
    factor(5, 5) = 1e-7;
    const Eigen::MatrixXd frame = Eigen::MatrixXd::Identity(7, 7);
    const CarriedFrame carried = carry(factor, count, frame);
    const ProductSpectrum spectrum = product_spectrum(frame, carried, 1e-6);
    ASSERT_EQ(spectrum.eigenvalues.size(), 7u);
    EXPECT_TRUE(spectrum.parted);
    std::complex<double> turning = std::pow(std::complex<double>(0.5, 0.2), count);
    turning.imag(std::abs(turning.imag()));
    const std::complex<double> expected[] = {
        1.0, turning, std::conj(turning), std::pow(0.5, count), 1e-180, 0.0, 0.0};
    const double logs[] = {0.0,
                           std::log(std::abs(turning)),
                           std::log(std::abs(turning)),
                           count * std::log(0.5),
                           count * std::log(1e-3),
                           count * std::log(1e-7),
                           -infinity};
    for (std::size_t i = 0; i < 7; ++i) {
        if (i == 6) {
            EXPECT_EQ(spectrum.eigenvalues[i].log_modulus, -infinity);
            EXPECT_EQ(spectrum.eigenvalues[i].value, 0.0);
            continue;
        }
        // A factor's rounding, n u of its norm, counts against the diagonal of the smallest: S has
        // a condition below 10, and frames lose 7 digits a factor.
        const double error = count * 7 * 0x1p-53 * 100 * (i < 4 ? 10 : i == 4 ? 1e3 : 1e7);
        EXPECT_NEAR(spectrum.eigenvalues[i].log_modulus, logs[i], error) << i;
        EXPECT_LE(std::abs(spectrum.eigenvalues[i].value - expected[i]),
                  error * std::abs(expected[i]))
            << i;
    }
    // Two leading columns carry one subspace that is kept, and one that they miss.
    const Eigen::MatrixXd narrow = frame.leftCols(2);
    EXPECT_EQ(product_spectrum(narrow, carry(factor, count, narrow), 1e-6).eigenvalues.size(), 0u);
    Eigen::MatrixXd turned = carry(factor, count, narrow).end();
    for (int round = 0; round < 2; ++round) {
        turned = carry(factor, count, turned).end();
    }
    const auto known = product_spectrum(turned, carry(factor, count, turned), 1e-6).eigenvalues;
    ASSERT_EQ(known.size(), 1u);  // half of a pair is none
    EXPECT_NEAR(known[0].log_modulus, 0.0, 1e-10);
}

struct LongCycle {
    int units;
    double w;
};

// The multipliers are 1, that of the reduced flow, and exp(-T) as often as there are other units.
// Those below 1e-16 came out as rounding, and above 64 units all of them as 0.
TEST(Floquet, SmallMultipliersOfLongCyclesKeepTheirDigits) {
    for (const auto& [units, w] : {LongCycle{48, 1.2},
                                   {48, 0.5},
                                   {48, 0.434},
                                   {96, 1.2},
                                   {96, 0.5},
                                   {96, 0.434},
                                   {200, 1.2},
                                   {200, 0.5},
                                   {200, 0.434}}) {
        const RankTwo network(units, w);
        const ReducedCycle expected = reduced_cycle(network);
        const Dynamics dynamics = network.dynamics();
        const RefinedCycle cycle =
            refine_cycle(dynamics, network.state(expected.state), 1.001 * expected.period);
        ASSERT_TRUE(cycle.converged) << units << ' ' << w << ' ' << cycle.limits;
        EXPECT_NEAR(cycle.period, expected.period, 1.2 * cycle.period_error + 1e-6);
        EXPECT_LE(cycle.trivial_error, 1e-6) << cycle.limits;
        EXPECT_EQ(cycle.unstable, 0);
        EXPECT_EQ(cycle.neutral, 0);
        // Steps h of the Runge-Kutta method turn a rate l into l (1 + (l h)^4 / 120); logarithms
        // have that relative error, with rates of 1 on the units that decay and below 1.8 along the
        // orbit.
        const double steps = std::max(256.0, std::ceil(20.0 * cycle.period));
        const double error = std::pow(1.8 * cycle.period / steps, 4) / 120.0;
        // What is given, and what is not, is said.
        ASSERT_GE(cycle.multipliers.size(), 11u);
        const bool all = cycle.multipliers.size() == static_cast<std::size_t>(units);
        EXPECT_EQ(cycle.limits, all ? "" : "Multipliers given: the largest 11 of 200.");
        EXPECT_NEAR(cycle.multipliers[1].log_modulus, expected.log_multiplier,
                    error * expected.period);
        EXPECT_NEAR(cycle.multipliers[1].value.real(), std::exp(expected.log_multiplier),
                    2.0 * error * expected.period * std::exp(expected.log_multiplier));
        for (std::size_t i = 2; i < cycle.multipliers.size(); ++i) {
            EXPECT_NEAR(cycle.multipliers[i].log_modulus, -cycle.period, error * expected.period);
        }
    }
}

// A flow in steps so long that the run locks to four of them: the exponents of the run have no 0.
TEST(Floquet, AFlowWithoutAZeroExponentSaysSo) {
    const NetworkModel model = network_of(2, rotations(2.0, {1.6}), Cell::rate, 0.9);
    CensusInput input;
    input.model = model;
    input.trial_steps = 100;
    input.key = {7, 1};
    input.starts = {{StartKind::memory, Eigen::Vector2d(0.5, 0.1)}};
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const CensusResult found = census(input, *exact);
    ASSERT_EQ(found.attractors.size(), 1u) << found.summary.limits;
    EXPECT_FALSE(found.attractors[0].neutral_is_zero);
    EXPECT_NE(found.attractors[0].limits.find("No exponent is 0"), std::string::npos)
        << found.attractors[0].limits;
}

}  // namespace
}  // namespace shoal
