// SPDX-License-Identifier: MIT
#include "train/progress.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <ctime>
#include <fstream>

#include "core/text.hpp"

namespace shoal {
namespace {

std::string duration(double seconds) {
    const auto s = static_cast<long>(seconds + 0.5);
    if (s >= 3600) {
        return fmt::format("{}:{:02d}:{:02d}", s / 3600, s / 60 % 60, s % 60);
    }
    return fmt::format("{}:{:02d}", s / 60, s % 60);
}

}  // namespace

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Progress::Progress(Mode mode)
    : quiet_(mode == Mode::quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    finish_stage();
}

std::string Progress::format(const Numbers& n) const {
    std::string text = fmt::format("{} {}/{}", n.stage, n.done, n.networks);
    text += fmt::format("  {:.0f} %", 100.0 * n.work_done);
    if (n.accepted + n.failed > 0 || n.stage == "training") {
        text += fmt::format("  accepted {}  failed {}", n.accepted, n.failed);
    }
    if (n.steps_per_second > 0) {
        text += fmt::format("  {} network-steps/s", three_digits(n.steps_per_second));
    }
    if (!n.doing.empty()) {
        const std::size_t more = n.doing.size() - 1;
        text += "  " + (terminal_ ? n.doing.front() : fmt::format("{}", fmt::join(n.doing, "; ")));
        text += terminal_ && more > 0 ? fmt::format(" (and {} more)", more) : "";
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - stage_start_).count();
    const double progressed = n.work_done - work_at_start_;
    text += "  " + duration(elapsed);
    if (progressed > 0 && n.work_done < 1.0) {
        text += fmt::format(" ETA {}", duration(elapsed * (1.0 - n.work_done) / progressed));
    }
    text += fmt::format("  {:.0f} MB", static_cast<double>(resident_bytes()) / 1e6);
    return text;
}

void Progress::update(const Numbers& numbers) {
    if (quiet_) {
        return;
    }
    const auto now = Clock::now();
    if (numbers.stage != stage_) {
        finish_stage();
        stage_ = numbers.stage;
        stage_start_ = now;
        last_shown_ = {};
        work_at_start_ = numbers.work_done;
    }
    shown_ = shown_ && numbers == last_;
    last_ = numbers;
    const double since = std::chrono::duration<double>(now - last_shown_).count();
    if (since < (terminal_ || listener_ ? 0.2 : 10.0)) {
        return;
    }
    last_shown_ = now;
    show("");
    line_open_ = terminal_;
}

void Progress::show(const char* terminal_end) {
    shown_ = true;
    if (listener_) {
        listener_(last_);
    } else if (terminal_) {
        fmt::print(stderr, "\r{}\033[K{}", format(last_), terminal_end);
        std::fflush(stderr);
    } else {
        fmt::print(stderr, "{:%H:%M:%S} {}\n", fmt::localtime(std::time(nullptr)), format(last_));
    }
}

void Progress::finish_stage() {
    if (quiet_ || stage_.empty()) {
        return;
    }
    if (terminal_ || !shown_) {
        show("\n");
    }
    line_open_ = false;
    stage_.clear();
}

void Progress::note(const std::string& line) {
    if (!quiet_ && !listener_) {
        fmt::print(stderr, "{}{}\n", line_open_ ? "\r\033[K" : "", printable(line));
        line_open_ = false;
    }
}

void Progress::warning(const std::string& line) {
    fmt::print(stderr, "{}warning: {}\n", line_open_ ? "\r\033[K" : "", printable(line));
    line_open_ = false;
}

}  // namespace shoal
