// SPDX-License-Identifier: MIT
#include "analysis/attractors/census_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace shoal {

namespace {

int starts_on(const AttractorRecord& attractor, StartKind kind) {
    switch (kind) {
        case StartKind::memory:
            return attractor.memory_starts;
        case StartKind::conclusion:
            return attractor.conclusion_starts;
        case StartKind::random:
            return attractor.random_starts;
    }
    return 0;
}

bool is_reached(const AttractorRecord& attractor) {
    return attractor.memory_starts + attractor.conclusion_starts + attractor.random_starts > 0;
}

RunFate fate_of(AttractorKind end) {
    switch (end) {
        case AttractorKind::fixed_point:
            return RunFate::settled;
        case AttractorKind::slow_transient:
            return RunFate::drifting;
        case AttractorKind::far:
            return RunFate::diverged;
        case AttractorKind::limit_cycle:
        case AttractorKind::torus:
        case AttractorKind::chaotic:
        case AttractorKind::undecided:
            break;
    }
    return RunFate::moving;
}

// Calls visit(kind of the end) for every run from a start of this kind.
template <class Visit>
void for_ends(const CensusSummary& census, StartKind kind, const Visit& visit) {
    for (std::size_t run = 0; run < census.start_kinds.size(); ++run) {
        if (census.start_kinds[run] == static_cast<int>(kind)) {
            visit(static_cast<AttractorKind>(census.end_kinds[run]));
        }
    }
}

const char* words_of(AttractorKind kind, bool one) {
    switch (kind) {
        case AttractorKind::fixed_point:
            return one ? "fixed point" : "fixed points";
        case AttractorKind::limit_cycle:
            return one ? "limit cycle" : "limit cycles";
        case AttractorKind::torus:
            return one ? "torus" : "tori";
        case AttractorKind::chaotic:
            return one ? "chaotic attractor" : "chaotic attractors";
        default:
            return one ? "motion that is a torus or chaos" : "motions that are tori or chaos";
    }
}

}  // namespace

const AttractorRecord* main_motion(const std::vector<AttractorRecord>& attractors, StartKind kind) {
    const AttractorRecord* most = nullptr;
    for (const AttractorRecord& attractor : attractors) {
        if (!attractor.exponents.empty() && starts_on(attractor, kind) > 0 &&
            (most == nullptr || starts_on(attractor, kind) > starts_on(*most, kind))) {
            most = &attractor;
        }
    }
    return most;
}

FreeVerdict judge_memories(const CensusSummary& census,
                           const std::vector<AttractorRecord>& attractors,
                           const DistinctStates& distinct, double trial_time, double tau) {
    FreeVerdict answer;
    answer.memory_states = census.memory_runs;
    if (census.memory_runs == 0) {
        answer.evidence =
            "No memory states were given (memory_states), so there is nothing to be held.";
        return answer;
    }
    answer.distinct_at_start = distinct.at_start;
    answer.distinct_after_trial = distinct.after_trial;
    Evidence evidence;
    evidence.tau = tau;
    for_ends(census, StartKind::memory,
             [&](AttractorKind end) { evidence.fates.push_back(fate_of(end)); });
    evidence.fixed_points = static_cast<int>(
        std::count_if(attractors.begin(), attractors.end(), [](const AttractorRecord& attractor) {
            return attractor.kind == AttractorKind::fixed_point && attractor.memory_starts > 0;
        }));
    answer.points_reached = evidence.fixed_points;
    if (const AttractorRecord* motion = main_motion(attractors, StartKind::memory)) {
        take_motion(*motion, evidence);
    }
    const MechanismVerdict verdict = decide_mechanism(evidence);
    answer.mechanism = verdict.mechanism;
    answer.evidence = verdict.evidence;
    if (verdict.mechanism != Mechanism::slow_manifold) {
        return answer;
    }
    answer.evidence +=
        fmt::format(" Of {} memory states {} are distinct, and {} after T = {:g}",
                    census.memory_runs, distinct.at_start, distinct.after_trial, trial_time);
    if (distinct.after_trial > std::max(1, evidence.fixed_points)) {
        answer.evidence += ": they are held on the way.";
    } else {
        answer.mechanism = Mechanism::none;
        answer.evidence += ": too few points hold them, and no slow way does.";
    }
    return answer;
}

std::string unreached_sentence(const CensusSummary& census) {
    return census.unreached == 0
               ? std::string()
               : fmt::format(" {} more stable point{} proved, and no run ends there.",
                             census.unreached, census.unreached == 1 ? " is" : "s are");
}

std::string attractors_sentence(const CensusSummary& census,
                                const std::vector<AttractorRecord>& attractors) {
    std::vector<std::string> parts;
    for (const AttractorKind kind : enumerators(AttractorKind{})) {
        int runs = 0;
        for_ends(census, StartKind::random,
                 [&](AttractorKind end) { runs += end == kind ? 1 : 0; });
        int count = 0;
        int most = 0;
        for (const AttractorRecord& attractor : attractors) {
            count += attractor.kind == kind && is_reached(attractor) ? 1 : 0;
            most = std::max(most, attractor.kind == kind ? attractor.random_starts : 0);
        }
        if (kind == AttractorKind::slow_transient || kind == AttractorKind::far) {
            if (runs > 0) {
                parts.push_back(fmt::format(
                    "{} {}", runs,
                    kind == AttractorKind::far ? "leave the range of numbers" : "still drift"));
            }
        } else if (count > 0) {
            parts.push_back(
                fmt::format("{} end on {} {}{}", runs, count, words_of(kind, count == 1),
                            count > 1 ? fmt::format(" (at most {} on one)", most) : std::string()));
        }
    }
    return fmt::format("Of {} random runs {}.{}", census.random_runs, fmt::join(parts, ", "),
                       unreached_sentence(census));
}

}  // namespace shoal
