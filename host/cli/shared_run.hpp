// SPDX-License-Identifier: MIT
// One population, shared out among processes: as the ranks of mpirun, or started one by one with
// --shard any/n.
//
// The population is cut into more shards than there are processes, each with a run directory of its
// own. Every process takes the next shard whose lock nobody holds, until all are finished: a
// process with slow networks takes fewer shards, and the shard of one that died, whose lock died
// with it, is taken over from its checkpoint. The directories are all that they share.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/run_stages.hpp"
#include "ranks/ranks.hpp"

namespace shoal {

/// Shards that ranks cut a population into: eight for each of them, so that all end nearly
/// together, but no smaller than what keeps a backend busy, and one for each at least.
int shards_for(std::size_t networks, std::size_t networks_at_once, int ranks);

/// What is left to do when all shards are finished, into the folder of all of them together.
using Conclude =
    std::function<void(const std::vector<std::filesystem::path>& shards, const RunPaths& merged)>;

/// Takes part in the run. `ranks` may be null. With Extent::everything the one that finds all
/// shards finished (the first rank) calls `conclude`.
void run_shared(const Config& config, const std::string& command, const RunOptions& options,
                Extent extent, Ranks* ranks, const Conclude& conclude);

}  // namespace shoal
