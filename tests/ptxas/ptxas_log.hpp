// SPDX-License-Identifier: MIT
// Reads the logs of `ptxas -v` that the build keeps beside the objects
// (tools/cmake/keep_ptxas_log).
#pragma once

#include <string>
#include <vector>

namespace shoal::test {

/// The symbol as C++ writes it.
std::string demangle(const std::string& symbol);

/// One kernel on one architecture. What the functions it calls need counts as its own.
struct KernelUse {
    std::string kernel;        ///< demangled
    std::string architecture;  ///< "sm_90"
    int registers = -1;        ///< a thread; -1: the log does not say
    int stack = -1;            ///< bytes of a thread
    int spill_stores = -1;     ///< bytes of a thread
    int spill_loads = -1;      ///< bytes of a thread
    int static_shared = 0;     ///< bytes of a block; ptxas is silent about 0
};

/// Kernels of one log in its order. Throws std::runtime_error with the line that it cannot read.
std::vector<KernelUse> read_ptxas_log(const std::string& text);

}  // namespace shoal::test
