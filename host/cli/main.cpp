// SPDX-License-Identifier: MIT
#include <malloc.h>

#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    // One heap for all threads: a heap each would keep what its thread freed, several megabytes per
    // thread, and the inner loops do not allocate.
    mallopt(M_ARENA_MAX, 1);
    // Matrices come from and go back to the system one by one, so that waves leave no holes behind.
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    return shoal::run_command_line(argc, argv);
}
