// SPDX-License-Identifier: MIT
// Distributions and structure of the recurrent matrices that training starts from.
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <set>
#include <vector>

#include "kolmogorov.hpp"
#include "model/initialisers.hpp"
#include "model/locking_curve.hpp"

namespace shoal::test {
namespace {

using std::numbers::pi;
constexpr double roundoff = 0x1p-53;

Eigen::MatrixXd whole(const RecurrentMatrix& matrix) {
    const int n = matrix.units();
    Eigen::MatrixXd values(n, n);
    std::vector<double> row(static_cast<std::size_t>(n));
    for (int to = 0; to < n; ++to) {
        matrix.row(to, row);
        values.row(to) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), n);
    }
    return values;
}

std::vector<double> entries(const Eigen::MatrixXd& matrix) {
    return {matrix.data(), matrix.data() + matrix.size()};
}

double spectral_radius(const Eigen::MatrixXd& matrix) {
    return Eigen::EigenSolver<Eigen::MatrixXd>(matrix, false).eigenvalues().cwiseAbs().maxCoeff();
}

NetworkSpec spec_of(Init init, int units) {
    NetworkSpec spec;
    spec.network.init = init;
    spec.network.units = units;
    spec.network.gain = 1.0;
    spec.training.method = TrainingMethod::bptt;
    return spec;
}

TEST(Initialisers, PairsAreScaledRotations) {
    const RandomKey key{7, 3};
    for (const bool flow : {false, true}) {
        const Eigen::MatrixXd w =
            whole(flow ? *quasi_periodic_flow_matrix(key, 62) : *quasi_periodic_matrix(key, 62));
        for (int i = 0; i < 62; ++i) {
            for (int j = 0; j < 62; ++j) {
                if (i / 2 != j / 2) {
                    ASSERT_EQ(w(i, j), 0.0);
                }
            }
        }
        for (std::uint32_t k = 0; k < 31; ++k) {
            const auto radius = uniform01(random_bits(key, Purpose::init_radius, 0, 0, k));
            const auto angle = uniform01(random_bits(key, Purpose::init_angle, 0, 0, k));
            TurningPair pair = turning_pair(radius, angle);
            if (flow) {
                pair = {1.5, pi / 21 + angle * (pi / 3.8 - pi / 21)};
            }
            // Sine and cosine are within 2 u of theirs, the product adds u, the library's own u.
            const double bound = 4 * roundoff * pair.alpha;
            const auto block = w.block<2, 2>(2 * k, 2 * k);
            EXPECT_NEAR(block(0, 0), pair.alpha * std::cos(pair.theta), bound);
            EXPECT_NEAR(block(1, 0), pair.alpha * std::sin(pair.theta), bound);
            EXPECT_EQ(block(1, 1), block(0, 0));
            EXPECT_EQ(block(0, 1), -block(1, 0));
        }
    }
}

TEST(Initialisers, FlowPairsTurnInContinuousTime) {
    const Eigen::MatrixXd w = whole(*quasi_periodic_flow_matrix({1, 0}, 4000));
    std::vector<double> angles;
    for (int k = 0; k < 2000; ++k) {
        const double theta = std::atan2(w(2 * k + 1, 2 * k), w(2 * k, 2 * k));
        // An unstable origin, and no fixed point elsewhere.
        ASSERT_GT(1.5 * std::cos(theta), 1.0);
        ASSERT_GT(theta, locking_angle(1.5));
        angles.push_back((theta - pi / 21) / (pi / 3.8 - pi / 21));
    }
    EXPECT_LT(kolmogorov_distance(angles, [](double x) { return x; }), kolmogorov_limit);
    EXPECT_NEAR(spectral_radius(w.topLeftCorner(40, 40)), 1.5, 40 * 1.5 * 4 * roundoff);
}

TEST(Initialisers, OrthogonalToRounding) {
    for (const int n : {1, 2, 33, 200}) {
        const Eigen::MatrixXd q = whole(*orthogonal_matrix({2, 5}, n));
        const double worst = (q.transpose() * q - Eigen::MatrixXd::Identity(n, n)).norm();
        // n reflections, each off by a small multiple of n u at worst (Higham 2002, lemma 19.3), in
        // practice sqrt(n) u; both factors of the product.
        const double bound = 8.0 * n * std::sqrt(n) * roundoff;
        std::printf("n %d: |Q'Q - I| = %.2g, bound %.2g\n", n, worst, bound);
        EXPECT_LT(worst, bound);
    }
}

TEST(Initialisers, OrthogonalMatricesAreUniform) {
    // Under Haar measure the first row of a 3 x 3 matrix is uniform on the sphere: its entries are
    // uniform on (-1, 1) (Archimedes). The trace tells a missing choice of signs: its moments for n
    // = 5 are E tr = 0, E tr^2 = 1, E tr^4 = 3 (Diaconis & Shahshahani 1994).
    std::vector<double> corner;
    std::vector<double> middle;
    double trace = 0.0;
    double squares = 0.0;
    constexpr int count = 4000;
    int proper = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Eigen::MatrixXd small = whole(*orthogonal_matrix({9, i}, 3));
        corner.push_back(0.5 + 0.5 * small(0, 0));
        middle.push_back(0.5 + 0.5 * small(2, 1));
        proper += small.determinant() > 0.0 ? 1 : 0;
        const double t = whole(*orthogonal_matrix({11, i}, 5)).trace();
        trace += t / count;
        squares += t * t / count;
    }
    const auto uniform = [](double x) { return x; };
    EXPECT_LT(kolmogorov_distance(corner, uniform), kolmogorov_limit);
    EXPECT_LT(kolmogorov_distance(middle, uniform), kolmogorov_limit);
    // Four standard errors.
    EXPECT_NEAR(trace, 0.0, 4 * std::sqrt(1.0 / count));
    EXPECT_NEAR(squares, 1.0, 4 * std::sqrt(2.0 / count));
    EXPECT_NEAR(static_cast<double>(proper) / count, 0.5, 4 * std::sqrt(0.25 / count));
}

TEST(Initialisers, IdentityAndGlorot) {
    EXPECT_EQ(whole(*identity_matrix(7)), Eigen::MatrixXd::Identity(7, 7));
    const Eigen::MatrixXd w = whole(*glorot_matrix({4, 1}, 150));
    const double limit = std::sqrt(6.0 / (150 + 150));
    EXPECT_LE(w.cwiseAbs().maxCoeff(), limit);
    EXPECT_LT(kolmogorov_distance(entries(w), [&](double x) { return 0.5 + 0.5 * x / limit; }),
              kolmogorov_limit);
}

TEST(Initialisers, GaussianEntries) {
    const Eigen::MatrixXd w = whole(*random_sparse_matrix({4, 1}, 150, 1.0)) * std::sqrt(150.0);
    EXPECT_LT(kolmogorov_distance(entries(w), normal_distribution), kolmogorov_limit);
}

TEST(Initialisers, SpectralRadiiNearOne) {
    // Circular law: entries of variance 1 / n fill the unit disc. The radius exceeds 1 by about
    // sqrt(log(n / 2 pi) / 4 n) = 0.07 and fluctuates by less than that (Rider 2003).
    constexpr int n = 200;
    EXPECT_NEAR(spectral_radius(whole(*random_sparse_matrix({1, 0}, n, 0.6))), 1.0, 0.15);
    EXPECT_NEAR(spectral_radius(whole(*glorot_matrix({1, 0}, n))), 1.0, 0.15);
    EXPECT_NEAR(spectral_radius(whole(*orthogonal_matrix({1, 0}, n))), 1.0, 1e-12);
    EXPECT_EQ(spectral_radius(whole(*identity_matrix(n))), 1.0);
}

TEST(Initialisers, LowRankPartPlusRandomPart) {
    const RandomKey key{6, 2};
    constexpr int n = 400;
    constexpr double density = 0.5;
    const Eigen::MatrixXd structured = whole(*low_rank_matrix(key, n, 0.0, density, 2, 3.0));
    const Eigen::MatrixXd sum = whole(*low_rank_matrix(key, n, 0.7, density, 2, 3.0));
    const Eigen::MatrixXd random = 0.7 * whole(*random_sparse_matrix(key, n, density));
    EXPECT_LT((structured - structured.transpose()).cwiseAbs().maxCoeff(),
              8 * roundoff * structured.cwiseAbs().maxCoeff());
    EXPECT_LT((sum - structured - random).cwiseAbs().maxCoeff(),
              8 * roundoff * sum.cwiseAbs().maxCoeff());

    const Eigen::VectorXd values =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(structured, Eigen::EigenvaluesOnly)
            .eigenvalues();
    EXPECT_LT(values.head(n - 2).cwiseAbs().maxCoeff(), 100 * roundoff * n);
    // Squared lengths and the product of two normal vectors over n: standard deviations sqrt(2/n)
    // and sqrt(1/n); an eigenvalue of their 2 x 2 matrix is off by at most the sum of five of each.
    EXPECT_NEAR(values[n - 1], 3.0, 3.0 * 5 * (std::sqrt(2.0 / n) + std::sqrt(1.0 / n)));
    EXPECT_NEAR(values[n - 2], 3.0, 3.0 * 5 * (std::sqrt(2.0 / n) + std::sqrt(1.0 / n)));

    std::vector<double> normals;
    for (std::uint32_t i = 0; i < n; ++i) {
        normals.push_back(standard_normal(random_bits(key, Purpose::low_rank_weight, 0, 0, i)));
    }
    const Eigen::Map<const Eigen::VectorXd> m(normals.data(), n);
    const Eigen::MatrixXd one = whole(*low_rank_matrix(key, n, 0.0, density, 1, 3.0));
    EXPECT_LT((one - 3.0 / n * m * m.transpose()).cwiseAbs().maxCoeff(),
              4 * roundoff * one.cwiseAbs().maxCoeff());
    EXPECT_LT(kolmogorov_distance(normals, normal_distribution), kolmogorov_limit);
}

TEST(NetworkFactory, EveryInitialiserByName) {
    NetworkFactory factory;
    const RandomKey key = spec_of(Init::gauss, 12).key();
    const auto made = [&](Init init) {
        return whole(*factory.make(spec_of(init, 12), 1, 1).recurrent);
    };
    EXPECT_EQ(made(Init::gauss), whole(*random_sparse_matrix(key, 12, 0.6)));
    EXPECT_EQ(made(Init::uniform), made(Init::gauss));
    EXPECT_EQ(made(Init::quasi_periodic), whole(*quasi_periodic_matrix(key, 12)));
    EXPECT_EQ(made(Init::quasi_periodic_flow), whole(*quasi_periodic_flow_matrix(key, 12)));
    EXPECT_EQ(made(Init::orthogonal), whole(*orthogonal_matrix(key, 12)));
    EXPECT_EQ(made(Init::identity), whole(*identity_matrix(12)));
    EXPECT_EQ(made(Init::glorot), whole(*glorot_matrix(key, 12)));
    EXPECT_EQ(made(Init::low_rank), whole(*low_rank_matrix(key, 12, 1.0, 0.6, 1, 1.0)));
}

TEST(NetworkFactory, GainScalesTheMatrixAndForLowRankTheRandomPart) {
    NetworkFactory factory;
    for (const Init init : {Init::gauss, Init::quasi_periodic, Init::orthogonal, Init::glorot}) {
        NetworkSpec spec = spec_of(init, 10);
        const auto one = effective_matrix(factory.make(spec, 1, 1));
        spec.network.gain = 2.0;
        auto two = effective_matrix(factory.make(spec, 1, 1));
        for (std::size_t i = 0; i < two.size(); ++i) {
            EXPECT_EQ(two[i], 2.0 * one[i]);
        }
    }
    NetworkSpec spec = spec_of(Init::low_rank, 10);
    spec.network.gain = 2.0;
    const NetworkModel model = factory.make(spec, 1, 1);
    EXPECT_EQ(model.gain, 1.0);
    EXPECT_EQ(whole(*model.recurrent), whole(*low_rank_matrix(spec.key(), 10, 2.0, 0.6, 1, 1.0)));
}

TEST(RecurrentIdentity, EqualExactlyForEqualMatrices) {
    std::set<std::string> identities;
    std::size_t different = 0;
    const auto differs = [&](const NetworkSpec& spec) {
        identities.insert(recurrent_identity(spec));
        return identities.size() == ++different;
    };
    for (const Init init : {Init::gauss, Init::quasi_periodic, Init::quasi_periodic_flow,
                            Init::orthogonal, Init::identity, Init::glorot, Init::low_rank}) {
        NetworkSpec spec = spec_of(init, 10);
        EXPECT_TRUE(differs(spec));
        spec.network.units = 12;
        EXPECT_TRUE(differs(spec));
        // What leaves the matrix as it is.
        const std::string before = recurrent_identity(spec);
        spec.network.input_scale = 3.0;
        spec.network.readout_scale = 3.0;
        spec.network.gain = init == Init::low_rank ? 1.0 : 1.7;
        EXPECT_EQ(recurrent_identity(spec), before);
        spec.replicate = 4;
        if (init == Init::identity) {
            EXPECT_EQ(recurrent_identity(spec), before);
        } else {
            EXPECT_TRUE(differs(spec));
            spec.seed = 5;
            EXPECT_TRUE(differs(spec));
        }
        if (init == Init::low_rank) {
            spec.network.rank = 2;
            EXPECT_TRUE(differs(spec));
            spec.network.rank_gain = 0.5;
            EXPECT_TRUE(differs(spec));
            spec.network.gain = 0.5;
            EXPECT_TRUE(differs(spec));
            spec.network.density = 0.5;
            EXPECT_TRUE(differs(spec));
        }
    }
    EXPECT_EQ(recurrent_identity(spec_of(Init::gauss, 10)),
              recurrent_identity(spec_of(Init::uniform, 10)));
}

}  // namespace
}  // namespace shoal::test
