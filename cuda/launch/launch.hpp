// SPDX-License-Identifier: MIT
// Launching: the only way from the host side to a kernel.
#pragma once

#include "launch/operations.hpp"
#include "support/runtime.hpp"

namespace shoal::cuda {

struct LaunchShape {
    int blocks = 0;
    int threads = 0;       ///< per block, a multiple of 32
    int shared_bytes = 0;  ///< per block
};

/// Sends one launch to the stream and returns at once. No blocks: does nothing. Throws a device
/// error if the launch is refused. Defined for the operations that operations.hpp lists, by nvcc in
/// launch/*.cu and in the tests for the emulator; another one does not link.
template <class Operation>
void launch(const Operation& operation, LaunchShape shape, Stream& stream);

/// For the lists of operations.hpp: the definition of launch() for one operation, in a unit that
/// includes launch_kernel.cuh (or the emulator's launch_emulated.hpp), in namespace shoal::cuda.
#define SHOAL_INSTANTIATE(operation_type) \
    template void launch(const operation::operation_type&, LaunchShape, Stream&);

}  // namespace shoal::cuda
