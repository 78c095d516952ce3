// SPDX-License-Identifier: MIT
// What is said of networks without a task: how they hold given states, and what attractors they
// have.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

#include "records/described.hpp"
#include "records/full_records.hpp"
#include "records/records.hpp"

namespace shoal {

struct FreeVerdict {
    /// How the memory states are held; none: there are none, or they are not held.
    Mechanism mechanism = Mechanism::none;
    std::string evidence;           ///< why, in sentences
    std::string attractors;         ///< where runs from random states end, one sentence
    int memory_states = 0;          ///< given
    int distinct_at_start = -1;     ///< groups of them whose rates are no two alike; -1: none given
    int distinct_after_trial = -1;  ///< the same after one trial length T
    int points_reached = 0;         ///< stable fixed points that they end on
    std::string limits;             ///< what the verdict does not know, empty if nothing
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, FreeVerdict>
void describe(Record& record, Visit&& visit) {
    visit("mechanism", record.mechanism,
          Meaning{"how the memory states are held, by the rules for trained "
                  "networks; none: the evidence says why"});
    visit("evidence", record.evidence, Meaning{"why this mechanism"});
    visit("attractors", record.attractors, Meaning{"where runs from random states end"});
    visit("memory_states", record.memory_states, Meaning{"states that were to be held"});
    visit("distinct_at_start", record.distinct_at_start,
          Meaning{"of them, by their rates; -1: none were given"});
    visit("distinct_after_trial", record.distinct_after_trial,
          Meaning{"of their runs after one trial length"});
    visit("points_reached", record.points_reached,
          Meaning{"distinct stable fixed points that they end on"});
    visit("limits", record.limits, Meaning{"what the verdict does not know, empty if nothing"});
}

/// Answer of `shoal analyze --weights` about one network.
struct DynamicsAnalysis {
    std::vector<FixedPoint> points;
    std::vector<PointProof> proofs;  ///< of points, in the same order
    SearchSummary search;
    std::vector<SlowModes> modes;
    std::vector<AttractorRecord> attractors;
    CensusSummary census;
    FreeVerdict verdict;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, DynamicsAnalysis>
void describe(Record& record, Visit&& visit) {
    visit("fixed_points", record.points, Meaning{"fixed and slow points", {"point"}, Kept::apart});
    visit("proofs", record.proofs,
          Meaning{"of the points, in their order", {"point"}, Kept::apart});
    visit("search", record.search, Meaning{"how fixed and slow points were searched for"});
    visit("modes", record.modes, Meaning{"slow modes of some points", {"point_modes"}});
    visit("basins", record.attractors,
          Meaning{"attractors that runs end on, and proved stable points", {"basin"}});
    visit("census", record.census, Meaning{"where runs end"});
    visit("verdict", record.verdict, Meaning{"how the memory states are held"});
}

}  // namespace shoal
