// SPDX-License-Identifier: MIT
// What cuBLAS reaches on this device, in libshoal_cublas.so, so that nothing but bench loads
// cuBLAS.
#pragma once

namespace shoal::cuda {

enum class CublasMath { fp32, tf32 };

struct CublasRates {
    /// Floating-point operations per second of products of 8192 by 8192 matrices of random numbers:
    /// the best of several rounds within about `seconds`. Throws a device error.
    double (*multiply_rate)(CublasMath math, double seconds);
};

}  // namespace shoal::cuda

/// The library's only symbol.
extern "C" const shoal::cuda::CublasRates* shoal_cublas_rates();
