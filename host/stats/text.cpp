// SPDX-License-Identifier: MIT
#include "stats/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shoal {

std::string percent(const Interval& share) {
    if (std::isnan(share.estimate)) {
        return "-";
    }
    return fmt::format("{} % [{}, {}]", std::lround(100.0 * share.estimate),
                       std::lround(100.0 * share.low), std::lround(100.0 * share.high));
}

std::string aligned(const std::vector<std::vector<std::string>>& lines) {
    std::vector<std::size_t> widths(lines.front().size(), 0);
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            widths[i] = std::max(widths[i], line[i].size());
        }
    }
    std::string text;
    for (const auto& line : lines) {
        text += fmt::format("{:<{}}", line[0], widths[0]);
        for (std::size_t i = 1; i < line.size(); ++i) {
            text += fmt::format("  {:>{}}", line[i], widths[i]);
        }
        text += '\n';
    }
    return text;
}

}  // namespace shoal
