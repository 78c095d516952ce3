// SPDX-License-Identifier: MIT
#include "core/plugin.hpp"

#include <cstdlib>
#include <filesystem>

namespace shoal {

std::string plugin_path(const char* variable, const char* library) {
    const char* given = std::getenv(variable);
    if (given != nullptr && *given != '\0') {
        return given;
    }
    std::error_code ignored;
    const auto folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    // Beside the program, as installed, as built.
    const auto lib = folder / ".." / "lib";
    for (const auto& place : {folder / library, lib / "shoal" / library, lib / library}) {
        if (std::filesystem::exists(place, ignored)) {
            return place.string();
        }
    }
    return "";
}

}  // namespace shoal
