// SPDX-License-Identifier: MIT
// The real program in a process of its own, to be stopped and killed.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "core/random.hpp"
#include "test_cli_support.hpp"

namespace shoal::test {

using std::chrono::milliseconds;

/// The program in a process of its own; stdout and stderr go to output.txt.
class Program {
  public:
    explicit Program(std::vector<std::string> arguments)
        : Program(SHOAL_PROGRAM, std::move(arguments)) {}
    /// Another program, such as a launcher of ours.
    Program(std::string program, std::vector<std::string> arguments) {
        std::vector<char*> argv = {program.data()};
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        child_ = fork();
        if (child_ == 0) {
            const int file = open("output.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
            dup2(file, STDOUT_FILENO);
            dup2(file, STDERR_FILENO);
            execvp(argv[0], argv.data());
            _exit(127);
        }
    }
    ~Program() {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            wait();
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void send(int signal) const { kill(child_, signal); }
    /// All of them at once, as when a machine fails.
    void kill_children() const {
        const std::string self = std::to_string(child_);
        std::ifstream children("/proc/" + self + "/task/" + self + "/children");
        for (pid_t child = 0; children >> child;) {
            kill(child, SIGKILL);
        }
    }
    /// Exit status, or 1000 + the signal that ended it.
    int wait() {
        int status = 0;
        EXPECT_EQ(waitpid(child_, &status, 0), child_);
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

  private:
    pid_t child_ = -1;
};

inline std::string output() {
    return read_text_file("output.txt");
}

/// Waits until the program has written `text`.
inline void wait_until_shown(const std::string& text) {
    const auto shown = [&] {
        return fs::exists("output.txt") && output().find(text) != std::string::npos;
    };
    for (int i = 0; i < 6000 && !shown(); ++i) {
        std::this_thread::sleep_for(milliseconds(10));
    }
    ASSERT_TRUE(shown());
}

/// Waits until a process holds the lock of a run directory, and returns that process.
inline pid_t holder(const fs::path& run) {
    for (int i = 0; i < 4000; ++i) {
        struct stat status {};
        std::ifstream locks("/proc/locks");
        const bool there = ::stat((run / ".lock").c_str(), &status) == 0;
        for (std::string line; there && std::getline(locks, line);) {
            if (line.find(":" + std::to_string(status.st_ino) + " ") != std::string::npos) {
                return static_cast<pid_t>(std::stol(line.substr(line.find("WRITE") + 5)));
            }
        }
        std::this_thread::sleep_for(milliseconds(5));
    }
    throw std::runtime_error("nobody works on " + run.string() + ":\n" + output());
}

/// The command that an interrupted run shows.
inline std::string shown_command() {
    const std::string text = output();
    const std::string mark = "Go on with: ";
    const std::size_t at = text.find(mark);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos
               ? "false"
               : text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
}

/// Types it into a shell that finds the program as `shoal`.
inline int type(const std::string& command) {
    const std::string path = fs::path(SHOAL_PROGRAM).parent_path().string();
    return std::system(("PATH='" + path + "':$PATH; " + command + " > output.txt 2>&1").c_str());
}

/// Number `i` of a series of delays that grow, so that a run that is killed again and again still
/// gets to its end: uniform between 0 and 60 (i + 1) ms.
inline milliseconds delay(std::uint32_t seed, std::uint32_t i) {
    const std::uint32_t bits = random_bits({seed, 0}, Purpose::test, 0, 0, i);
    return milliseconds(uniform_index(bits, 60 * (i + 1)));
}

/// Starts `arguments` and kills it after each delay of a series in turn until it ends by itself.
/// Returns the number of kills.
inline int kill_until_done(const std::vector<std::string>& arguments, std::uint32_t seed,
                           int signal) {
    const int killed = signal == SIGKILL ? 1000 + SIGKILL : 5;
    int kills = 0;
    for (std::uint32_t i = 0;; ++i) {
        Program program(arguments);
        std::this_thread::sleep_for(delay(seed, i));
        program.send(signal);
        const int status = program.wait();
        if (status == 0) {
            return kills;
        }
        // Before the program has set its handlers, a signal simply ends it.
        if (status != killed && status != 1000 + signal) {
            ADD_FAILURE() << "ended with " << status << ":\n" << output();
            return kills;
        }
        ++kills;
    }
}

}  // namespace shoal::test
