// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace shoal {

/// Bytes of this machine's memory that are free for new use.
std::uint64_t available_memory();

/// From here on matrices of up to 32 MiB that are dropped are kept for the next ones. Analyses make
/// and drop thousands a second: mapping each anew would take a fifth of their time.
void reuse_dropped_memory();

}  // namespace shoal
