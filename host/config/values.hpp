// SPDX-License-Identifier: MIT
// Single values of a configuration, read strictly. A wrong value is told under its `name` and gives
// nothing; a broken node has been told before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.hpp"
#include "config/yaml_tree.hpp"

namespace shoal {

struct Range {
    double low;
    double high;
    enum class Low { included, excluded } low_end = Low::included;

    bool holds(double x) const {
        return (low_end == Low::included ? x >= low : x > low) && x <= high;
    }
    /// "a number from 0 to 1".
    std::string words() const;
};

/// A scalar written without quotes.
bool is_plain(const YamlNode& node);

/// A finite number within the range, never -0.
std::optional<double> read_number(const YamlNode& node, const std::string& name, const Range& range,
                                  Problems& problems);

/// A whole number written plainly (12, -3): no leading zeros, points or exponents.
std::optional<std::int64_t> read_integer(const YamlNode& node, const std::string& name,
                                         std::int64_t low, std::int64_t high, Problems& problems);

/// A list of exactly `length` numbers.
std::optional<std::vector<double>> read_numbers(const YamlNode& node, const std::string& name,
                                                std::size_t length, const Range& range,
                                                Problems& problems);

/// Text of a name or path: not empty, no control characters. `wanted` says what would be right.
std::optional<std::string> read_text(const YamlNode& node, const std::string& name,
                                     std::string_view wanted, Problems& problems);

/// A double-quoted YAML and JSON string of such a text.
std::string in_quotes(std::string_view text);

/// What a node is, to follow its name in a message: "is 'abc'", "is a list", "has no value".
std::string described(const YamlNode& node);

}  // namespace shoal
