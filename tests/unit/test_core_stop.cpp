// SPDX-License-Identifier: MIT
// INT and TERM end any work in time. Each in a process of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/error.hpp"
#include "core/stop.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

/// 2 seconds are promised; another one is for a machine that is busy with other tests.
constexpr double promised_seconds = 3.0;

struct Ended {
    int status = 0;  ///< exit code, or 1000 + the signal that ended it
    double seconds = 0.0;
    std::string said;  ///< all that went down the pipe
};

/// The process that is to be stopped, as the work in it sees it.
class Process {
  public:
    Process(int signal, int pipe) : signal_(signal), pipe_(pipe) {}

    void say(const std::string& text) const {
        EXPECT_GT(write(pipe_, text.data(), text.size()), 0);
    }
    /// The time until the end counts from here. The process sends the signal to itself: one from
    /// outside may go to a thread of ThreadSanitizer after a fork, which loses it.
    void receive_signal() const {
        say(".");
        raise(signal_);
    }

  private:
    int signal_;
    int pipe_;
};

/// Runs `work` in a process under a StopWatch and waits for the end of both.
Ended stopped(int signal, const std::function<void(const Process&)>& work) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        const Process process(signal, ends[1]);
        catch_stop_signals();
        const StopWatch watch("shoal again",
                              [&](const std::string& message) { process.say(message); });
        work(process);
        _exit(0);
    }
    close(ends[1]);
    Ended ended;
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
    const auto start = Clock::now();
    int status = 0;
    waitpid(child, &status, 0);
    ended.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    while (read(ends[0], &byte, 1) == 1) {
        ended.said += byte;
    }
    close(ends[0]);
    return ended;
}

/// Looks at nothing and waits for nobody.
[[noreturn]] void compute_for_ever() {
    for (std::atomic<unsigned> i = 0;; ++i) {
    }
}

TEST(StopWatch, EndsWorkThatDoesNotLook) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const Ended ended = stopped(signal, [](const Process& process) {
            const StopScope outer("shoal go on");
            const StopScope inner("", [&] { process.say("kept; "); });
            process.receive_signal();
            compute_for_ever();
        });
        EXPECT_EQ(ended.status, 5);
        EXPECT_EQ(ended.said,
                  "kept; interrupted; what was finished is kept. Go on with: shoal go on");
        EXPECT_LT(ended.seconds, promised_seconds);
    }
}

TEST(StopWatch, LeavesTimeToWorkThatEndsByItself) {
    const Ended ended = stopped(SIGTERM, [](const Process& process) {
        const StopScope scope("shoal go on");
        process.receive_signal();
        while (!stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        process.say("saved");
        _exit(5);
    });
    EXPECT_EQ(ended.status, 5);
    EXPECT_EQ(ended.said, "saved");
}

// Its scope has ended, the process has not yet.
TEST(StopWatch, LeavesTimeBehindAScope) {
    const Ended ended = stopped(SIGTERM, [](const Process& process) {
        {
            const StopScope scope("shoal go on");
            process.receive_signal();
            while (!stop_requested()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        process.say("in time; ");
        compute_for_ever();
    });
    EXPECT_EQ(ended.status, 5);
    EXPECT_EQ(ended.said,
              "in time; interrupted; what was finished is kept. Go on with: shoal go on");
    EXPECT_LT(ended.seconds, promised_seconds);
}

// What is to be kept waits for a lock that the work never gives back; so does what is to be said.
TEST(StopWatch, WaitsForNoLock) {
    const Ended ended = stopped(SIGTERM, [](const Process& process) {
        std::mutex held;
        const std::lock_guard lock(held);
        const StopScope scope("shoal go on", [&] { const std::lock_guard never(held); });
        process.receive_signal();
        compute_for_ever();
    });
    EXPECT_EQ(ended.status, 5);
    EXPECT_EQ(ended.said, "");
    EXPECT_LT(ended.seconds, promised_seconds);
}

TEST(StopWatch, EndsAtOnceWhereNothingIsToBeSaved) {
    for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) {
        const Ended ended = stopped(signal, [](const Process& process) {
            process.receive_signal();
            compute_for_ever();
        });
        EXPECT_EQ(ended.status, 5);
        EXPECT_EQ(ended.said, "interrupted. Start again with: shoal again");
        EXPECT_LT(ended.seconds, std::chrono::duration<double>(stop_grace).count());
    }
}

TEST(StopWatch, GivesOtherRequestsAllTheTimeThatTheWorkTakes) {
    for (const int signal : {SIGUSR1, SIGUSR2}) {
        const Ended ended = stopped(signal, [](const Process& process) {
            const StopScope scope("shoal go on");
            process.receive_signal();
            std::this_thread::sleep_for(stop_grace + last_words + std::chrono::milliseconds(300));
            process.say(stop_requested() ? "asked to stop" : "not asked");
        });
        EXPECT_EQ(ended.status, 0);
        EXPECT_EQ(ended.said, "asked to stop");
    }
}

TEST(StopWatch, LeavesAnIgnoredHangupIgnored) {
    std::signal(SIGHUP, SIG_IGN);
    const Ended ended = stopped(SIGHUP, [](const Process& process) {
        process.receive_signal();
        process.say(stop_requested() ? "asked to stop" : "not asked");
    });
    std::signal(SIGHUP, SIG_DFL);
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.said, "not asked");
}

TEST(StopPoint, ThrowsForWhoeverWaitsForIt) {
    stop_point();
    stop_after_hours(1e-12);
    EXPECT_NO_THROW(stop_point());
    {
        const StopPoints urgent(StopFor::int_and_term);
        EXPECT_NO_THROW(stop_point());
        const StopPoints any(StopFor::any_reason);
        try {
            stop_point();
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::interrupted);
            EXPECT_STREQ(error.what(), "time limit reached");
        }
    }
    EXPECT_NO_THROW(stop_point());
    clear_stop_request();
}

}  // namespace
}  // namespace shoal
