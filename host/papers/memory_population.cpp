// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "papers/claims_memory.hpp"
#include "records/full_records.hpp"

namespace shoal {
namespace {

Mechanism as_mechanism(RuleLabel label) {
    switch (label) {
        case RuleLabel::not_run:
            return Mechanism::none;
        case RuleLabel::direct:
            return Mechanism::direct;
        case RuleLabel::manifold:
            return Mechanism::slow_manifold;
        case RuleLabel::limit_cycle:
            return Mechanism::limit_cycle;
        case RuleLabel::mixed:
            return Mechanism::mixed;
        case RuleLabel::far:
            return Mechanism::far;
    }
    return Mechanism::none;
}

bool is_rule_b(VerdictThreshold threshold) {
    return threshold == VerdictThreshold::rule_b_variance ||
           threshold == VerdictThreshold::rule_b_decimals ||
           threshold == VerdictThreshold::rule_b_direct_from;
}

/// The name of a moved threshold, or nothing where the verdict does not hang on it or it stands
/// where it always does.
std::string name_of_row(const SensitivityRow& row) {
    if (is_rule_b(row.threshold)) {
        return "";
    }
    const bool counted = row.threshold == VerdictThreshold::direct_from;
    if (row.factor == (counted ? 0.0 : 1.0)) {
        return "";
    }
    return counted ? fmt::format("{} {:+g}", name_of(row.threshold), row.factor)
                   : fmt::format("{} x {:g}", name_of(row.threshold), row.factor);
}

void add_full(const FullAnalysis& full, MemoryNetwork& network) {
    if (full.forgetting.applicable && std::isfinite(full.forgetting.median_survival)) {
        const bool kept = full.forgetting.median_censored;
        network.forgets = kept ? 0.0 : 1.0;
        network.survival =
            kept ? std::numeric_limits<double>::infinity() : full.forgetting.median_survival;
    }
    if (full.noise.applicable) {
        network.biased_noise = full.noise.uniform_half_right;
        network.centred_noise = full.noise.gaussian_half_right;
    }
    network.attractors = full.activity.attractors_per_solved;
    network.saturated = full.activity.saturated_per_solved;
    network.phasic = full.activity.phasic_index;
}

}  // namespace

MemoryPopulation memory_population(const std::vector<RunContent>& runs) {
    MemoryPopulation population;
    population.relabellings = {"rule A", "rule B"};
    for (const RunContent& run : runs) {
        for (const NetworkSpec& spec : run.config.networks) {
            MemoryNetwork& network = population.networks.emplace_back();
            network.replicate = spec.replicate;
            network.relabelled = {Mechanism::none, Mechanism::none};
            const auto trained = run.trained.find(spec.uid);
            if (trained == run.trained.end() || trained->second.status == Status::pending) {
                continue;
            }
            network.tested = true;
            network.nominal_error = trained->second.acceptance.median_error;
            const bool accepted =
                trained->second.status == Status::trained && trained->second.acceptance.accepted;
            const auto found = run.analysed.find(spec.uid);
            population.accepted += accepted ? 1 : 0;
            if (!accepted || found == run.analysed.end()) {
                continue;
            }
            const NetworkAnalysis& analysis = found->second;
            network.mechanism = analysis.mechanism;
            network.relabelled = {as_mechanism(analysis.rule_a), as_mechanism(analysis.rule_b)};
            if (!analysis.adjoint_norms.empty()) {
                network.adjoint_decay = std::log10(std::max(analysis.adjoint_norms.back(), 1e-300));
            }
            if (analysis.full == nullptr) {
                continue;
            }
            ++population.analysed_in_full;
            add_full(*analysis.full, network);
            for (const SensitivityRow& row : analysis.full->sensitivity.rows) {
                const std::string name = name_of_row(row);
                if (name.empty()) {
                    continue;
                }
                const auto at =
                    std::find(population.relabellings.begin(), population.relabellings.end(), name);
                const auto index = static_cast<std::size_t>(at - population.relabellings.begin());
                if (at == population.relabellings.end()) {
                    population.relabellings.push_back(name);
                }
                network.relabelled.resize(std::max(network.relabelled.size(), index + 1));
                network.relabelled[index] = row.mechanism;
            }
        }
    }
    for (MemoryNetwork& network : population.networks) {
        network.relabelled.resize(population.relabellings.size());
    }
    return population;
}

}  // namespace shoal
