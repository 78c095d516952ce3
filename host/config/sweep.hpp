// SPDX-License-Identifier: MIT
// From a document's keys to one row per network.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"

namespace shoal {

/// More rows than this in one configuration is a mistake, not a population.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr std::size_t max_rows = 1000;  // the same code in less time
#else
constexpr std::size_t max_rows = 1'000'000;
#endif

/// A configuration sorted by key, values not read yet.
struct Document {
    std::map<std::string, YamlNode> given;  ///< by dotted key
    std::vector<YamlNode::Entry> sweep;     ///< in order
    Place sweep_place;
};

/// Keys that vary together, nearly always one, and their values that could be read.
struct Axis {
    std::string name;  ///< dotted keys joined by ", ", or replicate
    Place place;
    std::vector<const Key*> keys;               ///< empty: replicate
    std::vector<std::vector<YamlNode>> values;  ///< of keys: [row of the axis, key]
    std::vector<std::uint32_t> replicates;      ///< of replicate
    bool counted = false;                       ///< replicates were given as a number
    bool is_replicate() const { return keys.empty(); }
    std::size_t size() const { return is_replicate() ? replicates.size() : values.size(); }
    /// Column of a key, or nothing.
    std::optional<std::size_t> column(std::string_view key) const;
};

/// The dotted keys of an axis name: split at commas, blanks around them dropped.
std::vector<std::string> split_axis(std::string_view name);

/// A document after reading: the base of every row and the axes of the sweep.
struct Plan {
    Settings base;
    std::vector<Axis> axes;
    std::set<std::string> wrong;  ///< keys whose values could not be read
    std::vector<bool> used;       ///< [key of all_keys()]: matters to some row (after expand)
    bool swept(std::string_view key) const;
};

/// Reads every value of the document.
Plan read_values(const Document& document, const Reader& reader);

/// The rows of the sweep, first key slowest, checked against rules that join several keys, with
/// uids.
std::vector<NetworkSpec> expand(Plan& plan, const Document& document, const Reader& reader);

/// The configuration with every default filled in, as YAML.
std::string resolved_yaml(const Plan& plan, const Reader& reader);

}  // namespace shoal
