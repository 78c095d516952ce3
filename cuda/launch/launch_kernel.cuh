// SPDX-License-Identifier: MIT
// What launch() is with nvcc; included by the units that instantiate it.
#pragma once

#include "launch/launch.hpp"
#include "support/check.hpp"
#include "support/cuda_group.cuh"

namespace shoal::cuda {

template <class Operation>
__global__ void __launch_bounds__(Operation::threads_at_most, Operation::blocks_at_least)
    kernel(const __grid_constant__ Operation operation) {
    operation(CudaGroup{});
}

template <class Operation>
void launch(const Operation& operation, LaunchShape shape, Stream& stream) {
    if (shape.blocks == 0) {
        return;
    }
    if (shape.shared_bytes > 48 * 1024) {
        check_cuda(
            cudaFuncSetAttribute(kernel<Operation>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 shape.shared_bytes),
            Operation::name);
    }
    kernel<Operation><<<shape.blocks, shape.threads, static_cast<std::size_t>(shape.shared_bytes),
                        static_cast<cudaStream_t>(stream.get())>>>(operation);
    check_cuda(cudaGetLastError(), Operation::name);
}

}  // namespace shoal::cuda
