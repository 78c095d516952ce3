// SPDX-License-Identifier: MIT
// What `analysis: {level: full}` adds to what is kept of a network.
#pragma once

#include <concepts>
#include <type_traits>
#include <vector>

#include "records/attractor_records.hpp"
#include "records/behaviour_records.hpp"
#include "records/manifold_records.hpp"
#include "records/portrait_records.hpp"
#include "records/search_records.hpp"

namespace shoal {

struct FullAnalysis {
    std::vector<PointProof> proofs;  ///< of NetworkAnalysis::points, in the same order
    SearchSummary search;
    std::vector<SlowModes> modes;  ///< of some points, see their limits
    std::vector<AttractorRecord> attractors;
    CensusSummary census;
    SlowManifold manifold;  ///< its paths stand in their own table
    ForgettingRecord forgetting;
    NoiseRecord noise;
    SilencingRecord silencing;
    ActivityRecord activity;
    Portrait portrait;
    VerdictEvidence evidence;
    SensitivityMap sensitivity;  ///< its rows stand in their own table
};

/// Its parts, whose names are those of groups in analysis.h5.
template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, FullAnalysis>
void describe(Record& record, Visit&& visit) {
    visit("proofs", record.proofs,
          Meaning{"of the points, in their order", {"point"}, Kept::apart});
    visit("search", record.search, Meaning{"how fixed and slow points were searched for"});
    visit("modes", record.modes, Meaning{"slow modes of some points", {"point_modes"}});
    visit("basins", record.attractors,
          Meaning{"attractors that runs end on, and proved stable points", {"basin"}});
    visit("census", record.census, Meaning{"where runs end"});
    visit("manifold", record.manifold, Meaning{"ways of memories"});
    visit("forgetting", record.forgetting, Meaning{"the delay lengthened"});
    visit("noise", record.noise, Meaning{"noise on the first stimulus"});
    visit("silencing", record.silencing, Meaning{"units silenced"});
    visit("activity", record.activity, Meaning{"activity in the delay"});
    visit("portrait", record.portrait, Meaning{"a picture of state space"});
    visit("verdict", record.evidence, Meaning{"what the verdict was made from"});
    visit("sensitivity", record.sensitivity, Meaning{"the verdict with thresholds moved"});
}

}  // namespace shoal
