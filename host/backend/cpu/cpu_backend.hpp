// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/backend.hpp"

namespace shoal {

/// The fast CPU backend: SIMD chosen at run time, packed matrices, threads over networks.
std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options);

}  // namespace shoal
