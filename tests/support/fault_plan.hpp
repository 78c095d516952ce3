// SPDX-License-Identifier: MIT
// What the fault injector was asked for, what it decides, and what it writes down.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

namespace shoal::faults {

enum Call { write_call, sync_call, rename_call, open_call, lock_call, remove_call, call_kinds };

struct Counters {
    std::atomic<std::uint64_t> calls[call_kinds];
    std::atomic<std::uint64_t> faults;
    std::atomic<std::uint64_t> clock_looks;
};

enum class Trouble { none, fail, rough, clock, forget };

inline std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// What the environment asks for, read once.
struct Plan {
    Trouble trouble = Trouble::none;
    int call = 0;
    int error = 0;
    unsigned long long at = 0;
    int once = 0;
    unsigned long long seed = 0;
    std::string folder = variable("SHOAL_FAULTS_FOLDER");
    std::string journal = variable("SHOAL_FAULTS_JOURNAL");
    Counters* counters = nullptr;
    int journal_file = -1;

    Plan() {
        const std::string text = variable("SHOAL_FAULTS");
        if (std::sscanf(text.c_str(), "fail %d %d %llu %d", &call, &error, &at, &once) == 4) {
            trouble = Trouble::fail;
        } else if (std::sscanf(text.c_str(), "rough %llu", &seed) == 1) {
            trouble = Trouble::rough;
        } else if (std::sscanf(text.c_str(), "clock %llu", &seed) == 1) {
            trouble = Trouble::clock;
        } else if (text == "forget") {
            trouble = Trouble::forget;
        }
        const int file = open_raw(variable("SHOAL_FAULTS_COUNTERS"), O_RDWR);
        void* memory =
            ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (folder.empty() || memory == MAP_FAILED) {
            std::fputs("fault injector: SHOAL_FAULTS_FOLDER or SHOAL_FAULTS_COUNTERS is wrong\n",
                       stderr);
            ::_exit(99);
        }
        ::close(file);
        counters = static_cast<Counters*>(memory);
        if (!journal.empty()) {
            journal_file = open_raw(journal + "/journal", O_WRONLY | O_CREAT | O_APPEND);
        }
    }
    static int open_raw(const std::string& path, int flags) {
        return static_cast<int>(
            ::syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0644));
    }
};

inline const Plan& plan() {
    static const Plan the_plan;
    return the_plan;
}

inline bool ours(const char* path) {
    const std::string& folder = plan().folder;
    return std::strncmp(path, folder.c_str(), folder.size()) == 0 &&
           (path[folder.size()] == '/' || path[folder.size()] == '\0');
}

inline std::string path_of(int file) {
    char path[4096];
    const ssize_t size =
        ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, sizeof path);
    return {path, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

inline bool ours(int file) {
    const int before = errno;
    const bool result = ours(path_of(file).c_str());
    errno = before;
    return result;
}

inline std::uint64_t random_bits() {
    static std::atomic<std::uint64_t> drawn{0};
    std::uint64_t x = plan().seed * 0x9e3779b97f4a7c15u + ++drawn * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

inline bool counted_fault(int error) {
    ++plan().counters->faults;
    errno = error;
    return true;
}

/// Counts a call; true, with errno set, if it is to fail.
inline bool fails(Call call) {
    const std::uint64_t number = ++plan().counters->calls[call];
    const Plan& p = plan();
    const bool hit = p.trouble == Trouble::fail && p.call == call &&
                     (number == p.at || (number > p.at && p.once == 0));
    return hit && counted_fault(p.error);
}

/// How many of `size` bytes a call may move; -1, with errno set: it fails.
inline ssize_t allowed(bool writing, std::size_t size) {
    const Plan& p = plan();
    if (p.trouble == Trouble::rough && size > 0) {
        const std::uint64_t bits = random_bits();
        if (bits % 4 == 0) {
            counted_fault(EINTR);
            return -1;
        }
        if (bits % 4 != 1 && size > 1) {
            ++p.counters->faults;
            return static_cast<ssize_t>(1 + (bits >> 8) % (size - 1));
        }
    }
    if (writing) {
        const std::uint64_t number = ++p.counters->calls[write_call];
        if (p.trouble == Trouble::fail && p.call == write_call) {
            if (number == p.at && size > 1) {
                return static_cast<ssize_t>(size / 2);
            }
            if (number == p.at || number == p.at + 1 || (number > p.at && p.once == 0)) {
                counted_fault(p.error);
                return -1;
            }
        }
    }
    return static_cast<ssize_t>(size);
}

/// While it lives no other thread changes files, so that the journal is in order.
class Journal {
  public:
    Journal() : lock_(mutex_) {}
    void note(const std::string& what) {
        const std::string line = what + "\n";
        if (plan().journal_file >= 0) {
            const int before = errno;
            ::syscall(SYS_write, plan().journal_file, line.data(), line.size());
            errno = before;
        }
    }
    /// Goes first, so that no written byte passes for a flushed one if the process is killed here;
    /// all other notes follow what they say.
    void note_write(int file) {
        struct stat status {};
        ::fstat(file, &status);
        note("write " + std::to_string(status.st_ino));
    }
    void note_flush(int file) {
        struct stat status {};
        ::fstat(file, &status);
        S_ISDIR(status.st_mode) ? note("folder " + path_of(file))
                                : note("flush " + std::to_string(status.st_ino));
    }
    /// Of folders the number is 0.
    void note_name(const char* path, const struct stat& status) {
        note("name " + std::to_string(S_ISDIR(status.st_mode) ? 0 : status.st_ino) + " " + path);
    }
    /// Keeps the file at `path`, which is about to lose this name.
    void keep(const char* path) {
        struct stat status {};
        if (plan().journal_file >= 0 && ::lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
            const std::string kept = plan().journal + "/" + std::to_string(status.st_ino);
            if (::link(path, kept.c_str()) != 0 && errno != EEXIST) {
                std::abort();  // without it the journal would not say what was on disk
            }
        }
    }

  private:
    inline static std::mutex mutex_;
    std::lock_guard<std::mutex> lock_;
};

/// The wall clock, somewhere else at every look.
inline std::time_t false_time(std::time_t true_time) {
    ++plan().counters->clock_looks;
    if (plan().trouble != Trouble::clock) {
        return true_time;
    }
    ++plan().counters->faults;
    const std::uint64_t bits = random_bits();
    const auto hours = static_cast<std::time_t>(bits >> 32) % 100 - 50;
    switch (bits % 4) {
        case 0:
            return 0;  // 1970
        case 1:
            return 0x80000000 + hours * 3600;  // around the end of 32-bit clocks, in 2038
        case 2:
            return 7258118400 + hours * 3600;  // around the year 2200
        default:
            return true_time + hours * 3600;
    }
}

}  // namespace shoal::faults
