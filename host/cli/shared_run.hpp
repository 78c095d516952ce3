// SPDX-License-Identifier: MIT
// One population, shared out among processes: as the ranks of mpirun, or started one by one with
// --shard any/n.
//
// The population is cut into more shards than there are processes, each with a run directory of its
// own. Every process takes the next shard whose lock nobody holds, until all are finished: a
// process with slow networks takes fewer shards, and the shard of one that died, whose lock died
// with it, is taken over from its checkpoint. The directories are all that they share.
#pragma once

#include <string>

#include "cli/run_stages.hpp"
#include "ranks/ranks.hpp"

namespace shoal {

/// Shards that ranks cut a population into: eight for each of them, so that all end nearly
/// together, but no smaller than what keeps a backend busy, and one for each at least.
int shards_for(std::size_t networks, std::size_t networks_at_once, int ranks);

/// Takes part in the run. `ranks` may be null. With Extent::everything the one that finds all
/// shards finished (the first rank) writes tables and report of them together.
void run_shared(const Config& config, const std::string& command, const RunOptions& options,
                Extent extent, Ranks* ranks);

}  // namespace shoal
