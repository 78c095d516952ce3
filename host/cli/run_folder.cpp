// SPDX-License-Identifier: MIT
#include "cli/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {
namespace {

/// Removes what a run wrote and nothing else that may lie in the folder.
void remove_run(const RunPaths& paths) {
    // Killed from here on, it is no finished run any more.
    if (std::filesystem::exists(paths.manifest())) {
        try {
            Manifest manifest = read_manifest(paths.manifest());
            manifest.finished.clear();
            write_manifest(paths.manifest(), manifest);
        } catch (const Error&) {
            std::filesystem::remove(paths.manifest());  // damaged, or the disk is full
        }
    }
    std::filesystem::remove(paths.report());
    std::error_code may_stay;  // whatever is in it
    std::filesystem::remove(paths.folder / "report", may_stay);
    for (const auto& file : {paths.analysis(), paths.population(), paths.table()}) {
        std::filesystem::remove(file);
    }
    for (const char* table : {"shares.csv", "trends.csv", "claims.csv", "claims.json"}) {
        std::filesystem::remove(paths.folder / table);
    }
    std::filesystem::remove_all(paths.checkpoint());
    // Killed before these two, it is a run that has not begun; a power cut must not keep results
    // and take these.
    sync_folder(paths.folder);
    std::filesystem::remove(paths.config());
    std::filesystem::remove(paths.manifest());
}

/// A process that was killed leaves the file it was writing (core/file.hpp); the lock is ours now.
void remove_unfinished_files(const RunPaths& paths) {
    for (const auto& folder : {paths.folder, paths.checkpoint(), paths.report().parent_path()}) {
        std::error_code absent;
        std::vector<std::filesystem::path> stale;
        for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
            if (entry.path().extension().string().starts_with(".tmp-")) {
                stale.push_back(entry.path());
            }
        }
        for (const auto& path : stale) {
            std::filesystem::remove(path);
        }
    }
}

/// A run begins with its manifest and config.yaml, and --force removes them last: one without the
/// other, or results without either, were damaged from outside.
void require_whole(const RunPaths& paths) {
    const bool config = std::filesystem::exists(paths.config());
    for (const auto& file : {paths.population(), paths.analysis(), paths.checkpoint()}) {
        if (!config && std::filesystem::exists(file)) {
            throw file_error(fmt::format(
                "{}: holds {} but no config.yaml; restore it, choose another folder with --out, or "
                "delete what is there with --force",
                paths.folder.string(), file.filename().string()));
        }
    }
    if (config && !std::filesystem::exists(paths.manifest())) {
        throw file_error(
            fmt::format("{}: manifest.json is missing; restore it, choose another folder with "
                        "--out, or delete what is there with --force",
                        paths.folder.string()));
    }
}

/// The manifest of the run in a folder, which must be of this configuration and shard.
Manifest manifest_of(const RunPaths& paths, const Config& config, Shard shard) {
    // Equal texts, or else equal in what they compute.
    if (read_text_file(paths.config()) != config.resolved_yaml &&
        load_config(paths.config()).identity != config.identity) {
        throw usage_error(fmt::format(
            "{} holds a run of another configuration (its config.yaml differs in what it "
            "computes);\nresume with the configuration it was started with, or choose another "
            "folder with --out",
            paths.folder.string()));
    }
    Manifest manifest = read_manifest(paths.manifest());
    if (manifest.shard_index != shard.index || manifest.shard_count != shard.count) {
        throw usage_error(fmt::format("{} holds shard {}/{}, not {}/{}", paths.folder.string(),
                                      manifest.shard_index, manifest.shard_count, shard.index,
                                      shard.count));
    }
    return manifest;
}

}  // namespace

void require_own_folders(const RunPaths& paths) {
    for (const auto& folder : {paths.checkpoint(), paths.report().parent_path()}) {
        std::error_code absent;
        if (std::filesystem::is_symlink(folder, absent)) {
            throw file_error(fmt::format(
                "{}: is a link, and a run keeps its files in its own folder; remove the link",
                folder.string()));
        }
    }
}

FolderLock::FolderLock(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)) {
    if (descriptor_ < 0) {
        throw file_error(
            fmt::format("{}: cannot be created: {}", path.string(), std::strerror(errno)));
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int problem = errno;
        ::close(descriptor_);
        if (problem != EWOULDBLOCK) {
            throw file_error(fmt::format(
                "{}: cannot be locked: {}; run directories need a file system with flock",
                path.string(), std::strerror(problem)));
        }
        throw FolderBusy(ExitCode::usage,
                         fmt::format("{}: another shoal process is working in this run directory",
                                     path.parent_path().string()));
    }
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

OpenRun open_run(const std::filesystem::path& folder, const Config& config, Shard shard,
                 const Backend& backend, ExistingRun existing, bool allow_different_bits) {
    OpenRun run;
    run.paths.folder = folder;
    run.config = config;
    keep_shard(run.config, shard.index, shard.count);
    create_folders(folder);
    run.lock = std::make_unique<FolderLock>(run.paths.lock());
    require_own_folders(run.paths);
    if (existing == ExistingRun::replace) {
        remove_run(run.paths);
    } else if (existing == ExistingRun::refuse && std::filesystem::exists(run.paths.config())) {
        throw usage_error(fmt::format(
            "{} already holds a run; go on with --resume, start again with --force, or choose "
            "another folder with --out",
            folder.string()));
    }
    remove_unfinished_files(run.paths);
    require_whole(run.paths);
    if (std::filesystem::exists(run.paths.config())) {
        run.manifest = manifest_of(run.paths, config, shard);
        require_same_bits(run.paths, run.manifest, backend, allow_different_bits);
        if (run.manifest.finished.empty()) {
            write_manifest(run.paths.manifest(), run.manifest);
        }
        return run;
    }
    run.manifest.backend = backend.name();
    run.manifest.instruction_set = backend.instruction_set();
    run.manifest.precision = backend.precision();
    run.manifest.threads = backend.threads();
    run.manifest.shard_index = shard.index;
    run.manifest.shard_count = shard.count;
    run.manifest.started = utc_now();
    // The manifest goes first: a folder with config.yaml is a run, and always has both.
    write_manifest(run.paths.manifest(), run.manifest);
    replace_file(run.paths.config(), run.config.resolved_yaml);
    return run;
}

void require_same_bits(const RunPaths& paths, Manifest& manifest, const Backend& backend,
                       bool allow_different_bits) {
    const std::string was = fmt::format("{} {} {}", manifest.backend, manifest.instruction_set,
                                        name_of(manifest.precision));
    const std::string is = fmt::format("{} {} {}", backend.name(), backend.instruction_set(),
                                       name_of(backend.precision()));
    if (was == is) {
        return;
    }
    if (!allow_different_bits) {
        throw usage_error(fmt::format(
            "{} was computed with {}; this would go on with {} and give different bits.\n"
            "Choose the same backend and precision, or accept it with --allow-different-bits",
            paths.folder.string(), was, is));
    }
    manifest.mixed_bits = true;
    manifest.backend = backend.name();
    manifest.instruction_set = backend.instruction_set();
    manifest.precision = backend.precision();
}

bool is_finished(const RunPaths& paths, const Config& config, Shard shard, bool training_only) {
    if (!std::filesystem::exists(paths.config()) || !std::filesystem::exists(paths.manifest())) {
        return false;
    }
    return !manifest_of(paths, config, shard).finished.empty() ||
           (training_only && std::filesystem::exists(paths.population()));
}

void delete_run(const std::filesystem::path& folder) {
    if (std::filesystem::exists(folder)) {
        const RunPaths paths{folder};
        const FolderLock lock(paths.lock());
        remove_run(paths);
    }
}

OpenRun reopen_run(const std::filesystem::path& folder) {
    OpenRun run;
    run.paths.folder = folder;
    if (!std::filesystem::exists(run.paths.config())) {
        throw file_error(
            fmt::format("{}: is not a run directory (it has no config.yaml)", folder.string()));
    }
    run.lock = std::make_unique<FolderLock>(run.paths.lock());
    require_own_folders(run.paths);
    remove_unfinished_files(run.paths);
    require_whole(run.paths);
    run.config = load_config(run.paths.config());
    run.manifest = read_manifest(run.paths.manifest());
    keep_shard(run.config, run.manifest.shard_index, run.manifest.shard_count);
    return run;
}

}  // namespace shoal
