// SPDX-License-Identifier: MIT
// How the program ends before its time.
//
// Work that has something to save looks at stop_requested() and ends by itself; long computations
// pass stop points. That takes as long as it takes: USR1, USR2 and --max-hours ask for no more.
// INT, TERM and HUP leave `stop_grace` for it; then a StopWatch keeps what is finished, says how to
// go on and ends the process, whatever it is doing. To files that is no other than being killed:
// they are written beside their place and renamed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace shoal {

/// From now on INT, TERM, HUP (unless it is ignored), USR1 and USR2 only ask for a stop; a second
/// INT ends the process at once.
void catch_stop_signals();
/// Stop after this many hours of wall time from now (--max-hours); 0: no limit.
void stop_after_hours(double hours);
/// True once a stop was asked for by a signal or the time limit has passed.
bool stop_requested();
/// What asked for it: "interrupted" or "time limit reached".
const char* stop_reason();
/// Forgets earlier requests (tests run several commands in one process).
void clear_stop_request();

/// In the loops of long computations, which stay pure functions: throws Error(interrupted,
/// stop_reason()) once a stop was asked for that a living StopPoints is for. Costs little enough
/// for every step of a network.
void stop_point();

enum class StopFor {
    any_reason,
    int_and_term  ///< and HUP; the time limit, USR1 and USR2 let the work come to its end
};

/// While one lives, stop points throw, on any thread: its owner knows what to do then.
class StopPoints {
  public:
    explicit StopPoints(StopFor reason);
    ~StopPoints();
    StopPoints(const StopPoints&) = delete;
    StopPoints& operator=(const StopPoints&) = delete;

  private:
    StopFor reason_;
};

/// Work under way that ends by itself when it is asked to, and what is to be done if that takes too
/// long. Scopes nest.
class StopScope {
  public:
    /// `go_on`: the command that goes on; that of the outermost scope is said, empty ones say
    /// nothing. `keep` saves what is finished while the work still runs; it is called on another
    /// thread, and must be quick.
    explicit StopScope(std::string go_on, std::function<void()> keep = {});
    ~StopScope();
    StopScope(const StopScope&) = delete;
    StopScope& operator=(const StopScope&) = delete;

  private:
    friend class StopWatch;
    std::string go_on_;
    std::function<void()> keep_;
};

/// Time that INT and TERM leave to work in a StopScope, and then to what is to be kept and said:
/// together less than 2 seconds.
inline constexpr std::chrono::milliseconds stop_grace{1300};
inline constexpr std::chrono::milliseconds last_words{400};

/// Ends the process with ExitCode::interrupted where INT and TERM ask for it; outside of a
/// StopScope any signal does, at once.
class StopWatch {
  public:
    /// `command` is what to start again where no scope says how to go on; `say` prints a message.
    StopWatch(std::string command, std::function<void(const std::string& message)> say,
              std::chrono::milliseconds grace = stop_grace);
    /// From here on the process ends by itself.
    ~StopWatch();
    StopWatch(const StopWatch&) = delete;
    StopWatch& operator=(const StopWatch&) = delete;

  private:
    void watch();
    [[noreturn]] void leave();

    std::string command_;
    std::function<void(const std::string&)> say_;
    std::chrono::milliseconds grace_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace shoal
