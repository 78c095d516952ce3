// SPDX-License-Identifier: MIT
#include "papers/claims_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>

#include "stats/quantile.hpp"

namespace shoal {
namespace {

/// A mechanism that one network in a hundred has is one that networks "fall into".
constexpr double least_share = 0.01;
constexpr std::size_t error_strata = 5;

/// Those that Ghazizadeh & Ching name.
constexpr std::array four_mechanisms = {Mechanism::direct, Mechanism::slow_manifold,
                                        Mechanism::limit_cycle, Mechanism::mixed};

using Networks = std::vector<MemoryNetwork>;
using Left = std::optional<std::uint32_t>;
using Measure = double MemoryNetwork::*;

bool stays(const MemoryNetwork& network, Left without) {
    return !without || network.replicate != *without;
}

std::vector<const MemoryNetwork*> of_mechanism(const Networks& networks, Mechanism mechanism,
                                               Left without = {}) {
    std::vector<const MemoryNetwork*> group;
    for (const MemoryNetwork& network : networks) {
        if (network.mechanism == mechanism && stays(network, without)) {
            group.push_back(&network);
        }
    }
    return group;
}

std::vector<double> values_of(const std::vector<const MemoryNetwork*>& group, Measure measure) {
    std::vector<double> values;
    for (const MemoryNetwork* network : group) {
        if (!std::isnan(network->*measure)) {
            values.push_back(network->*measure);
        }
    }
    return values;
}

std::string group_text(const Networks& networks, Mechanism mechanism, Measure measure) {
    std::vector<double> values = values_of(of_mechanism(networks, mechanism), measure);
    std::sort(values.begin(), values.end());
    if (values.empty()) {
        return fmt::format("{}: no network", name_of(mechanism));
    }
    const double median = values[values.size() / 2] == values[(values.size() - 1) / 2]
                              ? values[values.size() / 2]  // infinite ones, too
                              : sorted_quantile(values, 0.5);
    return fmt::format("{}: {} networks, median {:.3g}", name_of(mechanism), values.size(), median);
}

/// What every claim of this paper shares.
Claim claim_of(std::string id, std::string statement, const std::shared_ptr<Networks>& networks) {
    Claim claim;
    claim.id = std::move(id);
    claim.statement = std::move(statement);
    std::set<std::uint32_t> replicates;
    for (const MemoryNetwork& network : *networks) {
        replicates.insert(network.replicate);
    }
    claim.clusters.assign(replicates.begin(), replicates.end());
    claim.subjects = networks->size();
    return claim;
}

Claim four_claim(const std::shared_ptr<Networks>& networks) {
    Claim claim =
        claim_of("four_mechanisms", "Networks fall into four dynamical mechanisms.", networks);
    claim.hypothesis = fmt::format(
        "each of direct, slow_manifold, limit_cycle and mixed is the verdict on more than "
        "{:g} % of all networks, not accepted ones included",
        100.0 * least_share);
    claim.effect = "smallest of the four shares";
    claim.range = {0.0, 0.0, 1.0};
    claim.null = least_share;
    const auto counts = [](const Networks& all, Left without) {
        std::array<std::size_t, 4> of{};
        std::size_t tested = 0;
        for (const MemoryNetwork& network : all) {
            if (!network.tested || !stays(network, without)) {
                continue;
            }
            ++tested;
            for (std::size_t m = 0; m < of.size(); ++m) {
                of[m] += network.mechanism == four_mechanisms[m] ? 1 : 0;
            }
        }
        return std::pair(of, tested);
    };
    claim.interval = [networks, counts](Left without, double confidence) {
        const auto [of, tested] = counts(*networks, without);
        return wilson_interval(*std::min_element(of.begin(), of.end()), tested, confidence);
    };
    const auto [of, tested] = counts(*networks, {});
    for (std::size_t m = 0; m < of.size(); ++m) {
        claim.measured += fmt::format("{} {}, ", name_of(four_mechanisms[m]), of[m]);
    }
    claim.measured += fmt::format("of {} networks", tested);
    return claim;
}

Claim prevalent_claim(const std::shared_ptr<Networks>& networks) {
    Claim claim =
        claim_of("slow_manifold_prevalent",
                 "The prevalent mechanism stores memories along slow stable manifolds.", networks);
    claim.hypothesis =
        "of the networks that have either slow_manifold or the most frequent other mechanism, more "
        "than half have slow_manifold";
    claim.effect = "share of slow_manifold among the two";
    claim.range = {0.0, 0.0, 1.0};
    claim.null = 0.5;
    const auto rival = [](const Networks& all, Left without) {
        std::pair<Mechanism, std::size_t> most{Mechanism::none, 0};
        for (const Mechanism mechanism : enumerators(Mechanism{})) {
            if (mechanism == Mechanism::none || mechanism == Mechanism::undecided ||
                mechanism == Mechanism::slow_manifold) {
                continue;
            }
            const std::size_t count = of_mechanism(all, mechanism, without).size();
            if (count > most.second) {
                most = {mechanism, count};
            }
        }
        return most;
    };
    claim.interval = [networks, rival](Left without, double confidence) {
        const std::size_t slow = of_mechanism(*networks, Mechanism::slow_manifold, without).size();
        return wilson_interval(slow, slow + rival(*networks, without).second, confidence);
    };
    const auto [mechanism, count] = rival(*networks, {});
    claim.measured = fmt::format("slow_manifold {}, {} {}, of {} networks",
                                 of_mechanism(*networks, Mechanism::slow_manifold).size(),
                                 name_of(mechanism), count, networks->size());
    return claim;
}

Claim forgetting_claim(const std::shared_ptr<Networks>& networks) {
    Claim claim =
        claim_of("slow_manifold_forgets",
                 "Unlike storage at stable attractors, slow manifolds forget with time.", networks);
    claim.hypothesis =
        "the share of networks that lose half of their memories within the longest delay tried is "
        "larger with slow_manifold than with direct";
    claim.effect = "difference of shares";
    claim.range = {0.0, -1.0, 1.0};
    const auto count = [](const Networks& all, Mechanism mechanism, Left without) {
        const std::vector<double> forgets =
            values_of(of_mechanism(all, mechanism, without), &MemoryNetwork::forgets);
        return Count{static_cast<std::size_t>(std::count(forgets.begin(), forgets.end(), 1.0)),
                     forgets.size()};
    };
    claim.interval = [networks, count](Left without, double confidence) {
        return share_difference(count(*networks, Mechanism::slow_manifold, without),
                                count(*networks, Mechanism::direct, without), confidence);
    };
    claim.least_p = fisher_exact(count(*networks, Mechanism::slow_manifold, {}),
                                 count(*networks, Mechanism::direct, {}));
    for (const Mechanism mechanism : {Mechanism::slow_manifold, Mechanism::direct}) {
        const Count c = count(*networks, mechanism, {});
        claim.measured +=
            fmt::format("{}: {} of {} forget; ", name_of(mechanism), c.successes, c.trials);
    }
    claim.measured += "median survival " +
                      group_text(*networks, Mechanism::slow_manifold, &MemoryNetwork::survival);
    return claim;
}

struct GroupComparison {
    const char* id;
    const char* statement;
    const char* hypothesis;
    Measure measure;
    Mechanism first;
    Mechanism second;
    int side;
    bool matched;
};

/// Groups by quintiles of the nominal error of both together; unmatched: one stratum.
std::vector<Stratum> strata_of(const Networks& networks, const GroupComparison& what,
                               Left without) {
    auto first = of_mechanism(networks, what.first, without);
    auto second = of_mechanism(networks, what.second, without);
    const auto lacks = [&](const MemoryNetwork* n) { return std::isnan(n->*what.measure); };
    std::erase_if(first, lacks);
    std::erase_if(second, lacks);
    if (!what.matched) {
        return {{values_of(first, what.measure), values_of(second, what.measure)}};
    }
    std::vector<double> errors;
    for (const auto* group : {&first, &second}) {
        for (const MemoryNetwork* network : *group) {
            errors.push_back(network->nominal_error);
        }
    }
    errors = finite_sorted(std::move(errors));
    const auto stratum = [&](const MemoryNetwork& network) {
        std::size_t s = 0;
        while (s + 1 < error_strata &&
               network.nominal_error >
                   sorted_quantile(
                       errors, static_cast<double>(s + 1) / static_cast<double>(error_strata))) {
            ++s;
        }
        return s;
    };
    std::vector<Stratum> strata(error_strata);
    for (const MemoryNetwork* network : first) {
        strata[stratum(*network)].a.push_back(network->*what.measure);
    }
    for (const MemoryNetwork* network : second) {
        strata[stratum(*network)].b.push_back(network->*what.measure);
    }
    return strata;
}

Claim comparison_claim(const GroupComparison& what, const std::shared_ptr<Networks>& networks) {
    Claim claim = claim_of(what.id, what.statement, networks);
    claim.hypothesis = what.hypothesis;
    claim.effect = fmt::format("P({} > {}) + P(=) / 2{}", name_of(what.first), name_of(what.second),
                               what.matched ? ", within quintiles of the nominal error" : "");
    claim.null = 0.5;
    claim.range = {0.0, 0.0, 1.0};
    claim.side = what.side;
    claim.interval = [networks, what](Left without, double confidence) {
        return superiority(strata_of(*networks, what, without), confidence);
    };
    claim.measured = group_text(*networks, what.first, what.measure) + "; " +
                     group_text(*networks, what.second, what.measure);
    return claim;
}

constexpr GroupComparison comparisons[] = {
    {"fewer_attractors", "Slow manifolds use the attractor landscape more efficiently.",
     "slow_manifold networks have fewer attractors per solved task than direct ones (the label "
     "counts fixed points, so that it all but decides this one)",
     &MemoryNetwork::attractors, Mechanism::slow_manifold, Mechanism::direct, -1, false},
    {"less_saturated", "Slow manifolds use the attractor landscape more efficiently.",
     "in slow_manifold networks a smaller share of units is saturated in the delay, per solved "
     "task, than in direct ones",
     &MemoryNetwork::saturated, Mechanism::slow_manifold, Mechanism::direct, -1, false},
    {"robust_to_noise", "Slow manifolds are considerably more robust to noise.",
     "slow_manifold networks bear a larger sigma U(0, 1) + 0.5 on the stimulus (half of the runs "
     "right) than direct ones of like nominal error",
     &MemoryNetwork::biased_noise, Mechanism::slow_manifold, Mechanism::direct, 1, true},
    {"robust_to_centred_noise", "Slow manifolds are considerably more robust to noise.",
     "the same for noise of zero mean and equal variance (a control of ours)",
     &MemoryNetwork::centred_noise, Mechanism::slow_manifold, Mechanism::direct, 1, true},
    {"phasic_activity", "Slow manifolds go with phasic delay activity.",
     "the phasic index of delay activity is larger with slow_manifold than with direct",
     &MemoryNetwork::phasic, Mechanism::slow_manifold, Mechanism::direct, 1, false},
    {"adjoint_slow_above_direct",
     "Learning signals decay fast at fixed points and at the slow eigenvalue on slow manifolds "
     "(prediction that links both papers).",
     "the adjoint's norm two trial lengths back is larger with slow_manifold than with direct",
     &MemoryNetwork::adjoint_decay, Mechanism::slow_manifold, Mechanism::direct, 1, false},
    {"adjoint_cycle_above_slow",
     "Learning signals reach a plateau on limit cycles (prediction that links both papers).",
     "the adjoint's norm two trial lengths back is larger with limit_cycle than with slow_manifold",
     &MemoryNetwork::adjoint_decay, Mechanism::limit_cycle, Mechanism::slow_manifold, 1, false},
};

}  // namespace

std::vector<Claim> memory_claims(const MemoryPopulation& population, int relabelling) {
    const auto networks = std::make_shared<Networks>(population.networks);
    if (relabelling >= 0) {
        for (MemoryNetwork& network : *networks) {
            network.mechanism = network.relabelled[static_cast<std::size_t>(relabelling)];
        }
    }
    std::vector<Claim> claims = {four_claim(networks), prevalent_claim(networks),
                                 forgetting_claim(networks)};
    for (const GroupComparison& comparison : comparisons) {
        claims.push_back(comparison_claim(comparison, networks));
    }
    return claims;
}

std::vector<JudgedClaim> judge_memory_claims(const MemoryPopulation& population) {
    std::vector<JudgedClaim> judged = judge_claims(memory_claims(population));
    std::vector<Relabelling> others;
    for (std::size_t i = 0; i < population.relabellings.size(); ++i) {
        others.push_back(
            {population.relabellings[i], memory_claims(population, static_cast<int>(i))});
    }
    add_sensitivity(judged, others);
    return judged;
}

}  // namespace shoal
