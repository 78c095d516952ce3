// SPDX-License-Identifier: MIT
// FORCE training on the cpu backend against the reference in double.
#include <gtest/gtest.h>

#include <cmath>

#include "populations.hpp"

namespace shoal {
namespace {

constexpr int network_sizes[] = {1, 31, 32, 33, 100, 200};

struct Case {
    const char* backend;
    Precision precision;
    /// Bound of one trial of 7 tau from equal states: rounding grows by the largest exponent of
    /// such networks (below 0.5 per tau, a factor 30) and by the feedback loop while P is still
    /// near I (gains of order N); 1e4 eps covers both at N = 200 and is far below what a wrong term
    /// would give.
    double bound;
};

class ForceAgainstReference : public ::testing::TestWithParam<Case> {};

TEST_P(ForceAgainstReference, EveryTrialFromTheSameState) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto tested = make_backend(GetParam().backend, {GetParam().precision, 1, 0});
    for (const int units : network_sizes) {
        for (const Cell cell : all_values<Cell>) {
            NetworkFactory factory;
            const TestNetwork network = make_network(factory, units, 3, 1.2, cell);
            const auto states = train(*exact, network, 4);
            for (int i = 1; i < 4; ++i) {
                // The state of the reference is put into the tested backend before every trial.
                const auto session = tested->force_session();
                const int handle = session->add(network.model, network.rule,
                                                &states[static_cast<std::size_t>(i - 1)]);
                const Trial trial = trial_of(network, i);
                const ForceSession::Work work{handle, &trial, std::int64_t{i} * 70};
                TrialOutcome outcome;
                session->run_trial({&work, 1}, {&outcome, 1});
                const auto got = session->state(handle, ForceSession::Parts::everything);
                const auto& want = states[static_cast<std::size_t>(i)];
                const double bound = GetParam().bound;
                EXPECT_LE(distance(got.state, want.state), bound) << units;
                EXPECT_LE(distance(got.readout, want.readout), bound) << units;
                EXPECT_LE(distance(got.output, want.output), bound) << units;
                ASSERT_EQ(got.inverse_correlation.size(), 2u);
                for (std::size_t g = 0; g < 2; ++g) {
                    EXPECT_LE(distance(got.inverse_correlation[g], want.inverse_correlation[g]),
                              bound)
                        << units;
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ForceAgainstReference,
                         ::testing::Values(Case{"cpu", Precision::fp32, 1e4 * 0x1p-23},
                                           Case{"cpu", Precision::fp64, 1e4 * 0x1p-52},
                                           Case{"reference", Precision::fp32, 1e4 * 0x1p-23}),
                         [](const auto& setting) {
                             return std::string(setting.param.backend) + "_" +
                                    (setting.param.precision == Precision::fp32 ? "fp32" : "fp64");
                         });

class ForceEverywhere : public ::testing::TestWithParam<const char*> {};

TEST_P(ForceEverywhere, PlainForceCutsLongEpochs) {
    // 350 steps with an error at each: 175 updates in one epoch, cut at every max_pending_updates.
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto tested = make_backend(GetParam(), {Precision::fp64, 1, 0});
    NetworkFactory factory;
    TestNetwork network = make_network(factory, 40, 1);
    network.spec.task.durations = {};
    network.spec.training.error = ErrorSchedule::everywhere;
    network.task = make_task(network.spec.task, network.spec.network, ErrorSchedule::everywhere);
    network.rule.output_groups = network.task->output_groups();

    const auto want = train(*exact, network, 1).front();
    const auto got = train(*tested, network, 1).front();

    ASSERT_EQ(got.inverse_correlation.size(), 1u);
    // 35 tau in closed loop at exponents below 0.5 per tau: e^17 eps is 1e-8 in double.
    EXPECT_LE(distance(got.readout, want.readout), 1e-7);
    EXPECT_LE(distance(got.inverse_correlation[0], want.inverse_correlation[0]), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(All, ForceEverywhere, ::testing::Values("cpu"));

TEST(Force, DivergedNetworkIsRestoredAndLeavesOthersAlone) {
    for (const char* name : {"cpu", "reference"}) {
        const auto backend = make_backend(name, {Precision::fp32, 1, 0});
        NetworkFactory factory;
        const TestNetwork good = make_network(factory, 33, 0);
        TestNetwork bad = make_network(factory, 33, 0);
        bad.model.gain = 1e7;
        const auto alone = train(*backend, good, 1).front();
        const auto session = backend->force_session();
        const int a = session->add(bad.model, bad.rule, nullptr);
        const int b = session->add(good.model, good.rule, nullptr);
        const Trial trial = trial_of(good, 0);
        const std::vector<ForceSession::Work> work = {{a, &trial, 0}, {b, &trial, 0}};
        std::vector<TrialOutcome> outcomes(2);

        session->run_trial(work, outcomes);

        EXPECT_EQ(outcomes[0].diverged_at, 0) << name;
        EXPECT_EQ(outcomes[1].diverged_at, -1) << name;
        const auto kept = session->state(a, ForceSession::Parts::weights);
        for (std::size_t i = 0; i < kept.state.size(); ++i) {
            EXPECT_EQ(kept.state[i],
                      static_cast<double>(static_cast<float>(bad.model.initial_state[i])));
        }
        EXPECT_EQ(session->state(b, ForceSession::Parts::weights).readout, alone.readout) << name;
    }
}

}  // namespace
}  // namespace shoal
