// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/random.hpp"

namespace shoal::cpu {

/// out[i] = standard_normal(random_bits(key, purpose, trial, step, i)) for i < count, rounded to T:
/// the same bits as those functions give, many at a time.
void standard_normals(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step,
                      int count, float* out);
void standard_normals(RandomKey key, Purpose purpose, std::uint32_t trial, std::uint32_t step,
                      int count, double* out);

}  // namespace shoal::cpu
