// SPDX-License-Identifier: MIT
// Answer of `shoal analyze --weights`: the dynamics of networks that shoal did not train.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "model/system.hpp"
#include "records/free_records.hpp"
#include "store/exchange_files.hpp"

namespace shoal {

/// What rows of the answer are about: `uid` (there may be none) and, where any network was looked
/// at in several conditions, `network_of_file`, its place in its file, and `condition`.
struct DynamicsRows {
    std::vector<std::string> uids;
    std::vector<std::int64_t> networks;
    std::vector<std::int64_t> conditions;
};

/// Writes atomically, with the groups of analysis.h5 at the file's root: fixed_points, search,
/// modes, basins, census; and verdict. analyses[i] is of row i of `names`, of the shape of
/// `weights`, looked at as `as`. Attributes of the root beside those of analysis.h5: `analysed_as`,
/// flow or map, whose spectra these are; `step`, time, of the Euler steps that runs are made of:
/// dt, or what step_of() says. A flow's eigenvalues are per time, a map's per step; exponents are
/// per time, times `step` per step.
void write_dynamics(const std::filesystem::path& path, const WeightsFile& weights,
                    const DynamicsRows& names, SystemKind as,
                    const std::vector<DynamicsAnalysis>& analyses);

}  // namespace shoal
