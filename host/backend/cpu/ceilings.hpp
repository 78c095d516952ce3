// SPDX-License-Identifier: MIT
#pragma once

#include "backend/backend.hpp"

namespace shoal::cpu {

/// What this machine can do at most on `threads` threads: independent fused multiply-adds in
/// registers, and reading memory. Takes about `seconds`; the best of several short rounds of each.
Ceilings measure_ceilings(int threads, double seconds);

}  // namespace shoal::cpu
