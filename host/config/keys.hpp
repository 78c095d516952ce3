// SPDX-License-Identifier: MIT
// Every key of a configuration, once: how it is read, written, and when it matters.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.hpp"
#include "config/spec.hpp"
#include "config/values.hpp"
#include "config/yaml_tree.hpp"

namespace shoal {

/// What keys set: the base of every row of the sweep.
struct Settings {
    std::string name = "run";
    AnalysisConfig analysis;
    NetworkSpec spec;
};

struct Reader {
    Problems& problems;
    std::filesystem::path folder;  ///< relative paths start here
};

struct Key {
    std::string name;  ///< dotted: network.gain
    /// True for keys that are part of a network's identity: these may be swept.
    bool identifies = true;
    /// Reads a value into settings; nothing if it is wrong, which has then been told.
    std::function<std::optional<SweepValue>(const YamlNode&, const Reader&, Settings&)> read;
    /// The value as YAML; empty: not set.
    std::function<std::string(const Settings&)> yaml;
    /// The value as JSON in the canonical spec; empty: not set. A file is its content's hash.
    std::function<std::string(const Settings&)> json;
    /// Whether the value can matter to this network, and in words when it does.
    std::function<bool(const NetworkSpec&)> used = [](const NetworkSpec&) { return true; };
    std::string used_when;

    /// The same key, used in these cases alone.
    Key when(std::function<bool(const NetworkSpec&)> used_in, std::string words) &&;
};

/// Parts of all_keys().
void add_task_keys(std::vector<Key>& keys);
void add_training_keys(std::vector<Key>& keys);

/// All keys, sections together, in the order in which a resolved configuration lists them.
const std::vector<Key>& all_keys();
/// The key of a dotted name, or nullptr.
const Key* find_key(std::string_view name);
/// Whether keys of this dotted prefix exist (network, task.durations, ...).
bool is_section(std::string_view name);
/// Names one level below a section ("" for the top level), in order, "sweep" included at the top.
std::vector<std::string> names_in(std::string_view section);

}  // namespace shoal
