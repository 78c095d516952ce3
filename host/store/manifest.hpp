// SPDX-License-Identifier: MIT
// manifest.json: what made a run and when. Everything that depends on time or machine stands here.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/spec.hpp"

namespace shoal {

struct Manifest {
    std::string backend;  ///< backend, instruction set and precision fix the bits of a run
    std::string instruction_set;
    Precision precision = Precision::fp32;
    int threads = 1;
    int device = 0;  ///< number of the GPU, under the backend cuda
    int shard_index = 0;
    int shard_count = 1;
    std::string started;   ///< UTC, ISO 8601
    std::string finished;  ///< empty: not yet
    /// Wall seconds spent in each stage so far, and processor seconds in the parts of level full.
    std::map<std::string, double> stage_seconds;
    bool mixed_bits = false;  ///< resumed with --allow-different-bits
};

/// Now in UTC, ISO 8601, whole seconds.
std::string utc_now();
/// Version of the program, and the source revision it was built from where known.
std::string program_version();

void write_manifest(const std::filesystem::path& path, const Manifest& manifest);
Manifest read_manifest(const std::filesystem::path& path);

}  // namespace shoal
