// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "ranks/ranks.hpp"
#include "train/progress.hpp"

namespace shoal {

/// Where a whole population stands, from the latest numbers of each of its shards.
class ShardTable {
  public:
    ShardTable(std::size_t networks, std::size_t shards) : networks_(networks), shards_(shards) {}

    void take(const ShardNumbers& numbers);
    /// A shard that was finished before; how many of it were accepted is not known here.
    void finished_before(std::size_t shard, std::size_t networks);

    Progress::Numbers training() const;
    /// Of accepted networks; complete where training is.
    Progress::Numbers analysis() const;

  private:
    struct Entry {
        ShardNumbers training;
        ShardNumbers analysis;
        bool finished_before = false;
    };
    std::size_t networks_;
    std::vector<Entry> shards_;
};

/// The one display of all ranks: the first rank shows what it and the others report, on a thread of
/// its own, so that it goes on while this rank computes or waits.
class SharedProgress {
  public:
    /// `ranks` may be null: then this process alone reports.
    SharedProgress(ShardTable table, Progress::Mode mode, Ranks* ranks);
    ~SharedProgress();
    SharedProgress(const SharedProgress&) = delete;
    SharedProgress& operator=(const SharedProgress&) = delete;

    void report(const ShardNumbers& numbers);
    void note(const std::string& line);
    void warning(const std::string& line);

  private:
    void show();

    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;
    bool heard_ = false;    ///< of any work in this session
    bool trained_ = false;  ///< as far as has been shown
    ShardTable table_;
    Progress display_;
    Ranks* ranks_;
    std::jthread shower_;
};

}  // namespace shoal
