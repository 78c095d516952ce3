// SPDX-License-Identifier: MIT
// The processes that mpirun started to work on one population ("ranks"), by MPI as a library that
// is loaded on demand. They share out the work through the run directories alone
// (cli/shared_run.hpp); messages only carry progress, so that a rank that dies takes nothing with
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace shoal {

/// Where a shard stands; what ranks tell the first one for the progress display.
struct ShardNumbers {
    std::int32_t shard = -1;
    bool analysis = false;  ///< else training
    std::uint64_t networks = 0;
    std::uint64_t done = 0;
    std::uint64_t accepted = 0;
    std::uint64_t failed = 0;
    double work_done = 0.0;         ///< share of the stage's work, 0 to 1
    double steps_per_second = 0.0;  ///< network-steps
    char doing[80] = {};            ///< what its longest work is at; ends with a 0
};

/// This process among all ranks. Calls may come from any thread, one at a time.
class Ranks {
  public:
    virtual ~Ranks() = default;
    virtual int rank() const = 0;
    virtual int count() const = 0;
    /// Among the ranks on the same machine.
    virtual int local_rank() const = 0;
    virtual int local_count() const = 0;
    /// Every rank calls it; all get the first one's value.
    virtual int from_first(int value) = 0;
    /// To the first rank, without waiting. Newer numbers of a shard's stage take the place of those
    /// that are not under way yet; the last ones always arrive, with part() at the latest.
    virtual void report(const ShardNumbers& numbers) = 0;
    /// Moves messages on; every rank calls it a few times a second. At the first rank: what came in
    /// since the last call.
    virtual std::vector<ShardNumbers> reports() = 0;
    /// Waits until all ranks are here and the first one has all that they reported, at most
    /// `seconds`. True: they were, and MPI is over; later calls do nothing, but that reports()
    /// still gives what came in until then.
    virtual bool part(double seconds) = 0;
};

/// What the library offers. A change of this struct or of Ranks changes the version.
struct MpiPlugin {
    static constexpr int current_version = 3;
    int version = current_version;
    std::unique_ptr<Ranks> (*join)() = nullptr;
};

/// This process's number among those that an MPI launcher started, by the environment; 0 where none
/// did.
int launched_rank();
/// And how many there are; 1 where none did.
int launched_count();

/// The ranks this process belongs to; null if it stands alone, or if there is no library and it is
/// not `needed`. The library is the file that the environment variable SHOAL_MPI_LIBRARY names, or
/// libshoal_mpi.so beside the program or in ../lib from there. A usage error if an MPI launcher
/// started several processes and the library is needed and missing.
std::unique_ptr<Ranks> join_ranks(bool needed = true);

}  // namespace shoal
