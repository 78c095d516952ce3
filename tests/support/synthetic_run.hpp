// SPDX-License-Identifier: MIT
// Run directories of any size in no time: networks are drawn as in a real run, but neither trained
// nor analysed; their records are made up, with shares of statuses and mechanisms that depend on
// the swept gain, and lists as long as those of a real analysis. For tests and measurements of
// whatever reads run directories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "config/spec.hpp"

namespace shoal {

struct SyntheticRun {
    std::size_t networks = 1000;  ///< a multiple of synthetic_cells
    int units = 6;                ///< of every network, at least 4
    int trials = 60;              ///< of the training curves, at least 1
    AnalysisLevel level = AnalysisLevel::first;
    int shards = 1;  ///< run directories, at most as many as networks
    std::uint32_t seed = 1;
};

/// Combinations of the swept keys: 5 gains x 4 densities x 5 scales of the feedback.
inline constexpr std::size_t synthetic_cells = 100;

/// Writes finished runs (config.yaml, manifest.json, population.h5, analysis.h5) into `out`, or one
/// each into `out`.shard-i-of-n, and returns their folders. Equal arguments give equal files, and a
/// network the same record whatever the shards. Impossible numbers are usage errors, a folder that
/// exists is one, too; what cannot be written is a file error.
std::vector<std::filesystem::path> write_synthetic_run(const std::filesystem::path& out,
                                                       const SyntheticRun& run);

}  // namespace shoal
