// SPDX-License-Identifier: MIT
#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/sweep.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {
namespace {

/// What to write instead of an unknown key.
std::string advice(const std::string& section, const std::string& name) {
    const std::vector<std::string> names = names_in(section);
    const std::string dotted = section.empty() ? name : section + "." + name;
    const std::string leaf = name.substr(name.rfind('.') + 1);
    if (name == "replicate") {
        return "it belongs under sweep, as 'replicate: 10'";
    }
    if (section.empty() && find_key(name) != nullptr) {
        return fmt::format("write '{}' inside '{}:' (dotted keys stand under sweep only)", leaf,
                           name.substr(0, name.rfind('.')));
    }
    const std::string near = nearest(name, names);
    if (!near.empty()) {
        return fmt::format("did you mean '{}'?", near);
    }
    for (const Key& key : all_keys()) {
        if (key.name.ends_with("." + leaf)) {
            return fmt::format("did you mean {}?", key.name);
        }
    }
    return section.empty() ? fmt::format("the top level has {}", joined(names))
                           : fmt::format("{} has {}", section, joined(names));
}

/// Sorts the keys of a mapping that stands at `section` into the document.
void sort_keys(const YamlNode& node, const std::string& section, Document& document,
               Problems& problems) {
    if (node.kind == YamlNode::Kind::broken ||
        (node.kind == YamlNode::Kind::null && !section.empty())) {
        return;  // a section whose keys are all commented out is an empty one
    }
    if (node.kind != YamlNode::Kind::mapping) {
        const bool empty = node.kind == YamlNode::Kind::null;
        problems.add(empty ? Place{} : node.place,
                     empty ? "the configuration is empty"
                           : fmt::format("{} {}", section.empty() ? "the configuration" : section,
                                         described(node)),
                     fmt::format("a mapping of {} is wanted", joined(names_in(section))));
        return;
    }
    for (const YamlNode::Entry& entry : node.entries) {
        const std::string name = section.empty() ? entry.key : section + "." + entry.key;
        if (name == "sweep") {
            document.sweep_place = entry.place;
            if (entry.value.kind == YamlNode::Kind::mapping) {
                document.sweep = entry.value.entries;
            } else if (entry.value.kind == YamlNode::Kind::scalar ||
                       entry.value.kind == YamlNode::Kind::sequence) {
                problems.add(entry.value.place, "sweep " + described(entry.value),
                             "a mapping of keys to lists is wanted, as network.gain: [0.8, 1.2]");
            }
        } else if (entry.key.find('.') == std::string::npos && find_key(name) != nullptr) {
            document.given.insert_or_assign(name, entry.value);
        } else if (entry.key.find('.') == std::string::npos && is_section(name)) {
            sort_keys(entry.value, name, document, problems);
        } else {
            problems.add(entry.place,
                         fmt::format("unknown key '{}'{}", shown(entry.key),
                                     section.empty() ? "" : " in " + section),
                         advice(section, entry.key));
        }
    }
}

/// Puts one --set text into the document. Returns the plain key that it set, or "".
std::string apply_override(const std::string& text, int index, Document& document,
                           Problems& problems) {
    const Place place{index, 1, 1};
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        problems.add(place, "no 'key=value'", "write --set network.gain=1.2");
        return "";
    }
    const std::string name = text.substr(0, equals);
    YamlNode value = read_yaml(std::string_view(text).substr(equals + 1), index, problems);
    if (name.starts_with("sweep.")) {
        const std::string key = name.substr(6);
        const auto found =
            std::find_if(document.sweep.begin(), document.sweep.end(),
                         [&](const auto& e) { return split_axis(e.key) == split_axis(key); });
        YamlNode::Entry entry{key, place, std::move(value)};
        if (found != document.sweep.end()) {
            *found = std::move(entry);
        } else {
            document.sweep.push_back(std::move(entry));
        }
    } else if (name == "sweep") {
        problems.add(place, "the sweep is set key by key",
                     "write --set sweep.network.gain=[0.8,1.2]");
    } else if (find_key(name) != nullptr) {
        document.given.insert_or_assign(name, std::move(value));
        return name;
    } else if (is_section(name)) {
        problems.add(place, fmt::format("'{}' is a section", shown(name)),
                     fmt::format("set one of its keys: {}", joined(names_in(name))));
    } else {
        const std::size_t dot = name.rfind('.');
        const std::string section = dot == std::string::npos ? "" : name.substr(0, dot);
        const bool known = section.empty() || is_section(section);
        problems.add(place, fmt::format("unknown key '{}'", shown(name)),
                     known ? advice(section, name.substr(dot == std::string::npos ? 0 : dot + 1))
                           : advice("", name));
    }
    return "";
}

Document sort_document(std::string_view text, const std::vector<std::string>& overrides,
                       Problems& problems) {
    Document document;
    sort_keys(read_yaml(text, -1, problems), "", document, problems);
    std::vector<std::pair<std::string, int>> set;
    for (std::size_t i = 0; i < overrides.size(); ++i) {
        const int index = static_cast<int>(i);
        std::string key = apply_override(overrides[i], index, document, problems);
        if (!key.empty()) {
            set.emplace_back(std::move(key), index);
        }
    }
    for (const auto& [key, index] : set) {
        for (const YamlNode::Entry& entry : document.sweep) {
            const std::vector<std::string> keys = split_axis(entry.key);
            if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
                problems.add({index, 1, 1}, fmt::format("{} is swept in this configuration", key),
                             fmt::format("write --set sweep.{}=[...]", fmt::join(keys, ",")));
            }
        }
    }
    return document;
}

void require_shard(std::size_t networks, int index, int count) {
    if (count < 1 || index < 0 || index >= count) {
        throw usage_error(fmt::format("shard {}/{} does not exist; write i/n with i from 0 to n-1",
                                      index, count));
    }
    if (static_cast<std::size_t>(index) >= networks) {
        throw usage_error(fmt::format("shard {}/{} is empty; the configuration has {} networks",
                                      index, count, networks));
    }
}

/// Hash of everything that a configuration computes.
std::string identity_of(const Config& config) {
    std::string text = fmt::format("{} {}", name_of(config.analysis.level), config.analysis.rule_a);
    if (config.analysis.effort != 1) {
        text += fmt::format(" effort {}", config.analysis.effort);
    }
    for (const NetworkSpec& spec : config.networks) {
        text += spec.uid;
    }
    return hex16(hash64(text));
}

}  // namespace

Config parse_config(std::string_view text, const std::string& source,
                    const std::filesystem::path& folder,
                    const std::vector<std::string>& overrides) {
    Problems problems(source, overrides);
    const Reader reader{problems, folder};
    const Document document = sort_document(text, overrides, problems);
    Plan plan = read_values(document, reader);
    std::vector<NetworkSpec> networks = expand(plan, document, reader);
    problems.throw_if_any();

    Config config;
    config.name = plan.base.name;
    config.seed = plan.base.spec.seed;
    config.analysis = plan.base.analysis;
    config.networks = std::move(networks);
    for (const Axis& axis : plan.axes) {
        if (!axis.is_replicate()) {
            config.axes.push_back(axis.name);
        }
        for (const Key* key : axis.keys) {
            config.swept_keys.push_back(key->name);
        }
    }
    config.identity = identity_of(config);
    config.resolved_yaml = resolved_yaml(plan, reader);
    if (config.resolved_yaml.size() > max_config_bytes) {
        problems.add(document.sweep_place, "the sweep's lists are too long to be written back",
                     fmt::format("a configuration has at most {} bytes", max_config_bytes));
        problems.throw_if_any();
    }
    return config;
}

Config load_config(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored) &&
        !std::filesystem::is_regular_file(file, ignored)) {
        throw file_error(file.string() + ": is not a regular file; give a YAML text file");
    }
    if (const auto size = std::filesystem::file_size(file, ignored);
        !ignored && size > max_config_bytes) {
        throw usage_error(fmt::format("{}:1:1: the configuration has {} bytes; at most {} are read",
                                      file.string(), size, max_config_bytes));
    }
    return parse_config(read_text_file(file), file.string(), file.parent_path(), overrides);
}

void keep_shard(Config& config, int index, int count) {
    require_shard(config.networks.size(), index, count);
    std::vector<NetworkSpec> kept;
    for (auto i = static_cast<std::size_t>(index); i < config.networks.size();
         i += static_cast<std::size_t>(count)) {
        kept.push_back(std::move(config.networks[i]));
    }
    config.networks = std::move(kept);
}

std::vector<NetworkSpec> shard_of(const std::vector<NetworkSpec>& networks, int index, int count) {
    require_shard(networks.size(), index, count);
    std::vector<NetworkSpec> kept;
    for (auto i = static_cast<std::size_t>(index); i < networks.size();
         i += static_cast<std::size_t>(count)) {
        kept.push_back(networks[i]);
    }
    return kept;
}

}  // namespace shoal
