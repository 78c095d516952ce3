// SPDX-License-Identifier: MIT
#include "core/memory.hpp"

#include <malloc.h>

#include <fstream>
#include <string>

namespace shoal {

std::uint64_t available_memory() {
    std::ifstream meminfo("/proc/meminfo");
    std::string key;
    std::uint64_t kilobytes = 0;
    while (meminfo >> key >> kilobytes) {
        if (key == "MemAvailable:") {
            return kilobytes * 1024;
        }
        meminfo.ignore(64, '\n');
    }
    return std::uint64_t{4} << 30;
}

void reuse_dropped_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace shoal
