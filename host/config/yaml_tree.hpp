// SPDX-License-Identifier: MIT
// YAML as a small tree with places, stricter than YAML itself: one document, UTF-8, no duplicate
// keys, no anchors, aliases or tags, bounded size and depth. Text may come from anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problems.hpp"

namespace shoal {

/// Largest configuration that is read.
constexpr std::size_t max_config_bytes = std::size_t{1} << 20;

struct YamlNode {
    /// broken: its problem has been told already.
    enum class Kind { null, scalar, sequence, mapping, broken };
    struct Entry;

    Kind kind = Kind::null;
    bool quoted = false;  ///< scalar written with quotes or as a block: text, never a number
    Place place;
    std::string scalar;
    std::vector<YamlNode> items;
    std::vector<Entry> entries;  ///< in the order of the text, keys unique
};

struct YamlNode::Entry {
    std::string key;
    Place place;
    YamlNode value;
};

/// Reads one YAML document. What is wrong goes to `problems`; a text that cannot be read at all
/// gives a broken node. `override_index`: as in Place.
YamlNode read_yaml(std::string_view text, int override_index, Problems& problems);

}  // namespace shoal
