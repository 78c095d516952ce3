// SPDX-License-Identifier: MIT
// What `analysis: {level: full}` adds to what is kept of a network.
#pragma once

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

/// Type of a part, from what visit_parts gives for it.
template <class Part>
using PartOf = std::decay_t<std::invoke_result_t<Part, FullAnalysis&>>;

/// Every part once: one(name, part) for what a network has one of, rows(name, axis, part) for what
/// it has any number of; part(full) is the field. Names are those of the groups in analysis.h5.
template <class One, class Rows>
void visit_parts(const One& one, const Rows& rows) {
    one(
        "search", [](auto& full) -> auto& { return full.search; });
    rows(
        "modes", "point_modes", [](auto& full) -> auto& { return full.modes; });
    rows(
        "basins", "basin", [](auto& full) -> auto& { return full.attractors; });
    one(
        "census", [](auto& full) -> auto& { return full.census; });
    one(
        "manifold", [](auto& full) -> auto& { return full.manifold; });
    rows(
        "paths", "path", [](auto& full) -> auto& { return full.manifold.paths; });
    one(
        "forgetting", [](auto& full) -> auto& { return full.forgetting; });
    one(
        "noise", [](auto& full) -> auto& { return full.noise; });
    one(
        "silencing", [](auto& full) -> auto& { return full.silencing; });
    one(
        "activity", [](auto& full) -> auto& { return full.activity; });
    one(
        "portrait", [](auto& full) -> auto& { return full.portrait; });
    one(
        "verdict", [](auto& full) -> auto& { return full.evidence; });
    one(
        "sensitivity", [](auto& full) -> auto& { return full.sensitivity; });
    rows(
        "thresholds", "moved_threshold", [](auto& full) -> auto& { return full.sensitivity.rows; });
}

}  // namespace shoal
