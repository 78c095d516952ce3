// SPDX-License-Identifier: MIT
// Against damaged HDF5 files, on which the HDF5 library itself may crash or hang (1.10 does on
// about one random bit flip in two hundred). Files written here end in a seal, a checksum after the
// end of what HDF5 uses; other programs do not see it, and lose it when they change the file. Files
// without a seal are read in a child process first.
#pragma once

#include <filesystem>
#include <functional>
#include <utility>

namespace shoal {

/// Appends the seal: 8 bytes "shoalXH3", then the XXH3 hash of everything before, little-endian.
void seal_file(const std::filesystem::path& path);

/// True if the file is sealed and intact, false if it has no seal. A seal that does not fit is a
/// file error: something in the file changed since it was written.
bool check_seal(const std::filesystem::path& path);

/// Runs `read` in a child process. Errors that it throws there are thrown here; a crash, more
/// memory than is free, or more time than any intact file takes are file errors.
void rehearse(const std::filesystem::path& path, const std::function<void()>& read);

/// read(), where a damaged file cannot take the process down.
template <class Read>
auto read_guarded(const std::filesystem::path& path, Read read) {
    if (!check_seal(path)) {
        rehearse(path, [&] { static_cast<void>(read()); });
    }
    return read();
}

}  // namespace shoal
