// SPDX-License-Identifier: MIT
// What the workers of an analysis have finished, and what they are at.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "analysis/parts.hpp"
#include "store/segments.hpp"
#include "train/progress.hpp"

namespace shoal {

/// Keeps finished networks and finished parts of others in segments: now and then, and when it is
/// told to, which may be while workers compute. Shows them, and the network and part that each
/// worker is in, on a thread of its own.
class AnalysisLedger {
  public:
    /// What an earlier session left in `folder` counts. `networks`: to be finished in the end; all
    /// of them were accepted, if `accepted`.
    /// Processor seconds of every part are added to `stage_seconds`; that and `progress` are the
    /// ledger's while it lives.
    AnalysisLedger(const std::filesystem::path& folder, std::size_t networks, bool accepted,
                   Progress& progress, std::map<std::string, double>& stage_seconds);
    ~AnalysisLedger();
    AnalysisLedger(const AnalysisLedger&) = delete;
    AnalysisLedger& operator=(const AnalysisLedger&) = delete;

    const SegmentStore<NetworkAnalysis>& finished() const { return finished_; }
    /// Where an earlier session left a network.
    std::optional<BegunAnalysis> begun(const std::string& uid) const;

    /// One worker's work on one network, shown as `title`.
    class Job : public PartObserver {
      public:
        Job(AnalysisLedger& ledger, std::string title);
        ~Job() override;
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        void begins(const char* part) override;
        void ends(BegunAnalysis begun, double processor_seconds) override;

      private:
        friend class AnalysisLedger;
        AnalysisLedger& ledger_;
        std::string title_;
        std::string part_;
        std::chrono::steady_clock::time_point since_;
    };

    /// A whole network.
    void finish(NetworkAnalysis analysis);
    /// The same of one whose last part has ended: nothing else is kept of it, and that at once.
    void count_finished();
    /// Writes what is not yet in a segment.
    void keep();

  private:
    void keep_unlocked();
    void keep_in_time();
    void show();

    SegmentStore<NetworkAnalysis> finished_;
    SegmentStore<BegunAnalysis> begun_;
    Progress::Numbers numbers_;
    Progress& progress_;
    std::map<std::string, double>& stage_seconds_;
    mutable std::mutex mutex_;
    std::vector<NetworkAnalysis> fresh_;
    std::map<std::string, BegunAnalysis> fresh_parts_;  ///< by uid
    std::chrono::steady_clock::time_point kept_;
    std::vector<const Job*> jobs_;  ///< longest first
    std::condition_variable wake_;
    bool ended_ = false;
    std::thread display_;
};

/// Runs `work`, whose results the ledger takes, and keeps them; whatever ends the work or the
/// process before its time, too.
void keep_when_stopped(AnalysisLedger& ledger, const std::function<void()>& work);

}  // namespace shoal
