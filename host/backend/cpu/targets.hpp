// SPDX-License-Identifier: MIT
// Instruction sets the kernels are compiled for; comes before any header of Highway.
#pragma once

// Left out: sets that differ little from a neighbour (they would double the build time), and those
// whose vectors have no size known to the compiler (the kernels keep vectors in arrays).
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
