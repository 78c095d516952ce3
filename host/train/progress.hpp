// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace shoal {

/// Progress on stderr: one updating line on a terminal, plain timestamped lines when piped, nothing
/// when quiet. Messages (note, warning) always get lines of their own.
class Progress {
  public:
    enum class Mode { automatic, quiet };
    explicit Progress(Mode mode);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    struct Numbers {
        std::string stage;         ///< "training", "analysis"
        std::size_t networks = 0;  ///< in this run
        std::size_t done = 0;
        std::size_t accepted = 0;
        std::size_t failed = 0;         ///< not accepted or diverged
        double work_done = 0.0;         ///< share of the stage's work, 0 to 1
        double steps_per_second = 0.0;  ///< network-steps; 0: not shown
        /// What every worker is at, the longest work first; a terminal's line has room for one.
        std::vector<std::string> doing = {};

        bool operator==(const Numbers&) const = default;
    };
    /// Shows the numbers, at most a few times per second (piped: every 10 s, and when a stage
    /// ends).
    void update(const Numbers& numbers);
    /// The numbers go to `listener` instead, at the pace of a terminal and when a stage ends; notes
    /// go nowhere.
    void listen(std::function<void(const Numbers&)> listener) { listener_ = std::move(listener); }
    void note(const std::string& line);
    void warning(const std::string& line);
    /// Ends the updating line.
    void finish_stage();

  private:
    using Clock = std::chrono::steady_clock;
    std::string format(const Numbers& numbers) const;
    void show(const char* terminal_end);

    std::function<void(const Numbers&)> listener_;
    bool quiet_;
    bool terminal_;
    bool line_open_ = false;
    std::string stage_;
    Numbers last_;
    bool shown_ = false;  ///< the last numbers
    Clock::time_point stage_start_;
    Clock::time_point last_shown_;
    double work_at_start_ = 0.0;
};

/// Resident set of this process in bytes, from the kernel.
std::uint64_t resident_bytes();

}  // namespace shoal
