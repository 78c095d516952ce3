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
    /// A shard that was finished before, or by a process that reports nothing here: how many of its
    /// networks were accepted is not known.
    void finished_elsewhere(int shard, std::size_t networks);

    Progress::Numbers training() const;
    /// Of accepted networks; complete where training is.
    Progress::Numbers analysis() const;

  private:
    struct Entry {
        ShardNumbers training;
        ShardNumbers analysis;
        bool finished_elsewhere = false;
    };
    std::size_t networks_;
    std::vector<Entry> shards_;
};

/// The one display of all ranks: the first rank shows what it and the others report. On a thread of
/// its own, here and at the others, so that it goes on while a rank computes or waits.
class SharedProgress {
  public:
    /// `ranks` may be null: then this process alone reports.
    SharedProgress(ShardTable table, Progress::Mode mode, Ranks* ranks);
    ~SharedProgress();
    SharedProgress(const SharedProgress&) = delete;
    SharedProgress& operator=(const SharedProgress&) = delete;

    void report(const ShardNumbers& numbers);
    /// As ShardTable::finished_elsewhere.
    void finished_elsewhere(int shard, std::size_t networks);
    void note(const std::string& line);
    void warning(const std::string& line);
    /// Waits for the other ranks, as Ranks::part; then shows the last numbers of all. Nothing may
    /// be called after it.
    bool part(double seconds);

  private:
    bool first() const { return ranks_ == nullptr || ranks_->rank() == 0; }
    void end();
    void show();

    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;
    bool heard_ = false;    ///< of any work in this session
    bool trained_ = false;  ///< as far as has been shown
    ShardTable table_;
    Progress display_;
    Ranks* ranks_;
    std::jthread messenger_;
};

}  // namespace shoal
