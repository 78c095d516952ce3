// SPDX-License-Identifier: MIT
// A network on the cuda backend has the same bits alone, in any company and order, across save and
// restore, and whether its trials are drawn on the device or written out.
#include <numeric>

#include "emu/cuda_support.hpp"
#include "task/sequential_sum_recipe.hpp"

namespace shoal {
namespace {

/// Networks of every route. Those of one size and replicate share their matrix; trials differ in
/// length and number, first steps are even and odd.
std::vector<TestNetwork> mixed_networks(NetworkFactory& factory, const std::vector<int>& sizes) {
    std::vector<TestNetwork> networks;
    for (const int units : sizes) {
        for (std::uint32_t i = 0; i < 3; ++i) {
            const Cell cell = i == 1 ? Cell::rate : Cell::current;
            TestNetwork network = i == 1 && units < 200
                                      ? make_network(factory, units, i / 2, 1.1, cell)
                                      : make_brief_network(factory, units, i / 2, cell);
            network.model.gain += 0.1 * i;
            if (i == 2) {
                add_bias(network.model);
            }
            networks.push_back(std::move(network));
        }
    }
    return networks;
}

ForceSession::Work work_of(const TestNetwork& network, std::size_t number, int handle, int round,
                           Trial& trial) {
    const int at = round + static_cast<int>(number % 4);
    trial = trial_of(network, at);
    return {handle, &trial,
            std::int64_t{at} * network.task->shape().steps + static_cast<int>(number % 3)};
}

ForceState state_of(const ForceSession& session, int handle) {
    return session.state(handle, ForceSession::Parts::everything);
}

constexpr int rounds = 2;

std::vector<ForceState> train_together(Backend& backend, const std::vector<TestNetwork>& networks,
                                       const std::vector<std::size_t>& order) {
    const auto session = backend.force_session();
    std::vector<int> handles(networks.size(), -1);
    for (const std::size_t i : order) {
        handles[i] = session->add(networks[i].model, networks[i].rule, nullptr);
    }
    for (int round = 0; round < rounds; ++round) {
        std::vector<Trial> trials(networks.size());
        std::vector<ForceSession::Work> work;
        for (const std::size_t i : order) {
            work.push_back(work_of(networks[i], i, handles[i], round, trials[i]));
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session->run_trial(work, outcomes);
    }
    std::vector<ForceState> states;
    for (const int handle : handles) {
        states.push_back(handle < 0 ? ForceState{} : state_of(*session, handle));
    }
    return states;
}

void expect_same_bits_in_any_company(const std::vector<int>& sizes, Precision precision) {
    NetworkFactory factory;
    const auto networks = mixed_networks(factory, sizes);
    const auto backend = cuda_backend(precision);
    std::vector<std::size_t> order(networks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto together = train_together(*backend, networks, order);
    std::reverse(order.begin(), order.end());
    std::rotate(order.begin(), order.begin() + 4, order.end());
    const auto other_order = train_together(*backend, networks, order);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const auto alone = train_together(*backend, networks, {i});
        EXPECT_TRUE(same_bits(together[i], alone[i])) << i << ": " << networks[i].model.units;
        EXPECT_TRUE(same_bits(other_order[i], alone[i])) << i << ": " << networks[i].model.units;
    }
}

TEST(force_session, same_bits_in_any_company_fp32) {
    expect_same_bits_in_any_company({1, 33, 64, 100, 129, 200, 257}, Precision::fp32);
}
TEST(force_session, same_bits_in_any_company_fp64) {
    expect_same_bits_in_any_company({1, 33, 65}, Precision::fp64);
}

/// Networks come and go between trials; whoever stays, leaves or comes later has the bits it has
/// alone.
TEST(force_session, networks_added_and_removed_between_trials) {
    NetworkFactory factory;
    const auto networks = mixed_networks(factory, {33, 100, 205});
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    std::vector<int> handles(networks.size(), -1);
    std::vector<int> done(networks.size(), 0);
    std::vector<ForceState> states(networks.size());
    for (int round = 0; round < 4; ++round) {
        for (std::size_t i = 0; i < networks.size(); ++i) {
            // Network i enters in round i % 3 and leaves after its two trials.
            if (static_cast<int>(i % 3) == round) {
                handles[i] = session->add(networks[i].model, networks[i].rule, nullptr);
            }
        }
        std::vector<Trial> trials(networks.size());
        std::vector<ForceSession::Work> work;
        for (std::size_t i = 0; i < networks.size(); ++i) {
            if (handles[i] >= 0) {
                work.push_back(work_of(networks[i], i, handles[i], done[i]++, trials[i]));
            }
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session->run_trial(work, outcomes);
        for (std::size_t i = 0; i < networks.size(); ++i) {
            if (done[i] == rounds && handles[i] >= 0) {
                states[i] = state_of(*session, handles[i]);
                session->remove(handles[i]);
                handles[i] = -1;
            }
        }
    }
    for (std::size_t i = 0; i < networks.size(); ++i) {
        EXPECT_TRUE(same_bits(states[i], train_together(*backend, networks, {i})[i])) << i;
    }
}

void expect_same_bits_after_resume(int units, Precision precision) {
    NetworkFactory factory;
    const TestNetwork network = make_brief_network(factory, units, 5);
    const auto backend = cuda_backend(precision);
    const auto straight = train(*backend, network, 3);
    const auto resumed = run_one(*backend, network.model, network.rule, &straight[1],
                                 trial_of(network, 2), 2 * network.task->shape().steps);
    EXPECT_TRUE(same_bits(resumed.state, straight[2]));
    EXPECT_FALSE(same_bits(straight[1], straight[2]));
}

TEST(force_session, no_work_is_no_error) {
    cuda_backend()->force_session()->run_trial({}, {});
}

// ---- Trials drawn on the device

void expect_drawn_trials_are_the_written_ones(const TestNetwork& network, Precision precision) {
    const auto backend = cuda_backend(precision);
    const auto drawn = backend->force_session();
    const auto written = backend->force_session();
    const int a = drawn->add(network.model, network.rule, nullptr);
    const int b = written->add(network.model, network.rule, nullptr);
    const RandomKey key = network.spec.key();
    const auto types = network.task->training_order(key, 64);
    for (const int i : {0, 1, 7}) {
        Trial trial;
        const int type = types[static_cast<std::size_t>(i)];
        network.task->training_trial(key, i, type, trial);
        const std::int64_t first_step = std::int64_t{i} * network.task->shape().steps;
        const ForceSession::Work by_recipe{
            a, nullptr, first_step, {network.task->recipe(), key, i, type}};
        const ForceSession::Work by_trial{b, &trial, first_step};
        TrialOutcome got, want;
        drawn->run_trial({&by_recipe, 1}, {&got, 1});
        written->run_trial({&by_trial, 1}, {&want, 1});
        EXPECT_EQ(got.rms_error, want.rms_error);
        EXPECT_EQ(got.diverged_at, want.diverged_at);
        EXPECT_TRUE(same_bits(state_of(*drawn, a), state_of(*written, b))) << "trial " << i;
    }
}

TestNetwork with_source(int units, StimulusSource source, ErrorSchedule schedule) {
    NetworkFactory factory;
    TestNetwork network = make_network(factory, units, 2);
    network.spec.task.source = source;
    network.task = make_task(network.spec.task, network.spec.network, schedule);
    network.rule = force_rule(1.0, *network.task);
    return network;
}

/// Stimulus rows are kept on the device by where the host has them: other rows may come to stand
/// there.
TEST(draw_trials, other_rows_at_the_same_place) {
    NetworkFactory factory;
    const TestNetwork network = make_network(factory, 33, 2);
    auto recipe = dynamic_cast<const SequentialSumRecipe&>(*network.task->recipe());
    std::vector<double> rows = {0.5, -0.25, 1.0, 0.125};
    recipe.trials.rows[0] = recipe.trials.rows[1] = rows.data();
    recipe.trials.row_count[0] = recipe.trials.row_count[1] = 2;
    const auto backend = cuda_backend();
    const auto first_trial = [&](ForceSession& session) {
        const ForceSession::Work work{session.add(network.model, network.rule, nullptr),
                                      nullptr,
                                      0,
                                      {&recipe, network.spec.key(), 0, 1}};
        TrialOutcome outcome;
        session.run_trial({&work, 1}, {&outcome, 1});
        return state_of(session, work.handle);
    };
    const auto session = backend->force_session();
    const auto before = first_trial(*session);
    rows = {-1.5, 0.75, 0.25, 2.0};
    const auto after = first_trial(*session);
    EXPECT_FALSE(same_bits(before, after));
    EXPECT_TRUE(same_bits(after, first_trial(*backend->force_session())));
}

TEST(draw_trials, drawn_and_written_in_one_call) {
    NetworkFactory factory;
    const TestNetwork network = make_network(factory, 33, 2);
    const auto backend = cuda_backend();
    const auto session = backend->force_session();
    ASSERT_TRUE(session->draws(*network.task->recipe()));
    const Trial trial = trial_of(network, 0);
    const int type = network.task->training_order(network.spec.key(), 64).front();
    const TrialDraw draw{network.task->recipe(), network.spec.key(), 0, type};
    std::vector<ForceSession::Work> work;
    for (int i = 0; i < 4; ++i) {
        const int handle = session->add(network.model, network.rule, nullptr);
        work.push_back({handle, i % 2 == 0 ? &trial : nullptr, 0, draw});
    }
    std::vector<TrialOutcome> outcomes(work.size());
    session->run_trial(work, outcomes);
    const auto alone = train(*backend, network, 1).front();
    for (const auto& one : work) {
        EXPECT_TRUE(same_bits(state_of(*session, one.handle), alone)) << one.handle;
    }
}

const bool registered = [] {
    for (const int units : {1, 31, 32, 33, 64, 100, 128, 200, 257}) {
        add_test("force_session", "resumed_" + size_name(units),
                 [=] { expect_same_bits_after_resume(units, Precision::fp32); });
    }
    for (const int units : {1, 33, 100}) {
        add_test("force_session", "resumed_" + size_name(units) + "_fp64",
                 [=] { expect_same_bits_after_resume(units, Precision::fp64); });
    }
    const auto draws = [](const std::string& name, int units, Precision precision,
                          StimulusSource source, ErrorSchedule schedule) {
        add_test("draw_trials", name, [=] {
            expect_drawn_trials_are_the_written_ones(with_source(units, source, schedule),
                                                     precision);
        });
    };
    using enum StimulusSource;
    draws("digits_n33", 33, Precision::fp32, digits, ErrorSchedule::epochs);
    draws("gaussians_n33", 33, Precision::fp32, gaussians, ErrorSchedule::epochs);
    draws("digits_everywhere_n33", 33, Precision::fp32, digits, ErrorSchedule::everywhere);
    draws("gaussians_everywhere_n100", 100, Precision::fp32, gaussians, ErrorSchedule::everywhere);
    draws("digits_n32_fp64", 32, Precision::fp64, digits, ErrorSchedule::epochs);
    draws("gaussians_everywhere_n32_fp64", 32, Precision::fp64, gaussians,
          ErrorSchedule::everywhere);
    return true;
}();

}  // namespace
}  // namespace shoal
