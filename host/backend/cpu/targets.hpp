// SPDX-License-Identifier: MIT
// Instruction sets the kernels are compiled for; comes before any header of Highway.
#pragma once

// Left out: sets that differ little from a neighbour (they would double the build time), and those
// whose vectors have no size known to the compiler (the kernels keep vectors in arrays).
#define SHOAL_LEFT_OUT \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

// Sanitizers make these files slow to compile, and one set of vectors tells what they can tell.
#if defined(__SANITIZE_THREAD__)
#define HWY_DISABLED_TARGETS (SHOAL_LEFT_OUT | HWY_AVX3)
#elif defined(__SANITIZE_ADDRESS__)
#define HWY_DISABLED_TARGETS (SHOAL_LEFT_OUT | HWY_AVX2)
#else
#define HWY_DISABLED_TARGETS SHOAL_LEFT_OUT
#endif
