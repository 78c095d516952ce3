// SPDX-License-Identifier: MIT
// FORCE training on the cuda backend against the reference in double, at sizes that hurt.
#include <gtest/gtest.h>

#include <string>

#include "backend/populations.hpp"

namespace shoal {
namespace {

/// Sizes around warps and tiles, the largest on chip, the first that is not, and larger ones.
constexpr int sizes[] = {1, 31, 32, 33, 64, 65, 100, 128, 129, 200, 204, 205, 257};

class force_trial : public ::testing::TestWithParam<int> {};

/// Bound of one trial of 7 tau from equal states, as for the cpu backend: rounding grows by the
/// largest exponent of such networks (below 0.5 per tau, a factor 30) and by the feedback loop
/// while P is still near I (gains of order N); 1e4 eps covers both at these N.
constexpr double bound = 1e4 * 0x1p-23;

void expect_agreement(int units, Precision precision, double limit) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto tested = make_backend("cuda", {precision, 1, 0});
    for (const Cell cell : {Cell::current, Cell::rate}) {
        NetworkFactory factory;
        const TestNetwork network = make_network(factory, units, 3, 1.2, cell);
        const auto states = train(*exact, network, 3);
        for (int i = 1; i < 3; ++i) {
            // The state of the reference is put into the tested backend before every trial.
            const auto session = tested->force_session();
            const int handle =
                session->add(network.model, network.rule, &states[static_cast<std::size_t>(i - 1)]);
            const Trial trial = trial_of(network, i);
            const ForceSession::Work work{handle, &trial, std::int64_t{i} * 70};
            TrialOutcome outcome;
            session->run_trial({&work, 1}, {&outcome, 1});
            const auto got = session->state(handle, ForceSession::Parts::everything);
            const auto& want = states[static_cast<std::size_t>(i)];
            EXPECT_LE(distance(got.state, want.state), limit);
            EXPECT_LE(distance(got.readout, want.readout), limit);
            EXPECT_LE(distance(got.output, want.output), limit);
            ASSERT_EQ(got.inverse_correlation.size(), 2u);
            for (std::size_t g = 0; g < 2; ++g) {
                EXPECT_LE(distance(got.inverse_correlation[g], want.inverse_correlation[g]), limit);
            }
        }
    }
}

TEST_P(force_trial, fp32) {
    expect_agreement(GetParam(), Precision::fp32, bound);
}

INSTANTIATE_TEST_SUITE_P(n, force_trial, ::testing::ValuesIn(sizes),
                         [](const auto& setting) { return std::to_string(setting.param); });

}  // namespace
}  // namespace shoal
