// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace shoal {

/// Adds a sentence to those that name what cut work; an empty one adds nothing.
inline void add_limit(std::string& limits, const std::string& sentence) {
    if (!sentence.empty()) {
        limits += (limits.empty() ? "" : " ") + sentence;
    }
}

}  // namespace shoal
