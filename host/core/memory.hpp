// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace shoal {

/// Bytes of this machine's memory that are free for new use.
std::uint64_t available_memory();

}  // namespace shoal
