// SPDX-License-Identifier: MIT
// The CUDA backend as a library that is loaded on demand, so that a run on the CPU neither links
// nor loads anything of CUDA. Host and library are built together, by one compiler.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.hpp"

namespace shoal {

/// How networks of one size would be trained on a device.
struct LaunchPolicyInfo {
    int units = 0;
    std::string route;         ///< tile32 ... tile204: on chip; streamed
    int threads = 0;           ///< per block, on chip
    int shared_bytes = 0;      ///< per block, on chip
    int networks_at_once = 0;  ///< on the whole device
};

struct CudaDeviceInfo {
    int index = 0;
    std::string name;
    int capability = 0;  ///< 90 for sm_90
    int multiprocessors = 0;
    std::uint64_t memory = 0;  ///< bytes
    int largest_on_chip = 0;   ///< units trained on chip with the published task
    std::vector<LaunchPolicyInfo> policies;
};

/// What the library offers. A change of this struct or of Backend changes the version.
struct CudaPlugin {
    static constexpr int current_version = 1;
    int version = current_version;
    /// Devices that can be used; if there are none, why.
    std::vector<CudaDeviceInfo> (*devices)(std::string* reason) = nullptr;
    /// Throws a device error if there is no such device.
    std::unique_ptr<Backend> (*make_backend)(const BackendOptions& options) = nullptr;
};

/// Whether the user has named the library, in SHOAL_CUDA_LIBRARY.
bool cuda_library_named();

/// Loads the library: the file that the environment variable SHOAL_CUDA_LIBRARY names, or
/// libshoal_cuda.so beside the program or in ../lib from there. Null if it cannot be; `reason` says
/// why. It stays loaded.
const CudaPlugin* load_cuda_plugin(std::string* reason);

}  // namespace shoal
