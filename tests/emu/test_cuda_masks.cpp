// SPDX-License-Identifier: MIT
// Trials as a file may hold them, on the cuda backend against the reference in double: any masks,
// any groups; and networks that leave the range.
#include "core/error.hpp"
#include "emu/cuda_support.hpp"

namespace shoal {
namespace {

using Errors = std::function<bool(int, int)>;  ///< (step, group) -> whether there is an error

struct Masks {
    std::vector<int> groups;  ///< of each output
    bool overlap = false;
    int steps = 0;
    std::int64_t first_step = 0;
    Errors errors;
};

void expect_masks_agree(int units, Precision precision, const Masks& masks) {
    const auto outputs = static_cast<int>(masks.groups.size());
    NetworkFactory factory;
    NetworkSpec spec;
    spec.network.units = units;
    const NetworkModel model = factory.make(spec, 2, outputs);
    const ForceRule rule{1.0, masks.groups, masks.overlap};
    const Trial trial = masked_trial(masks.steps, 2, outputs, [&](int t, int o) {
        return masks.errors(t, masks.groups[static_cast<std::size_t>(o)]);
    });
    const auto exact = exact_backend();
    const auto tested = cuda_backend(precision);
    const auto want = run_one(*exact, model, rule, nullptr, trial, masks.first_step);
    const auto got = run_one(*tested, model, rule, nullptr, trial, masks.first_step);
    expect_close(got, want, trial_bound(precision, masks.steps));
}

/// On chip and streamed.
void expect_masks_agree_on_both_routes(const Masks& masks) {
    expect_masks_agree(33, Precision::fp32, masks);
    expect_masks_agree(33, Precision::fp64, masks);
}

TEST(masks, overlapping_groups) {
    const Errors errors = [](int t, int group) {
        return group == 0 ? t >= 5 && t < 30 : group == 1 ? t >= 20 && t < 45 : t % 7 < 4;
    };
    for (const int units : {33, 100}) {
        expect_masks_agree(units, Precision::fp32, {{0, 1, 1, 2}, true, 50, 0, errors});
    }
    expect_masks_agree(33, Precision::fp64, {{0, 1, 1, 2}, true, 50, 1, errors});
}

TEST(masks, epochs_with_more_updates_than_are_kept_pending) {
    const Errors always = [](int, int) { return true; };
    // 75 updates in one epoch; 33 and exactly 32 of them; 32 that end before the trial does.
    expect_masks_agree_on_both_routes({{0, 0}, false, 150, 0, always});
    expect_masks_agree_on_both_routes({{0}, false, 66, 0, always});
    expect_masks_agree_on_both_routes({{0}, false, 64, 0, always});
    expect_masks_agree_on_both_routes(
        {{0}, false, 80, 1, [](int t, int) { return t >= 3 && t < 67; }});
}

TEST(masks, epochs_of_one_step) {
    for (const int first_step : {0, 1}) {
        expect_masks_agree_on_both_routes(
            {{0, 1}, false, 40, first_step, [](int t, int g) { return t % 3 == 0 && g == 0; }});
        expect_masks_agree_on_both_routes(
            {{0, 1}, false, 40, first_step, [](int t, int g) { return t % 5 == 2 * g; }});
    }
}

TEST(masks, error_at_the_last_step_only) {
    for (const int first_step : {0, 1}) {
        expect_masks_agree_on_both_routes(
            {{0, 0, 0}, false, 21, first_step, [](int t, int) { return t == 20; }});
    }
}

TEST(masks, groups_that_take_turns_at_every_step) {
    for (const int first_step : {0, 1}) {
        expect_masks_agree_on_both_routes(
            {{0, 1}, false, 40, first_step, [](int t, int g) { return t % 2 == g; }});
        expect_masks_agree_on_both_routes(
            {{0, 1, 2}, false, 40, first_step, [](int t, int g) { return t % 3 == g; }});
    }
}

TEST(masks, one_group_after_another_without_a_gap) {
    expect_masks_agree_on_both_routes(
        {{0, 1, 1}, false, 40, 0, [](int t, int g) { return (t / 10) % 2 == g; }});
}

TEST(masks, no_error_at_all) {
    expect_masks_agree_on_both_routes({{0, 1}, false, 20, 0, [](int, int) { return false; }});
}

TEST(masks, as_many_groups_as_there_may_be) {
    Masks masks{{}, true, 12, 0, [](int t, int g) { return t % 5 == g % 5 || t == g; }};
    for (int g = 0; g < 32; ++g) {
        masks.groups.push_back(g);
    }
    expect_masks_agree(20, Precision::fp32, masks);
}

TEST(masks, more_groups_are_a_usage_error) {
    NetworkFactory factory;
    ForceRule rule;
    for (int g = 0; g < 33; ++g) {
        rule.output_groups.push_back(g);
    }
    NetworkSpec spec;
    spec.network.units = 20;
    const NetworkModel model = factory.make(spec, 2, 33);
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    try {
        session->add(model, rule, nullptr);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("32 readout groups"), std::string::npos);
    }
}

// ---- Networks that leave the range

void give_readout(NetworkModel& model) {
    for (std::size_t i = 0; i < model.readout.size(); ++i) {
        model.readout[i] = 0.1 * standard_normal(random_bits({8, 0}, Purpose::test, 0, 0,
                                                             static_cast<std::uint32_t>(i)));
    }
}

/// Four networks: some diverge, in the middle of the trial; the others must not
/// notice.
void expect_diverged_are_restored(int units, Precision precision) {
    NetworkFactory factory;
    std::vector<TestNetwork> networks;
    for (std::uint32_t i = 0; i < 4; ++i) {
        networks.push_back(make_network(factory, units, i));
        give_readout(networks.back().model);
    }
    networks[1].model.gain = 1.2e4;  // the state leaves the range
    for (double& weight : networks[2].model.feedback) {
        weight *= 1e8;  // an output does, after the first epoch
    }
    const auto backend = cuda_backend(precision);
    const auto exact = exact_backend();
    const auto session = backend->force_session();
    std::vector<Trial> trials;
    std::vector<ForceSession::Work> work;
    std::vector<ForceState> before;
    for (const TestNetwork& network : networks) {
        trials.push_back(trial_of(network, 0));
        work.push_back({session->add(network.model, network.rule, nullptr), nullptr, 0});
        before.push_back(session->state(work.back().handle, ForceSession::Parts::everything));
    }
    for (std::size_t i = 0; i < work.size(); ++i) {
        work[i].trial = &trials[i];
    }
    std::vector<TrialOutcome> outcomes(work.size());
    session->run_trial(work, outcomes);

    for (std::size_t i = 0; i < networks.size(); ++i) {
        const TestNetwork& network = networks[i];
        const auto want = run_one(*exact, network.model, network.rule, nullptr, trials[i], 0);
        EXPECT_EQ(outcomes[i].diverged_at, want.outcome.diverged_at) << i;
        const auto after = session->state(work[i].handle, ForceSession::Parts::everything);
        if (i == 1 || i == 2) {
            EXPECT_GE(outcomes[i].diverged_at, i == 1 ? 1 : 0) << i;
            EXPECT_EQ(after.state, before[i].state) << i;
            EXPECT_EQ(after.readout, before[i].readout) << i;
            EXPECT_EQ(after.output, before[i].output) << i;
        } else {
            EXPECT_EQ(outcomes[i].diverged_at, -1) << i;
            const auto alone =
                run_one(*backend, network.model, network.rule, nullptr, trials[i], 0);
            EXPECT_TRUE(same_bits(after, alone.state)) << i;
        }
    }
}

/// Targets that no network can have: after some updates the output leaves the range, when P and the
/// readout have changed already.
void expect_divergence_after_updates(int units, Precision precision) {
    NetworkFactory factory;
    TestNetwork network = make_network(factory, units, 5);
    give_readout(network.model);
    Trial trial = trial_of(network, 0);
    for (double& target : trial.targets) {
        target *= 1e5;
    }
    const auto backend = cuda_backend(precision);
    const auto session = backend->force_session();
    const ForceSession::Work work{session->add(network.model, network.rule, nullptr), &trial, 0};
    const auto before = session->state(work.handle, ForceSession::Parts::weights);
    TrialOutcome outcome;
    session->run_trial({&work, 1}, {&outcome, 1});
    const auto after = session->state(work.handle, ForceSession::Parts::weights);
    const auto want = run_one(*exact_backend(), network.model, network.rule, nullptr, trial, 0);
    EXPECT_EQ(outcome.diverged_at, want.outcome.diverged_at);
    EXPECT_GT(outcome.diverged_at, 20);  // the first epoch begins at step 20
    EXPECT_TRUE(same_bits(after, before));
    for (std::size_t o = 0; o < 3; ++o) {
        EXPECT_NEAR(outcome.rms_error[o], want.outcome.rms_error[o],
                    trial_bound(precision, 70) * std::max(1.0, want.outcome.rms_error[o]));
    }
}

const bool registered = [] {
    for (const int units : {31, 33, 100, 200}) {
        add_test("divergence", "restored_" + size_name(units),
                 [=] { expect_diverged_are_restored(units, Precision::fp32); });
    }
    for (const int units : {1, 33, 100, 200, 205}) {
        add_test("divergence", "after_updates_" + size_name(units),
                 [=] { expect_divergence_after_updates(units, Precision::fp32); });
    }
    add_test("divergence", "restored_n33_fp64",
             [] { expect_diverged_are_restored(33, Precision::fp64); });
    add_test("divergence", "after_updates_n33_fp64",
             [] { expect_divergence_after_updates(33, Precision::fp64); });
    return true;
}();

}  // namespace
}  // namespace shoal
