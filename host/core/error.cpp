// SPDX-License-Identifier: MIT
#include "core/error.hpp"

#include <fmt/format.h>

namespace shoal {

void check(bool invariant, const char* what, const std::source_location& where) {
    if (!invariant) {
        throw std::logic_error(
            fmt::format("internal error: {} ({}:{})", what, where.file_name(), where.line()));
    }
}

}  // namespace shoal
