// SPDX-License-Identifier: MIT
// A network has the same bits alone, in any company, order, thread count, and across save and
// restore.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "populations.hpp"

namespace shoal {
namespace {

struct Setting {
    const char* backend;
    Precision precision;
};

class SameBits : public ::testing::TestWithParam<Setting> {
  protected:
    std::unique_ptr<Backend> backend(int threads) const {
        return make_backend(GetParam().backend, {GetParam().precision, threads, 0});
    }
};

bool same(const ForceState& a, const ForceState& b) {
    return a.state == b.state && a.readout == b.readout && a.output == b.output &&
           a.inverse_correlation == b.inverse_correlation;
}

/// Ragged mix: several sizes, several networks per matrix, some matrices used once.
std::vector<TestNetwork> ragged_mix(NetworkFactory& factory) {
    std::vector<TestNetwork> networks;
    for (const int units : {1, 31, 32, 33, 100}) {
        for (int i = 0; i < 9; ++i) {
            networks.push_back(make_network(factory, units,
                                            i < 7 ? 0u : static_cast<std::uint32_t>(i),
                                            0.8 + 0.1 * i, i == 4 ? Cell::rate : Cell::current));
        }
    }
    return networks;
}

constexpr int trials = 3;

/// Trains all networks together, in the order given; states by network.
std::vector<ForceState> train_together(Backend& backend, const std::vector<TestNetwork>& networks,
                                       const std::vector<std::size_t>& order) {
    const auto session = backend.force_session();
    std::vector<int> handles(networks.size());
    for (const std::size_t i : order) {
        handles[i] = session->add(networks[i].model, networks[i].rule, nullptr);
    }
    for (int t = 0; t < trials; ++t) {
        std::vector<Trial> inputs;
        for (const auto& network : networks) {
            inputs.push_back(trial_of(network, t));
        }
        std::vector<ForceSession::Work> work;
        for (const std::size_t i : order) {
            work.push_back({handles[i], &inputs[i], std::int64_t{t} * 70});
        }
        std::vector<TrialOutcome> outcomes(work.size());
        session->run_trial(work, outcomes);
    }
    std::vector<ForceState> states;
    for (const int handle : handles) {
        states.push_back(session->state(handle, ForceSession::Parts::everything));
    }
    return states;
}

TEST_P(SameBits, AloneAndInAnyCompanyOrderAndThreadCount) {
    NetworkFactory factory;
    const auto networks = ragged_mix(factory);
    std::vector<std::size_t> order(networks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto one = backend(1);
    const auto together = train_together(*one, networks, order);

    for (std::size_t i = 0; i < networks.size(); ++i) {
        EXPECT_TRUE(same(train(*one, networks[i], trials).back(), together[i])) << i;
    }
    for (const int threads : {2, 5}) {
        const auto permutation =
            random_permutation({1, static_cast<std::uint32_t>(threads)}, Purpose::test,
                               static_cast<std::uint32_t>(order.size()));
        const std::vector<std::size_t> shuffled(permutation.begin(), permutation.end());
        const auto again = train_together(*backend(threads), networks, shuffled);
        for (std::size_t i = 0; i < networks.size(); ++i) {
            EXPECT_TRUE(same(again[i], together[i])) << i << " with " << threads << " threads";
        }
    }
}

TEST_P(SameBits, AcrossSaveAndRestore) {
    NetworkFactory factory;
    const auto any = backend(1);
    for (const int units : {1, 33, 100}) {
        const TestNetwork network = make_network(factory, units, 5);
        const auto straight = train(*any, network, 3);
        const auto session = any->force_session();
        const int handle = session->add(network.model, network.rule, &straight[0]);
        for (int t = 1; t < 3; ++t) {
            const Trial trial = trial_of(network, t);
            const ForceSession::Work work{handle, &trial, std::int64_t{t} * 70};
            TrialOutcome outcome;
            session->run_trial({&work, 1}, {&outcome, 1});
        }
        EXPECT_TRUE(same(session->state(handle, ForceSession::Parts::everything), straight[2]));
    }
}

TEST_P(SameBits, WhateverStoodInASlotBefore) {
    NetworkFactory factory;
    const auto any = backend(1);
    const TestNetwork first = make_network(factory, 33, 1, 1.5);
    const TestNetwork second = make_network(factory, 33, 2, 0.8);
    const auto alone = train(*any, second, 1).back();
    const auto session = any->force_session();
    const Trial trial_first = trial_of(first, 0);
    const Trial trial_second = trial_of(second, 0);
    TrialOutcome outcome;
    ForceSession::Work work{session->add(first.model, first.rule, nullptr), &trial_first, 0};
    session->run_trial({&work, 1}, {&outcome, 1});
    session->remove(work.handle);
    work = {session->add(second.model, second.rule, nullptr), &trial_second, 0};

    session->run_trial({&work, 1}, {&outcome, 1});

    EXPECT_TRUE(same(session->state(work.handle, ForceSession::Parts::everything), alone));
}

INSTANTIATE_TEST_SUITE_P(All, SameBits,
                         ::testing::Values(Setting{"cpu", Precision::fp32},
                                           Setting{"cpu", Precision::fp64},
                                           Setting{"reference", Precision::fp32},
                                           Setting{"reference", Precision::fp64}),
                         [](const auto& setting) {
                             return std::string(setting.param.backend) + "_" +
                                    (setting.param.precision == Precision::fp32 ? "fp32" : "fp64");
                         });

}  // namespace
}  // namespace shoal
