// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

SHOAL_GRADIENT_PASS_KERNELS(SHOAL_INSTANTIATE, Tf32)

}  // namespace shoal::cuda
