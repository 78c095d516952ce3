// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace shoal {

/// tanh of every value, float64, in place; within 4 ulp (Highway's). Written for the best
/// instruction set of the machine, on which the last bits depend. `count` is a multiple of 8.
void tanh_in_place(double* values, std::size_t count);

}  // namespace shoal
