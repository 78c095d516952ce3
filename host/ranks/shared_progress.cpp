// SPDX-License-Identifier: MIT
#include "ranks/shared_progress.hpp"

#include <algorithm>
#include <chrono>

namespace shoal {
namespace {

bool complete(const ShardNumbers& numbers) {
    return numbers.networks > 0 && numbers.done >= numbers.networks;
}

}  // namespace

void ShardTable::take(const ShardNumbers& numbers) {
    if (numbers.shard < 0 || static_cast<std::size_t>(numbers.shard) >= shards_.size()) {
        return;
    }
    Entry& entry = shards_[static_cast<std::size_t>(numbers.shard)];
    (numbers.analysis ? entry.analysis : entry.training) = numbers;
    entry.finished_before = false;
}

void ShardTable::finished_before(std::size_t shard, std::size_t networks) {
    Entry& entry = shards_[shard];
    entry.finished_before = true;
    entry.training.networks = networks;
    entry.training.done = networks;
    entry.training.work_done = 1.0;
}

Progress::Numbers ShardTable::total() const {
    Progress::Numbers training{"training", networks_, 0, 0, 0, 0.0, 0.0};
    Progress::Numbers analysis{"analysis", 0, 0, 0, 0, 0.0, 0.0};
    for (const Entry& entry : shards_) {
        training.done += entry.training.done;
        training.accepted += entry.training.accepted;
        training.failed += entry.training.failed;
        training.work_done +=
            entry.training.work_done * static_cast<double>(entry.training.networks);
        if (!complete(entry.training)) {
            training.steps_per_second += entry.training.steps_per_second;
        }
        analysis.networks += entry.finished_before ? 0 : entry.training.accepted;
        analysis.done += entry.analysis.done;
    }
    training.work_done /= std::max(1.0, static_cast<double>(networks_));
    if (training.done < networks_) {
        return training;
    }
    analysis.accepted = analysis.networks;
    analysis.work_done = static_cast<double>(analysis.done) /
                         std::max(1.0, static_cast<double>(analysis.networks));
    return analysis.networks > 0 && analysis.done > 0 ? analysis : training;
}

SharedProgress::SharedProgress(ShardTable table, Progress::Mode mode, Ranks* ranks)
    : table_(std::move(table)), display_(mode), ranks_(ranks) {
    if (ranks_ == nullptr || ranks_->rank() == 0) {
        shower_ = std::jthread([this] {
            std::unique_lock lock(mutex_);
            while (!ended_) {
                show();
                wake_.wait_for(lock, std::chrono::milliseconds(200));
            }
            show();
        });
    }
}

SharedProgress::~SharedProgress() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
}

void SharedProgress::show() {
    if (ranks_ != nullptr) {
        for (const ShardNumbers& numbers : ranks_->reports()) {
            table_.take(numbers);
        }
    }
    const Progress::Numbers numbers = table_.total();
    if (numbers.work_done > 0.0) {
        display_.update(numbers);
    }
}

void SharedProgress::report(const ShardNumbers& numbers) {
    const std::lock_guard lock(mutex_);
    if (shower_.joinable()) {
        table_.take(numbers);
    } else {
        ranks_->report(numbers);
    }
}

void SharedProgress::note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    display_.note(line);
}

void SharedProgress::warning(const std::string& line) {
    const std::lock_guard lock(mutex_);
    display_.warning(line);
}

}  // namespace shoal
