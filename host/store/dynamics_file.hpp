// SPDX-License-Identifier: MIT
// Answer of `shoal analyze --weights`: the dynamics of networks that shoal did not train.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "store/exchange_files.hpp"
#include "store/full_records.hpp"
#include "store/records.hpp"

namespace shoal {

struct DynamicsAnalysis {
    std::vector<FixedPoint> points;
    std::vector<PointProof> proofs;  ///< of points, in the same order
    SearchSummary search;
    std::vector<SlowModes> modes;
    std::vector<AttractorRecord> attractors;
    CensusSummary census;
};

/// Writes atomically, with the groups of analysis.h5 at the file's root: fixed_points, search,
/// modes, basins, census. analyses[i] is of network i.
void write_dynamics(const std::filesystem::path& path, const WeightsFile& weights,
                    const std::vector<DynamicsAnalysis>& analyses);

}  // namespace shoal
