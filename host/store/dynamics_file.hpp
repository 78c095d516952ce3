// SPDX-License-Identifier: MIT
// Answer of `shoal analyze --weights`: the dynamics of networks that shoal did not train.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "model/system.hpp"
#include "store/exchange_files.hpp"
#include "store/free_verdict.hpp"
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
    FreeVerdict verdict;
};

/// Writes atomically, with the groups of analysis.h5 at the file's root: fixed_points, search,
/// modes, basins, census; and verdict. analyses[i] is of network i, looked at as `as`. Attributes
/// of the root beside those of analysis.h5: `analysed_as`, flow or map, whose spectra these are;
/// `step`, time, of the Euler steps that runs are made of: dt, or what step_of() says. A flow's
/// eigenvalues are per time, a map's per step; exponents are per time, times `step` per step.
void write_dynamics(const std::filesystem::path& path, const WeightsFile& weights, SystemKind as,
                    const std::vector<DynamicsAnalysis>& analyses);

}  // namespace shoal
