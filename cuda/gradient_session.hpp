// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/gradient.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {

/// Networks in gradient training on the current device. Throws a usage error for fp64.
std::unique_ptr<GradientSession> make_gradient_session(Precision precision,
                                                       const DeviceLimits& limits);

/// Bytes one network takes there, its trials included.
std::uint64_t gradient_bytes(const GradientShape& shape);
/// Bytes of history and other scratch of a launch, however many networks there are.
std::uint64_t gradient_scratch_bytes(const GradientShape& shape, Precision precision,
                                     const DeviceLimits& limits);

}  // namespace shoal::cuda
