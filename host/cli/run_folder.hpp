// SPDX-License-Identifier: MIT
// Opening a run directory: never overwritten by accident, one process at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "backend/backend.hpp"
#include "cli/options.hpp"
#include "config/spec.hpp"
#include "core/error.hpp"
#include "store/manifest.hpp"
#include "store/run_directory.hpp"

namespace shoal {

/// Another process is working in a run directory.
class FolderBusy : public Error {
    using Error::Error;
};

/// Holds the lock of a run directory; the kernel drops it when the process ends, however it ends.
class FolderLock {
  public:
    explicit FolderLock(const std::filesystem::path& path);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_;
};

/// A file error if a folder of the run is a link: a run writes, and --force deletes, inside its own
/// folder only. Links in place of files do no harm; files are replaced, not written through.
void require_own_folders(const RunPaths& paths);

enum class ExistingRun { refuse, resume, replace };

struct OpenRun {
    RunPaths paths;
    Config config;  ///< the shard's networks
    Manifest manifest;
    std::unique_ptr<FolderLock> lock;
};

/// Starts or continues a run of `config` in `folder`. An existing run is refused (error naming
/// --resume and --force), continued (its configuration must compute the same; backend, instruction
/// set and precision too unless `allow_different_bits`) or replaced.
OpenRun open_run(const std::filesystem::path& folder, const Config& config, Shard shard,
                 const Backend& backend, ExistingRun existing, bool allow_different_bits);

/// Refuses (usage error) to go on with a run under another backend, instruction set or precision;
/// with `allow_different_bits` the manifest records the change instead.
void require_same_bits(const RunPaths& paths, Manifest& manifest, const Backend& backend,
                       bool allow_different_bits);

/// Whether a run, or the training of one, is complete, without taking its lock. A usage error if
/// the folder holds a run of another configuration or shard.
bool is_finished(const RunPaths& paths, const Config& config, Shard shard, bool training_only);

/// Deletes the run in a folder, and nothing else that may lie there.
void delete_run(const std::filesystem::path& folder);

/// Opens a run that is there, for the later stages.
OpenRun reopen_run(const std::filesystem::path& folder);

}  // namespace shoal
