// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.hpp"
#include "core/numbers.hpp"
#include "papers/claims_memory.hpp"
#include "records/full_records.hpp"
#include "temporary_folder.hpp"
#include "test_stats_population.hpp"

namespace shoal::test {
namespace {

/// A share as a claim: that more than half of the trials succeed.
Claim share_claim(std::size_t successes, std::size_t trials, int side = 1) {
    Claim claim;
    claim.id = "share";
    claim.null = 0.5;
    claim.side = side;
    claim.subjects = trials;
    claim.interval = [=](std::optional<std::uint32_t>, double confidence) {
        return wilson_interval(successes, trials, confidence);
    };
    return claim;
}

TEST(Claims, VerdictsFollowTheSideAndHolmsLevel) {
    const auto judged =
        judge_claims({share_claim(90, 100), share_claim(10, 100), share_claim(10, 100, -1),
                      share_claim(52, 100), share_claim(0, 0)});
    EXPECT_EQ(judged[0].verdict, Verdict::agrees);
    EXPECT_EQ(judged[1].verdict, Verdict::disagrees);
    EXPECT_EQ(judged[2].verdict, Verdict::agrees);
    EXPECT_EQ(judged[3].verdict, Verdict::undecided);
    EXPECT_EQ(judged[4].verdict, Verdict::not_tested);
    // 61 of 100 is beyond 1/2 at 5 % alone (p = 0.028), and no longer as one of three claims.
    EXPECT_EQ(judge_claims({share_claim(61, 100)})[0].verdict, Verdict::agrees);
    const auto three =
        judge_claims({share_claim(61, 100), share_claim(61, 100), share_claim(50, 100)});
    EXPECT_NEAR(three[0].p, 0.0278, 1e-4);
    EXPECT_NEAR(three[0].adjusted_p, 3 * 0.0278, 3e-4);
    EXPECT_EQ(three[0].verdict, Verdict::undecided);
}

TEST(Claims, SayHowManySubjectsWouldDecide) {
    const JudgedClaim judged = judge_claims({share_claim(55, 100)})[0];
    ASSERT_EQ(judged.verdict, Verdict::undecided);
    // A share of 0.55 against 0.5 with 80 % power at 5 %: about (1.96 + 0.84)^2 .25 / .05^2 = 785.
    EXPECT_NEAR(judged.times_as_many * 100, 785, 40);
    EXPECT_EQ(judge_claims({share_claim(50, 100)})[0].times_as_many, infinity);
}

TEST(Claims, ReplicatesThatAreAlikeWidenTheInterval) {
    // Four replicates of 50 networks; within a replicate all are the same: worth four values.
    Claim claim = share_claim(0, 0);
    claim.clusters = {0, 1, 2, 3};
    claim.interval = [](std::optional<std::uint32_t> without, double confidence) {
        std::size_t successes = 0;
        std::size_t trials = 0;
        for (std::uint32_t replicate = 0; replicate < 4; ++replicate) {
            if (without != replicate) {
                trials += 50;
                successes += replicate < 3 ? 50 : 0;
            }
        }
        return wilson_interval(successes, trials, confidence);
    };
    const JudgedClaim judged = judge_claims({claim})[0];
    EXPECT_EQ(judged.effect.estimate, 0.75);
    EXPECT_LT(judged.effect.low, 0.5);  // networks alone: [0.69, 0.81]
    EXPECT_EQ(judged.verdict, Verdict::undecided);
}

TEST(Claims, IntervalsStayWithinWhatTheEffectCanBe) {
    Claim claim = share_claim(0, 0);
    claim.clusters = {0, 1, 2};
    claim.range = {0.0, 0.0, 1.0};
    claim.interval = [](std::optional<std::uint32_t> without, double confidence) {
        return wilson_interval(without == 2u ? 0 : 9, 10, confidence);
    };
    const JudgedClaim judged = judge_claims({claim})[0];
    EXPECT_EQ(judged.effect.low, 0.0);
    EXPECT_EQ(judged.effect.high, 1.0);
}

TEST(Claims, TwoNetworksDecideNothingByThemselves) {
    Claim claim = share_claim(0, 0);
    claim.null = 0.0;
    claim.interval = [](std::optional<std::uint32_t>, double confidence) {
        return share_difference({102, 104}, {0, 2}, confidence);
    };
    EXPECT_LT(judge_claims({claim})[0].p, 1e-6);  // Newcombe's interval is no exact test
    claim.least_p = fisher_exact({102, 104}, {0, 2});
    EXPECT_NEAR(judge_claims({claim})[0].p, 6.0 / 5565, 1e-12);
}

/// Networks that bear out every claim: slow manifolds in `slow` of 240, forgetting and robust.
MemoryPopulation obliging_population(int slow = 120) {
    MemoryPopulation population;
    population.relabellings = {"all direct"};
    for (int i = 0; i < 240; ++i) {
        const auto u = [&](std::uint32_t question) {
            return draw(static_cast<std::uint32_t>(i), question);
        };
        MemoryNetwork network;
        network.replicate = static_cast<std::uint32_t>(i % 8);
        network.tested = true;
        network.mechanism = i < slow         ? Mechanism::slow_manifold
                            : i < slow + 50  ? Mechanism::direct
                            : i < slow + 80  ? Mechanism::limit_cycle
                            : i < slow + 100 ? Mechanism::mixed
                                             : Mechanism::none;
        const bool is_slow = network.mechanism == Mechanism::slow_manifold;
        const bool cycle = network.mechanism == Mechanism::limit_cycle;
        network.nominal_error = u(0);
        network.forgets = is_slow && u(1) < 0.9 ? 1.0 : 0.0;
        network.survival = network.forgets == 1.0 ? 20 * u(2) : infinity;
        network.attractors = is_slow ? 1 : 3;
        network.saturated = (is_slow ? 0.1 : 0.3) + 0.2 * u(3);
        network.biased_noise = (is_slow ? 4.0 : 1.0) + 2.0 * u(4);
        network.centred_noise = network.biased_noise;
        network.phasic = (is_slow ? 0.5 : 0.2) + 0.3 * u(5);
        network.adjoint_decay = (is_slow ? -1.0 : cycle ? 0.0 : -4.0) + 0.5 * u(6);
        network.relabelled = {network.mechanism == Mechanism::none ? Mechanism::none
                                                                   : Mechanism::direct};
        population.networks.push_back(network);
    }
    return population;
}

const JudgedClaim& find(const std::vector<JudgedClaim>& claims, const std::string& id) {
    for (const JudgedClaim& claim : claims) {
        if (claim.claim.id == id) {
            return claim;
        }
    }
    throw std::runtime_error(id);
}

TEST(MemoryClaims, AgreeWithAPopulationMadeToOblige) {
    const auto judged = judge_memory_claims(obliging_population());
    ASSERT_EQ(judged.size(), 10u);
    for (const JudgedClaim& claim : judged) {
        EXPECT_EQ(claim.verdict, Verdict::agrees) << claim.claim.id << " " << claim.p;
        EXPECT_EQ(claim.relabellings, 1u);
        EXPECT_EQ(claim.same_verdict, 0u) << claim.claim.id;  // no group is left to compare
        EXPECT_NE(claim.other_verdicts.find("all direct"), std::string::npos);
    }
    // 120 of the 170 that have either of the two most frequent ones.
    EXPECT_NEAR(find(judged, "slow_manifold_prevalent").effect.estimate, 120.0 / 170, 1e-15);
    // All 240 networks are the denominator, the 40 without a mechanism included.
    EXPECT_NEAR(find(judged, "four_mechanisms").effect.estimate, 20.0 / 240, 1e-15);
}

TEST(MemoryClaims, DisagreeWithTheOpposite) {
    MemoryPopulation population = obliging_population();
    for (MemoryNetwork& network : population.networks) {
        if (network.mechanism == Mechanism::slow_manifold) {
            network.mechanism = Mechanism::direct;
        } else if (network.mechanism == Mechanism::direct) {
            network.mechanism = Mechanism::slow_manifold;
        }
    }
    const auto judged = judge_memory_claims(population);
    for (const char* id : {"slow_manifold_prevalent", "slow_manifold_forgets", "fewer_attractors",
                           "less_saturated", "robust_to_noise", "robust_to_centred_noise",
                           "phasic_activity", "adjoint_slow_above_direct"}) {
        EXPECT_EQ(find(judged, id).verdict, Verdict::disagrees) << id;
    }
}

TEST(MemoryClaims, RobustnessIsComparedAtLikeNominalError) {
    // Robustness follows the nominal error alone, and slow manifolds have the smaller errors.
    MemoryPopulation population = obliging_population();
    for (MemoryNetwork& network : population.networks) {
        const bool is_slow = network.mechanism == Mechanism::slow_manifold;
        network.nominal_error = std::floor(5.0 * std::pow(network.nominal_error, is_slow ? 2 : 1));
        network.biased_noise = 10.0 - network.nominal_error;
    }
    EXPECT_EQ(find(judge_memory_claims(population), "robust_to_noise").verdict, Verdict::undecided);
}

TEST(MemoryClaims, WithoutAGroupAreNotTested) {
    MemoryPopulation population = obliging_population();
    for (MemoryNetwork& network : population.networks) {
        network.mechanism = Mechanism::none;
    }
    for (const JudgedClaim& claim : judge_memory_claims(population)) {
        // None of 240 does not yet rule out one in a hundred.
        EXPECT_EQ(claim.verdict,
                  claim.claim.id == "four_mechanisms" ? Verdict::undecided : Verdict::not_tested)
            << claim.claim.id;
    }
}

TEST(MemoryPopulation, IsReadFromRuns) {
    RunContent run = made_up_run();
    std::size_t accepted = 0;
    for (auto& [uid, analysis] : run.analysed) {
        auto full = std::make_shared<FullAnalysis>();
        full->forgetting.applicable = true;
        full->forgetting.median_survival = 199.5;
        full->forgetting.median_censored = analysis.mechanism == Mechanism::direct;
        full->noise.applicable = true;
        full->noise.uniform_half_right = 2.0;
        full->activity.phasic_index = 0.25;
        full->sensitivity.rows = {
            {VerdictThreshold::distinct, 0.1, 0.01, Mechanism::far, RuleLabel::direct},
            {VerdictThreshold::distinct, 1.0, 0.1, analysis.mechanism, RuleLabel::direct},
            {VerdictThreshold::rule_b_decimals, 1, 3, analysis.mechanism, RuleLabel::mixed},
            {VerdictThreshold::direct_from, 0, 3, analysis.mechanism, RuleLabel::direct},
            {VerdictThreshold::direct_from, 1, 4, Mechanism::mixed, RuleLabel::direct}};
        analysis.full = full;
        analysis.adjoint_norms = {1.0, 0.1, 0.001};
        ++accepted;
    }
    const MemoryPopulation population = memory_population({run});
    EXPECT_EQ(population.networks.size(), run.config.networks.size());
    EXPECT_EQ(population.accepted, accepted);
    EXPECT_EQ(population.analysed_in_full, accepted);
    EXPECT_EQ(population.relabellings,
              (std::vector<std::string>{"rule A", "rule B", "distinct x 0.1", "direct_from +1"}));
    for (std::size_t i = 0; i < population.networks.size(); ++i) {
        const MemoryNetwork& network = population.networks[i];
        const auto analysis = run.analysed.find(run.config.networks[i].uid);
        ASSERT_EQ(network.relabelled.size(), 4u);
        if (analysis == run.analysed.end()) {
            EXPECT_EQ(network.mechanism, Mechanism::none);
            EXPECT_TRUE(std::isnan(network.forgets));
            continue;
        }
        const bool direct = analysis->second.mechanism == Mechanism::direct;
        EXPECT_EQ(network.mechanism, analysis->second.mechanism);
        EXPECT_EQ(network.forgets, direct ? 0.0 : 1.0);
        EXPECT_EQ(network.survival, direct ? infinity : 199.5);
        EXPECT_EQ(network.biased_noise, 2.0);
        EXPECT_NEAR(network.adjoint_decay, -3.0, 1e-12);
        EXPECT_EQ(network.relabelled[2], Mechanism::far);
        EXPECT_EQ(network.relabelled[3], Mechanism::mixed);
    }
}

TEST(Claims, AreWrittenWhole) {
    const auto judged = judge_memory_claims(obliging_population());
    const TemporaryFolder folder;
    write_claims_csv(folder / "claims.csv", judged);
    const std::string csv = read_text_file(folder / "claims.csv");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
    const std::string text = format_claims(judged);
    const nlohmann::json data = claims_data(judged);
    ASSERT_EQ(data.size(), 10u);
    for (std::size_t i = 0; i < judged.size(); ++i) {
        EXPECT_NE(csv.find(judged[i].claim.id), std::string::npos);
        EXPECT_NE(text.find(judged[i].claim.statement), std::string::npos);
        EXPECT_EQ(data[i]["verdict"], "agrees");
    }
}

}  // namespace
}  // namespace shoal::test
