// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "model/network.hpp"

namespace shoal {
namespace {

NetworkSpec spec_of(int units) {
    NetworkSpec spec;
    spec.network.units = units;
    return spec;
}

std::vector<double> all_rows(const RecurrentMatrix& matrix) {
    const auto n = static_cast<std::size_t>(matrix.units());
    std::vector<double> values(n * n);
    for (std::size_t to = 0; to < n; ++to) {
        matrix.row(static_cast<int>(to), std::span(values).subspan(to * n, n));
    }
    return values;
}

TEST(RandomSparseMatrix, DensityMeanAndVariance) {
    const int n = 400;
    const double p = 0.6;
    const auto j = all_rows(*random_sparse_matrix({1, 0}, n, p));
    double nonzero = 0, sum = 0, squares = 0;
    for (const double w : j) {
        nonzero += w != 0.0 ? 1 : 0;
        sum += w;
        squares += w * w;
    }
    const double entries = n * n;
    // Five standard errors. Var(w^2) of a kept entry is 2 / (p n)^2; of every entry (3/p - 1) /
    // n^2.
    EXPECT_NEAR(nonzero / entries, p, 5 * std::sqrt(p * (1 - p) / entries));
    EXPECT_NEAR(sum / entries, 0.0, 5 * std::sqrt(1.0 / n / entries));
    EXPECT_NEAR(squares / n, 1.0, 5 * std::sqrt((3 / p - 1) / entries));
}

TEST(RandomSparseMatrix, DenserMatricesKeepThePatternAndTheNormals) {
    const int n = 50;
    const auto sparse = all_rows(*random_sparse_matrix({3, 1}, n, 0.4));
    const auto dense = all_rows(*random_sparse_matrix({3, 1}, n, 0.9));
    for (std::size_t i = 0; i < sparse.size(); ++i) {
        if (sparse[i] != 0.0) {
            ASSERT_NE(dense[i], 0.0);
            EXPECT_NEAR(sparse[i] * std::sqrt(0.4 * n), dense[i] * std::sqrt(0.9 * n),
                        4e-16 * std::abs(dense[i]) * std::sqrt(0.9 * n) * 4);
        }
    }
}

TEST(RandomSparseMatrix, AnyRowAlone) {
    // Rows need not start at a block of four draws: odd sizes.
    const auto matrix = random_sparse_matrix({3, 1}, 7, 0.5);
    const auto all = all_rows(*matrix);
    std::vector<double> row(7);
    matrix->row(5, row);
    EXPECT_EQ(row, std::vector<double>(all.begin() + 35, all.begin() + 42));
}

TEST(NetworkFactory, SharesMatricesAcrossGainsAndScales) {
    NetworkFactory factory;
    NetworkSpec a = spec_of(20);
    NetworkSpec b = a;
    b.network.gain = 1.5;
    b.network.feedback_scale = 1.0;
    NetworkSpec other_density = a;
    other_density.network.density = 0.7;
    NetworkSpec other_replicate = a;
    other_replicate.replicate = 1;

    const auto model_a = factory.make(a, 2, 3);
    const auto model_b = factory.make(b, 2, 3);

    EXPECT_EQ(model_a.recurrent, model_b.recurrent);
    EXPECT_NE(model_a.recurrent, factory.make(other_density, 2, 3).recurrent);
    EXPECT_NE(model_a.recurrent, factory.make(other_replicate, 2, 3).recurrent);
    // Common random numbers: feedback differs by its scale alone.
    for (std::size_t i = 0; i < model_a.feedback.size(); ++i) {
        EXPECT_DOUBLE_EQ(model_a.feedback[i] * 5.0, model_b.feedback[i]);
    }
    EXPECT_EQ(model_a.input, model_b.input);
    EXPECT_EQ(model_a.initial_state, model_b.initial_state);
}

TEST(NetworkFactory, GaussAndUniformScales) {
    NetworkSpec spec = spec_of(2000);
    spec.network.feedback_scale = 0.5;
    for (const Init init : {Init::gauss, Init::uniform}) {
        spec.network.init = init;
        NetworkFactory factory;
        const auto model = factory.make(spec, 2, 3);
        double squares = 0, largest = 0;
        for (const double w : model.feedback) {
            squares += w * w / static_cast<double>(model.feedback.size());
            largest = std::max(largest, std::abs(w));
        }
        const double variance = init == Init::gauss ? 0.25 : 0.25 / 3;
        // Five standard errors of a mean square of 6000 draws: sqrt(2 / n) Gaussian, less for
        // uniform.
        EXPECT_NEAR(squares, variance, 5 * variance * std::sqrt(2.0 / 6000));
        EXPECT_EQ(largest <= 0.5, init == Init::uniform);
        for (const double x : model.readout) {
            EXPECT_EQ(x, 0.0);
        }
    }
}

TEST(NetworkFactory, UnderGradientsTheReadoutIsDrawnAndNothingIsFedBack) {
    NetworkSpec spec = spec_of(2000);
    spec.training.method = TrainingMethod::bptt;
    spec.network.readout_scale = 0.5;
    for (const Init init : {Init::gauss, Init::uniform}) {
        spec.network.init = init;
        NetworkFactory factory;
        const auto model = factory.make(spec, 2, 3);
        double squares = 0;
        for (const double w : model.readout) {
            squares += w * w;
        }
        // 6000 draws of variance 0.25 / 2000, five standard errors of their mean square.
        EXPECT_NEAR(squares / 0.75, 1.0, 5 * std::sqrt(2.0 / 6000));
        EXPECT_TRUE(model.feedback.empty());
        EXPECT_TRUE(model.bias.empty());
        EXPECT_EQ(model.initial_state, std::vector<double>(2000, 0.0));
    }
}

TEST(NetworkFactory, FromAFileByReplicate) {
    InitialWeights weights;
    weights.networks = 2;
    weights.units = 2;
    weights.inputs = 1;
    weights.recurrent = {1, 2, 3, 4, 5, 6, 7, 8};
    weights.input = {0.1, 0.2, 0.3, 0.4};
    weights.bias = {1, 2, 3, 4};
    NetworkFactory factory([&](const std::string& path, ArrayOrder order) {
        EXPECT_EQ(path, "w.h5");
        EXPECT_EQ(order, ArrayOrder::c);
        return weights;
    });
    NetworkSpec spec = spec_of(2);
    spec.network.init = Init::file;
    spec.network.path = "w.h5";
    spec.network.gain = 1.0;
    spec.replicate = 1;

    const auto model = factory.make(spec, 1, 1);

    EXPECT_EQ(all_rows(*model.recurrent), (std::vector<double>{5, 6, 7, 8}));
    EXPECT_EQ(model.input, (std::vector<double>{0.3, 0.4}));
    EXPECT_EQ(model.bias, (std::vector<double>{3, 4}));

    weights.outputs = 1;
    weights.readout = {5, 6, 7, 8};
    weights.initial_state = {0.5, 0.6, 0.7, 0.8};
    NetworkFactory whole([&](const std::string&, ArrayOrder) { return weights; });
    EXPECT_EQ(whole.make(spec, 1, 1).readout, (std::vector<double>{0, 0}));  // FORCE's own
    spec.training.method = TrainingMethod::bptt;
    const auto trained = whole.make(spec, 1, 1);
    EXPECT_EQ(trained.readout, (std::vector<double>{7, 8}));
    EXPECT_EQ(trained.initial_state, (std::vector<double>{0.7, 0.8}));
    EXPECT_THROW(whole.make(spec, 1, 2), Error);

    spec.replicate = 2;
    EXPECT_THROW(factory.make(spec, 1, 1), Error);
    spec.replicate = 0;
    spec.network.units = 3;
    EXPECT_THROW(factory.make(spec, 1, 1), Error);
    spec.network.units = 2;
    EXPECT_THROW(factory.make(spec, 2, 1), Error);
}

TEST(EffectiveMatrix, FoldsFeedbackIn) {
    NetworkModel model;
    model.units = 2;
    model.outputs = 1;
    model.gain = 2.0;
    model.recurrent = dense_matrix(2, {1, 2, 3, 4});
    model.feedback = {10, 20};
    model.readout = {0.5, 0.25};

    // [to, from]: 2 J[to, from] + feedback[to] readout[from]
    EXPECT_EQ(effective_matrix(model), (std::vector<double>{2 + 5, 4 + 2.5, 6 + 10, 8 + 5}));
}

}  // namespace
}  // namespace shoal
