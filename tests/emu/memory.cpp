// SPDX-License-Identifier: MIT
// The memory that kernels may be given.
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "machine.hpp"

namespace shoal::emu {

namespace {

/// By where a range begins and, for equal beginnings, the wider one first.
using Key = std::pair<std::uintptr_t, std::uintptr_t>;
std::map<Key, std::string> ranges;
std::shared_mutex ranges_mutex;

Key key(const void* begin, std::size_t bytes) {
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    return {first, ~(first + bytes)};
}

}  // namespace

void register_memory(const void* begin, std::size_t bytes, std::string owner) {
    const std::unique_lock lock(ranges_mutex);
    ranges.emplace(key(begin, bytes), std::move(owner));
}

void forget_memory(const void* begin) {
    const std::unique_lock lock(ranges_mutex);
    const auto after = ranges.upper_bound({reinterpret_cast<std::uintptr_t>(begin), ~0ull});
    if (after != ranges.begin() &&
        std::prev(after)->first.first == reinterpret_cast<std::uintptr_t>(begin)) {
        ranges.erase(std::prev(after));
    }
}

namespace machine {

void check_global(const Thread& thread, const void* begin, std::size_t bytes,
                  std::size_t alignment) {
    if (bytes == 0 || !thread.checks) {
        return;
    }
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    if (first % alignment != 0) {
        report_misaligned(thread, begin, alignment);
    }
    const std::shared_lock lock(ranges_mutex);
    // Ranges nest: going down from the last that begins here, the first around it is the innermost.
    for (auto it = ranges.upper_bound({first, ~0ull}); it != ranges.begin();) {
        --it;
        const std::uintptr_t end = ~it->first.second;
        if (first < end) {
            if (bytes > end - first) {
                thread.machine->fail(FaultKind::foreign_store, thread,
                                     "asks for " + std::to_string(bytes) + " bytes at byte " +
                                         std::to_string(first - it->first.first) + " of '" +
                                         it->second + "', which has " +
                                         std::to_string(end - it->first.first));
            }
            return;
        }
    }
    thread.machine->fail(
        FaultKind::foreign_store, thread,
        "asks for " + std::to_string(bytes) + " bytes of global memory that nobody has registered");
}

}  // namespace machine

}  // namespace shoal::emu
