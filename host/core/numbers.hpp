// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>

namespace shoal {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// A count or an index that is not negative, as containers want it.
constexpr std::size_t to_size(int value) {
    return static_cast<std::size_t>(value);
}

}  // namespace shoal
