// SPDX-License-Identifier: MIT
#include "core/stop.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> signalled{false};
std::atomic<Clock::rep> deadline{0};  // 0: none

extern "C" void on_stop_signal(int signal) {
    if (signal == SIGINT && signalled.load()) {
        ::_exit(130);
    }
    signalled.store(true);
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
        sigaction(signal, &action, nullptr);
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
    deadline = 0;
}

}  // namespace shoal
