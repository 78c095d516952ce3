// SPDX-License-Identifier: MIT
#include "ranks/shared_progress.hpp"

#include <fmt/format.h>

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
    entry.finished_elsewhere = false;
}

void ShardTable::finished_elsewhere(int shard, std::size_t networks) {
    Entry& entry = shards_.at(static_cast<std::size_t>(shard));
    entry.finished_elsewhere = true;
    entry.training.networks = networks;
    entry.training.done = networks;
    entry.training.work_done = 1.0;
}

Progress::Numbers ShardTable::training() const {
    Progress::Numbers sum{"training", networks_, 0, 0, 0, 0.0, 0.0};
    for (const Entry& entry : shards_) {
        sum.done += entry.training.done;
        sum.accepted += entry.training.accepted;
        sum.failed += entry.training.failed;
        sum.work_done += entry.training.work_done * static_cast<double>(entry.training.networks);
        if (!complete(entry.training)) {
            sum.steps_per_second += entry.training.steps_per_second;
        }
    }
    sum.work_done /= std::max(1.0, static_cast<double>(networks_));
    return sum;
}

Progress::Numbers ShardTable::analysis() const {
    Progress::Numbers sum{"analysis", 0, 0, 0, 0, 0.0, 0.0};
    for (const Entry& entry : shards_) {
        sum.networks += entry.finished_elsewhere ? 0 : entry.training.accepted;
        sum.done += entry.analysis.done;
        if (!complete(entry.analysis) && entry.analysis.doing[0] != 0) {
            sum.doing.push_back(
                fmt::format("shard {}, {}", entry.analysis.shard, entry.analysis.doing));
        }
    }
    sum.accepted = sum.networks;
    sum.work_done =
        static_cast<double>(sum.done) / std::max(1.0, static_cast<double>(sum.networks));
    return sum;
}

SharedProgress::SharedProgress(ShardTable table, Progress::Mode mode, Ranks* ranks)
    : table_(std::move(table)), display_(mode), ranks_(ranks) {
    messenger_ = std::jthread([this] {
        std::unique_lock lock(mutex_);
        while (!ended_) {
            show();
            wake_.wait_for(lock, std::chrono::milliseconds(200));
        }
        show();
    });
}

SharedProgress::~SharedProgress() {
    end();
}

void SharedProgress::end() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    if (messenger_.joinable()) {
        messenger_.join();
    }
}

bool SharedProgress::part(double seconds) {
    end();
    const bool all_here = ranks_ == nullptr || ranks_->part(seconds);
    show();
    display_.finish_stage();
    return all_here;
}

void SharedProgress::show() {
    if (ranks_ != nullptr) {
        for (const ShardNumbers& numbers : ranks_->reports()) {
            table_.take(numbers);
            heard_ = true;
        }
    }
    if (!heard_) {
        return;
    }
    if (!trained_) {
        const Progress::Numbers training = table_.training();
        display_.update(training);
        trained_ = training.done >= training.networks;
    }
    const Progress::Numbers analysis = table_.analysis();
    if (trained_ && (analysis.done > 0 || !analysis.doing.empty())) {
        display_.update(analysis);
    }
}

void SharedProgress::report(const ShardNumbers& numbers) {
    const std::lock_guard lock(mutex_);
    if (first()) {
        table_.take(numbers);
        heard_ = true;
    } else {
        ranks_->report(numbers);
    }
}

void SharedProgress::finished_elsewhere(int shard, std::size_t networks) {
    const std::lock_guard lock(mutex_);
    table_.finished_elsewhere(shard, networks);
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
