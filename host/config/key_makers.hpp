// SPDX-License-Identifier: MIT
// Makers of keys; `at` gives the field of a Settings, const or not.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/keys.hpp"
#include "core/text.hpp"

namespace shoal {

constexpr double large = 1e6;  // keeps every product of settings inside single precision

inline bool always(const NetworkSpec&) {
    return true;
}
inline bool by_force(const NetworkSpec& s) {
    return s.training.method == TrainingMethod::force;
}
inline bool by_gradients(const NetworkSpec& s) {
    return s.training.method == TrainingMethod::bptt;
}

template <class At>
Key number_key(const char* name, At at, Range range) {
    Key key;
    key.name = name;
    key.read = [=, n = key.name](const YamlNode& node, const Reader& reader,
                                 Settings& s) -> std::optional<SweepValue> {
        const auto value = read_number(node, n, range, reader.problems);
        if (!value) {
            return std::nullopt;
        }
        at(s) = *value;
        return *value;
    };
    key.yaml = [=](const Settings& s) { return fmt::format("{}", at(s)); };
    key.json = key.yaml;
    key.used = always;
    return key;
}

template <class At>
Key integer_key(const char* name, At at, std::int64_t low, std::int64_t high) {
    Key key;
    key.name = name;
    key.read = [=, n = key.name](const YamlNode& node, const Reader& reader,
                                 Settings& s) -> std::optional<SweepValue> {
        const auto value = read_integer(node, n, low, high, reader.problems);
        if (!value) {
            return std::nullopt;
        }
        at(s) = static_cast<std::remove_reference_t<decltype(at(s))>>(*value);
        return *value;
    };
    key.yaml = [=](const Settings& s) { return fmt::format("{}", at(s)); };
    key.json = key.yaml;
    key.used = always;
    return key;
}

template <class Enum, class At>
Key choice_key(const char* name, At at, std::initializer_list<Enum> choices) {
    Key key;
    key.name = name;
    key.read = [at, n = key.name, choices = std::vector<Enum>(choices)](
                   const YamlNode& node, const Reader& reader,
                   Settings& s) -> std::optional<SweepValue> {
        std::vector<std::string> names;
        for (const Enum choice : choices) {
            names.emplace_back(name_of(choice));
            if (node.kind == YamlNode::Kind::scalar && node.scalar == names.back()) {
                at(s) = choice;
                return SweepValue(names.back());
            }
        }
        if (node.kind != YamlNode::Kind::broken) {
            const std::string near = nearest(node.scalar, names);
            reader.problems.add(
                node.place,
                fmt::format("{} {}, which this version does not have", n, described(node)),
                near.empty() || names.size() == 1
                    ? fmt::format("it has: {}", joined(names))
                    : fmt::format("did you mean '{}'? It has: {}", near, joined(names)));
        }
        return std::nullopt;
    };
    key.yaml = [at](const Settings& s) { return std::string(name_of(at(s))); };
    key.json = [at](const Settings& s) { return in_quotes(name_of(at(s))); };
    key.used = always;
    return key;
}

template <class PathAt, class ContentAt>
Key path_key(const char* name, PathAt path_at, ContentAt content_at) {
    Key key;
    key.name = name;
    key.read = [=, n = key.name](const YamlNode& node, const Reader& reader,
                                 Settings& s) -> std::optional<SweepValue> {
        const auto text = read_text(node, n, "the path of a file is wanted", reader.problems);
        if (!text) {
            return std::nullopt;
        }
        const std::string path =
            std::filesystem::absolute(reader.folder / *text).lexically_normal().string();
        if (first_bad_byte(path) < path.size()) {
            reader.problems.add(
                node.place, fmt::format("{}: the full path '{}' is not UTF-8 text", n, shown(path)),
                "rename the folder");
            return std::nullopt;
        }
        path_at(s) = path;
        return SweepValue(path);
    };
    key.yaml = [=](const Settings& s) {
        return path_at(s).empty() ? std::string() : in_quotes(path_at(s));
    };
    key.json = [=](const Settings& s) {
        return content_at(s).empty() ? std::string() : in_quotes(content_at(s));
    };
    return key;
}

inline Key used_when(Key key, bool (*used)(const NetworkSpec&), const char* words) {
    key.used = used;
    key.used_when = words;
    return key;
}

}  // namespace shoal
