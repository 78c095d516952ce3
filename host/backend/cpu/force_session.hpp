// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/backend.hpp"

namespace shoal::cpu {

/// FORCE training on `threads` threads; networks that share a matrix step together.
template <typename T>
std::unique_ptr<ForceSession> make_force_session(int threads);

}  // namespace shoal::cpu
