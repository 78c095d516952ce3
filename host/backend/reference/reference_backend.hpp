// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "backend/backend.hpp"

namespace shoal {

/// Plain loops, one network after another; in double it is the ground truth of every other backend.
std::unique_ptr<Backend> make_reference_backend(const BackendOptions& options);

}  // namespace shoal
