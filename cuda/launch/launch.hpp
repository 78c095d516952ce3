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
/// error if the launch is refused. Instantiated for the operations of operations.hpp: by nvcc in
/// launch/*.cu, and in the tests for the emulator.
template <class Operation>
void launch(const Operation& operation, LaunchShape shape, Stream& stream);

}  // namespace shoal::cuda
