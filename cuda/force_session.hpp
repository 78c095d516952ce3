// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/backend.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// Networks in FORCE training on the current device.
template <typename T>
std::unique_ptr<ForceSession> make_force_session(const DeviceLimits& limits);

/// Bytes one network takes there, beside its recurrent matrix.
template <typename T>
std::uint64_t force_bytes(int units, int outputs, int groups, const DeviceLimits& limits);

}  // namespace shoal::cuda
