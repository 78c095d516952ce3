// SPDX-License-Identifier: MIT
// Files of other programs that are given in place of a weights file.
#pragma once

#include <filesystem>
#include <string>

namespace shoal {

/// What a file is, by its content, and a command that makes a weights file of it, in one line; ""
/// if it is HDF5 that looks like a weights file, or nothing that is known.
std::string foreign_format(const std::filesystem::path& path);

}  // namespace shoal
