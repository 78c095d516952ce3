// SPDX-License-Identifier: MIT
#pragma once

// Loops over a few vectors must be unrolled before anything else, or the vectors live in memory;
// sanitizers check every access and take minutes to compile what is unrolled.
#ifndef SHOAL_UNROLL
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHOAL_UNROLL
#else
#define SHOAL_UNROLL _Pragma("GCC unroll 16")
#endif
#endif
