// SPDX-License-Identifier: MIT
#include "launch/launch_kernel.cuh"

namespace shoal::cuda {

SHOAL_STREAMED_KERNELS(SHOAL_INSTANTIATE)

}  // namespace shoal::cuda
