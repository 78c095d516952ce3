// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/gradient.hpp"

namespace shoal::cpu {

template <typename T>
std::unique_ptr<GradientSession> make_gradient_session(int threads);

/// Bytes of one network, and of one thread's memory for networks of this shape.
template <typename T>
std::uint64_t gradient_network_bytes(const GradientShape& shape);
template <typename T>
std::uint64_t gradient_thread_bytes(const GradientShape& shape);

}  // namespace shoal::cpu
