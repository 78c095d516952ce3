// SPDX-License-Identifier: MIT
#pragma once

/// Marks a function of the single-source part: the same text runs on the host and on a CUDA device.
#if defined(__CUDACC__)
#define SHOAL_HD __host__ __device__
#else
#define SHOAL_HD
#endif
