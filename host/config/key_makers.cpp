// SPDX-License-Identifier: MIT
#include "config/key_makers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "core/text.hpp"

namespace shoal {

Key Key::when(std::function<bool(const NetworkSpec&)> used_in, std::string words) && {
    used = std::move(used_in);
    used_when = std::move(words);
    return std::move(*this);
}

std::string alternatives(const std::vector<std::string>& words) {
    if (words.size() < 2) {
        return fmt::format("{}", fmt::join(words, ""));
    }
    return fmt::format("{} or {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

Key number_key(const char* name, MemberOf<double> at, Range range) {
    Key key;
    key.name = name;
    key.read = [at, range, n = key.name](const YamlNode& node, const Reader& reader,
                                         Settings& s) -> std::optional<SweepValue> {
        const auto value = read_number(node, n, range, reader.problems);
        if (!value) {
            return std::nullopt;
        }
        at(s) = *value;
        return *value;
    };
    key.yaml = [at](const Settings& s) { return fmt::format("{}", value_of(at, s)); };
    key.json = key.yaml;
    return key;
}

namespace {

template <class T>
Key whole_number_key(const char* name, const MemberOf<T>& at, std::int64_t low, std::int64_t high) {
    Key key;
    key.name = name;
    key.read = [at, low, high, n = key.name](const YamlNode& node, const Reader& reader,
                                             Settings& s) -> std::optional<SweepValue> {
        const auto value = read_integer(node, n, low, high, reader.problems);
        if (!value) {
            return std::nullopt;
        }
        at(s) = static_cast<T>(*value);
        return *value;
    };
    key.yaml = [at](const Settings& s) { return fmt::format("{}", value_of(at, s)); };
    key.json = key.yaml;
    return key;
}

}  // namespace

Key integer_key(const char* name, MemberOf<int> at, std::int64_t low, std::int64_t high) {
    return whole_number_key(name, at, low, high);
}
Key integer_key(const char* name, MemberOf<std::uint32_t> at, std::int64_t low, std::int64_t high) {
    return whole_number_key(name, at, low, high);
}

Key choice_key(const char* name, std::vector<std::string> names,
               std::function<void(Settings&, std::size_t)> set,
               std::function<std::string(const Settings&)> get) {
    Key key;
    key.name = name;
    key.read = [names = std::move(names), set = std::move(set), n = key.name](
                   const YamlNode& node, const Reader& reader,
                   Settings& s) -> std::optional<SweepValue> {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (node.kind == YamlNode::Kind::scalar && node.scalar == names[i]) {
                set(s, i);
                return SweepValue(names[i]);
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
    key.yaml = get;
    key.json = [get](const Settings& s) { return in_quotes(get(s)); };
    return key;
}

Key path_key(const char* name, MemberOf<std::string> path, MemberOf<std::string> content) {
    Key key;
    key.name = name;
    key.read = [path, n = key.name](const YamlNode& node, const Reader& reader,
                                    Settings& s) -> std::optional<SweepValue> {
        const auto text = read_text(node, n, "the path of a file is wanted", reader.problems);
        if (!text) {
            return std::nullopt;
        }
        const std::string full =
            std::filesystem::absolute(reader.folder / *text).lexically_normal().string();
        if (first_bad_byte(full) < full.size()) {
            reader.problems.add(
                node.place, fmt::format("{}: the full path '{}' is not UTF-8 text", n, shown(full)),
                "rename the folder");
            return std::nullopt;
        }
        path(s) = full;
        return SweepValue(full);
    };
    const auto quoted_unless_empty = [](const std::string& text) {
        return text.empty() ? std::string() : in_quotes(text);
    };
    key.yaml = [=](const Settings& s) { return quoted_unless_empty(value_of(path, s)); };
    key.json = [=](const Settings& s) { return quoted_unless_empty(value_of(content, s)); };
    return key;
}

}  // namespace shoal
