// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace shoal {

/// Where a library that is loaded on demand lies: the file that the environment variable names, or
/// `library` beside the program or in ../lib/shoal or ../lib from there; empty if it is nowhere.
std::string plugin_path(const char* variable, const char* library);

}  // namespace shoal
