// SPDX-License-Identifier: MIT
// Proves that the single-source headers compile for a device: a kernel that calls each SHOAL_HD
// function once. It is compiled only (tools/check --all, wherever nvcc is); nothing launches it.
#include "core/random.hpp"

namespace shoal {

/// bits_out, normal_out, log_out: [n]; thread i draws number i of the stream (key, test, 0, 0).
__global__ void draw_single_source(RandomKey key, std::uint32_t n, std::uint32_t* bits_out,
                                   double* normal_out, double* log_out) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        const std::uint32_t bits = random_bits(key, Purpose::test, 0, 0, i);
        bits_out[i] = uniform_index(bits, n);
        normal_out[i] = standard_normal(bits);
        log_out[i] = portable_log(uniform01(bits));
    }
}

}  // namespace shoal
