// SPDX-License-Identifier: MIT
// The CUDA runtime of the emulated device: memory on the host, streams that do everything at once.
#pragma once

#include <functional>

#include "launch/policy.hpp"

namespace shoal::emu {

/// Does the work now, or records it if the stream is being captured.
void submit(void* stream, std::function<void()> work);

/// Limits of the emulated device: an H100's, unless the environment variable SHOAL_EMULATED_DEVICE
/// names another compute capability (80, 86, 89, 90, 120) and SHOAL_EMULATED_MEMORY a number of
/// bytes.
cuda::DeviceLimits emulated_limits();

/// The order of threads for launches from now on: the seed in the environment variable
/// SHOAL_EMULATED_SCHEDULE (see set_schedule()), where it is set.
void take_schedule_from_environment();

}  // namespace shoal::emu
