// SPDX-License-Identifier: MIT
#pragma once

namespace shoal::cpu {

/// What this machine can do at most, measured now on `threads` threads.
struct Ceilings {
    double gflops = 0.0;             ///< independent fused multiply-adds in registers, fp32
    double gbytes_per_second = 0.0;  ///< reading memory larger than the caches
};

/// Takes about `seconds`; the best of several short rounds of each.
Ceilings measure_ceilings(int threads, double seconds);

}  // namespace shoal::cpu
