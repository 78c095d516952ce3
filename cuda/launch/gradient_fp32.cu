// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

SHOAL_GRADIENT_WEIGHT_KERNELS(SHOAL_INSTANTIATE)
SHOAL_GRADIENT_PASS_KERNELS(SHOAL_INSTANTIATE, Fp32)

}  // namespace shoal::cuda
