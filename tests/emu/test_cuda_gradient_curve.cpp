// SPDX-License-Identifier: MIT
// Training curves of the cuda backend beside those of the cpu backend.
#include <vector>

#include "emu/gradient_support.hpp"

namespace shoal {
namespace {

constexpr int iterations = 120;

/// Loss of every iteration; the same few trials again and again, so that they can be learned.
std::vector<double> curve(Backend& backend, const GradientCase& c) {
    const auto session = backend.gradient_session();
    const int handle = session->add(c.model(), c.rule(), nullptr);
    const TrialBatch batch = c.trials();
    std::vector<double> losses;
    for (int i = 0; i < iterations; ++i) {
        const GradientSession::Work work{handle, &batch, i};
        IterationOutcome outcome;
        session->run_iteration({&work, 1}, {&outcome, 1});
        EXPECT_FALSE(outcome.diverged);
        losses.push_back(outcome.loss);
    }
    return losses;
}

/// Where Adam's epsilon is of the size of the gradients an update is as exact as the gradient, e =
/// gradient_bound: the ways that two backends take through weight space differ by e of their length
/// to first order, and losses by e of what was gained on the way, which is less than the first loss
/// L(0). What the way's curvature adds is allowed three times that. A backend that does not learn
/// stays at L(0), a wrong one anywhere.
void expect_curves_agree(Precision precision) {
    GradientCase c;
    c.units = 20;
    c.batch = 2;
    c.training.learning_rate = 0.1;
    c.training.iterations = iterations;
    c.training.epsilon = 0.1;
    const std::vector<double> want = curve(*make_backend("cpu", {Precision::fp32, 1, 0}), c);
    const std::vector<double> got = curve(*cuda_backend(precision), c);
    ASSERT_LT(want.back(), 0.5 * want.front()) << "nothing was learned";
    const double bound = 4 * gradient_bound(c, precision) * want.front();
    ASSERT_LT(bound, 0.5 * (want.front() - want.back())) << "the bound could not tell";
    double largest = 0.0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        largest = std::fmax(largest, std::abs(got[i] - want[i]));
        ASSERT_NEAR(got[i], want[i], bound) << "iteration " << i;
    }
    ::testing::Test::RecordProperty("largest_difference", std::to_string(largest / want.front()));
}

TEST(gradient_curve, fp32) {
    expect_curves_agree(Precision::fp32);
}
TEST(gradient_curve, tf32) {
    expect_curves_agree(Precision::tf32);
}
TEST(gradient_curve, bf16) {
    expect_curves_agree(Precision::bf16);
}

}  // namespace
}  // namespace shoal
