// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime.h>

namespace shoal::cuda {

/// Throws a device error that names the call, what was going on (Phase), the device and CUDA's
/// message.
void check_cuda(cudaError_t status, const char* call);

}  // namespace shoal::cuda
