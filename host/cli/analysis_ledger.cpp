// SPDX-License-Identifier: MIT
#include "cli/analysis_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/stop.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

/// At most this much of a killed analysis is lost, or one part of a network.
constexpr std::chrono::seconds keep_interval{30};
constexpr std::size_t keep_networks = 16;
constexpr std::chrono::milliseconds show_interval{200};

}  // namespace

AnalysisLedger::AnalysisLedger(const std::filesystem::path& folder, std::size_t networks,
                               bool accepted, Progress& progress,
                               std::map<std::string, double>& stage_seconds)
    : finished_(folder, "analysed"),
      begun_(folder, "begun"),
      progress_(progress),
      stage_seconds_(stage_seconds) {
    numbers_.stage = "analysis";
    numbers_.networks = networks;
    numbers_.accepted = accepted ? networks : 0;
    numbers_.done = finished_.size();
    kept_ = Clock::now();
    display_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, show_interval, [this] { return ended_; })) {
            show();
        }
    });
}

AnalysisLedger::~AnalysisLedger() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    display_.join();
}

std::optional<BegunAnalysis> AnalysisLedger::begun(const std::string& uid) const {
    const std::lock_guard lock(mutex_);
    return begun_.read(uid);
}

AnalysisLedger::Job::Job(AnalysisLedger& ledger, std::string title)
    : ledger_(ledger), title_(std::move(title)) {
    const std::lock_guard lock(ledger_.mutex_);
    ledger_.jobs_.push_back(this);
}

AnalysisLedger::Job::~Job() {
    const std::lock_guard lock(ledger_.mutex_);
    std::erase(ledger_.jobs_, this);
}

void AnalysisLedger::Job::begins(const char* part) {
    const std::lock_guard lock(ledger_.mutex_);
    part_ = part;
    since_ = Clock::now();
}

void AnalysisLedger::Job::ends(BegunAnalysis begun, double processor_seconds) {
    const std::lock_guard lock(ledger_.mutex_);
    ledger_.stage_seconds_["analysis, " + part_ + " (processor)"] += processor_seconds;
    std::string uid = begun.uid;
    ledger_.fresh_parts_.insert_or_assign(std::move(uid), std::move(begun));
    ledger_.keep_in_time();
}

void AnalysisLedger::finish(NetworkAnalysis analysis) {
    const std::lock_guard lock(mutex_);
    fresh_parts_.erase(analysis.uid);
    fresh_.push_back(std::move(analysis));
    ++numbers_.done;
    keep_in_time();
    show();
}

void AnalysisLedger::count_finished() {
    const std::lock_guard lock(mutex_);
    ++numbers_.done;
    keep_unlocked();
    show();
}

void AnalysisLedger::keep() {
    const std::lock_guard lock(mutex_);
    keep_unlocked();
}

void AnalysisLedger::keep_in_time() {
    if (fresh_.size() >= keep_networks || Clock::now() - kept_ >= keep_interval) {
        keep_unlocked();
    }
}

void AnalysisLedger::keep_unlocked() {
    if (!fresh_.empty()) {
        finished_.append(fresh_);
        fresh_.clear();
    }
    if (!fresh_parts_.empty()) {
        std::vector<BegunAnalysis> parts;
        for (auto& [uid, begun] : fresh_parts_) {
            parts.push_back(std::move(begun));
        }
        fresh_parts_.clear();
        begun_.append(parts);
    }
    kept_ = Clock::now();
}

void AnalysisLedger::show() {
    numbers_.work_done =
        static_cast<double>(numbers_.done) / std::max(1.0, static_cast<double>(numbers_.networks));
    numbers_.doing.clear();
    for (const Job* job : jobs_) {
        if (!job->part_.empty()) {
            numbers_.doing.push_back(
                fmt::format("{}: {}, {:.0f} s", job->title_, job->part_,
                            std::chrono::duration<double>(Clock::now() - job->since_).count()));
        }
    }
    progress_.update(numbers_);
}

void keep_when_stopped(AnalysisLedger& ledger, const std::function<void()>& work) {
    const StopScope scope("", [&] { ledger.keep(); });
    try {
        work();
    } catch (const Error& error) {
        if (error.code() == ExitCode::interrupted) {
            ledger.keep();
        }
        throw;
    }
    ledger.keep();
}

}  // namespace shoal
