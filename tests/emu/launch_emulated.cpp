// SPDX-License-Identifier: MIT
#include "launch_emulated.hpp"

namespace shoal::cuda {

SHOAL_FORCE_KERNELS(SHOAL_INSTANTIATE)

}  // namespace shoal::cuda
