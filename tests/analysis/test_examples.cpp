// SPDX-License-Identifier: MIT
// Delay trajectories for the report.
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/experiments/examples.hpp"
#include "small_networks.hpp"

namespace shoal {
namespace {

using namespace test;

ExampleTrajectories examples(const AnalysisInput& input) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    return example_trajectories(input, Mechanism::direct, *exact);
}

// Two units whose rates differ only along (1, 1) / sqrt 2 after a while: x from (a, a) stays on it.
TEST(Examples, ComponentsAndOutputsAreThoseOfTheRates) {
    const AnalysisInput input =
        input_of(network_of(2, diagonal({2, 2}), Cell::current), {1, 1, -0.5, -0.5});
    const ExampleTrajectories example = examples(input);

    EXPECT_EQ(example.conclusions, 2);
    EXPECT_EQ(example.components, 2);
    EXPECT_EQ(example.samples, 101);  // 10 trials of 100 steps of 0.1, every tau, and the start
    EXPECT_DOUBLE_EQ(example.sample_interval, 1.0);
    ASSERT_EQ(example.outputs.size(), 202u);
    ASSERT_EQ(example.components_of_r.size(), 404u);
    // All variance lies on one line; what is left over is rounding.
    EXPECT_NEAR(example.variance_explained[0], 1.0, 1e-12);
    EXPECT_NEAR(example.variance_explained[1], 0.0, 1e-12);
    const double r = std::tanh(pitchfork(2.0));
    // z_o = 0.1 (r + r) at the end of each run, in single precision.
    EXPECT_NEAR(example.outputs[100], 0.2 * r, 1e-7);
    EXPECT_NEAR(example.outputs[201], -0.2 * r, 1e-7);
    // Positive loadings: the upper run ends sqrt 2 * 2 r above the lower one.
    EXPECT_NEAR(example.components_of_r[200] - example.components_of_r[402], std::sqrt(8.0) * r,
                1e-6);
}

TEST(Examples, AreTheSameBitsEveryTime) {
    const std::size_t units = 20;
    const AnalysisInput input =
        input_of(network_of(units, normals(units * units, 1.5 / std::sqrt(units), 50), Cell::rate),
                 normals(4 * units, 1.0, 51));
    const ExampleTrajectories first = examples(input);
    const ExampleTrajectories second = examples(input);

    EXPECT_EQ(first.outputs, second.outputs);
    EXPECT_EQ(first.components_of_r, second.components_of_r);
    EXPECT_EQ(first.variance_explained, second.variance_explained);
}

TEST(Examples, OfNumbersOutOfRangeThrowNothing) {
    const ExampleTrajectories example =
        examples(input_of(network_of(2, diagonal({2, 2}), Cell::current), {std::nan(""), 1}));
    EXPECT_EQ(example.components, 2);
}

}  // namespace
}  // namespace shoal
