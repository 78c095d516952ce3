// SPDX-License-Identifier: MIT
#include "core/stop.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{20};

std::atomic<bool> signalled{false};
std::atomic<bool> pressed{false};     // by INT, TERM or HUP
std::atomic<Clock::rep> deadline{0};  // 0: none

/// StopPoints alive, by their reason.
std::atomic<int> stop_points[2];

/// Innermost last. Whoever holds the mutex keeps them alive.
std::mutex scopes_mutex;
std::vector<const StopScope*> scopes;

/// Of the last scope that ended after a stop was asked for: the work in it ends by itself, and the
/// process has yet to.
struct Ending {
    bool begun = false;
    std::string go_on;
} ending;

extern "C" void on_stop_signal(int signal) {
    if (signal == SIGINT && signalled.load()) {
        ::_exit(130);
    }
    signalled.store(true);
    if (signal != SIGUSR1 && signal != SIGUSR2) {
        pressed.store(true);
    }
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (signal != SIGHUP || before.sa_handler != SIG_IGN) {  // nohup ignores HUP
            sigaction(signal, &action, nullptr);
        }
    }
}

void stop_after_hours(double hours) {
    deadline = hours > 0 ? (Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                               std::chrono::duration<double>(hours * 3600.0)))
                               .time_since_epoch()
                               .count()
                         : 0;
}

bool stop_requested() {
    return signalled || (deadline != 0 && Clock::now().time_since_epoch().count() >= deadline);
}

const char* stop_reason() {
    return signalled ? "interrupted" : "time limit reached";
}

void clear_stop_request() {
    signalled = false;
    pressed = false;
    deadline = 0;
    const std::lock_guard lock(scopes_mutex);
    ending = {};
}

void stop_point() {
    const auto wanted = [](StopFor reason) { return stop_points[static_cast<int>(reason)] > 0; };
    if ((wanted(StopFor::any_reason) && stop_requested()) ||
        (wanted(StopFor::int_and_term) && pressed)) {
        throw Error(ExitCode::interrupted, stop_reason());
    }
}

StopPoints::StopPoints(StopFor reason) : reason_(reason) {
    ++stop_points[static_cast<int>(reason)];
}

StopPoints::~StopPoints() {
    --stop_points[static_cast<int>(reason_)];
}

StopScope::StopScope(std::string go_on, std::function<void()> keep)
    : go_on_(std::move(go_on)), keep_(std::move(keep)) {
    const std::lock_guard lock(scopes_mutex);
    scopes.push_back(this);
}

StopScope::~StopScope() {
    const std::lock_guard lock(scopes_mutex);
    std::erase(scopes, this);
    if (stop_requested()) {
        ending = {true, go_on_.empty() ? ending.go_on : go_on_};
    }
}

StopWatch::StopWatch(std::string command, std::function<void(const std::string& message)> say,
                     std::chrono::milliseconds grace)
    : command_(std::move(command)),
      say_(std::move(say)),
      grace_(grace),
      thread_([this] { watch(); }) {}

StopWatch::~StopWatch() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void StopWatch::watch() {
    std::optional<Clock::time_point> pressed_at;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, look_interval, [this] { return over_; })) {
        if (pressed && !pressed_at) {
            pressed_at = Clock::now();
        }
        const bool due = pressed_at && Clock::now() - *pressed_at >= grace_;
        const std::lock_guard scopes_stay(scopes_mutex);
        if (due || (signalled && scopes.empty() && !ending.begun)) {
            leave();
        }
    }
}

/// The work may hold any lock, that of stderr as well, so that all that could wait for one is done
/// on a thread that is left behind. Owners of scopes wait in their destructors meanwhile.
void StopWatch::leave() {
    std::promise<void> said;
    const std::future<void> done = said.get_future();
    std::thread([this, &said] {
        std::string go_on = ending.go_on;
        std::string problem;
        for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
            go_on = (*scope)->go_on_.empty() ? go_on : (*scope)->go_on_;
            try {
                if ((*scope)->keep_) {
                    (*scope)->keep_();
                }
            } catch (const std::exception& error) {
                problem = fmt::format(" (but for: {})", error.what());
            }
        }
        say_(go_on.empty() ? fmt::format("{}. Start again with: {}", stop_reason(), command_)
                           : fmt::format("{}; what was finished is kept{}. Go on with: {}",
                                         stop_reason(), problem, go_on));
        said.set_value();
    }).detach();
    done.wait_for(last_words);
    std::_Exit(static_cast<int>(ExitCode::interrupted));
}

}  // namespace shoal
