// SPDX-License-Identifier: MIT
#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <system_error>

#include "config/spec.hpp"
#include "core/text.hpp"

namespace shoal {
namespace {

struct ToText {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const std::vector<double>& values) const {
        return fmt::format("[{}]", fmt::join(values, " "));
    }
};

/// The text of a number without a leading plus; empty for numbers such as 010, which are eight in
/// YAML 1.1 and ten elsewhere: refused rather than guessed.
std::string_view number_text(const YamlNode& node) {
    std::string_view text = node.scalar;
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
        text.remove_prefix(1);
    }
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    const bool octal =
        digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
    return octal ? std::string_view{} : text;
}

/// Whole text as a number of type T.
template <class T>
std::optional<T> parsed(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string to_string(const SweepValue& value) {
    return std::visit(ToText{}, value);
}

std::string Range::words() const {
    return low_end == Low::included ? fmt::format("a number from {} to {}", low, high)
                                    : fmt::format("a number above {}, at most {}", low, high);
}

bool is_plain(const YamlNode& node) {
    return node.kind == YamlNode::Kind::scalar && !node.quoted;
}

std::optional<double> read_number(const YamlNode& node, const std::string& name, const Range& range,
                                  Problems& problems) {
    if (node.kind == YamlNode::Kind::broken) {
        return std::nullopt;
    }
    const auto value = is_plain(node) ? parsed<double>(number_text(node)) : std::nullopt;
    if (!value || !range.holds(*value)) {  // a NaN is in no range
        problems.add(node.place, fmt::format("{} {}", name, described(node)),
                     range.words() + " is wanted");
        return std::nullopt;
    }
    return *value + 0.0;  // no negative zero: equal networks, equal text
}

std::optional<std::int64_t> read_integer(const YamlNode& node, const std::string& name,
                                         std::int64_t low, std::int64_t high, Problems& problems) {
    if (node.kind == YamlNode::Kind::broken) {
        return std::nullopt;
    }
    const auto value = is_plain(node) ? parsed<std::int64_t>(number_text(node)) : std::nullopt;
    if (!value || *value < low || *value > high) {
        problems.add(
            node.place, fmt::format("{} {}", name, described(node)),
            fmt::format("a whole number from {} to {} is wanted, in plain digits", low, high));
        return std::nullopt;
    }
    return value;
}

std::optional<std::vector<double>> read_numbers(const YamlNode& node, const std::string& name,
                                                std::size_t length, const Range& range,
                                                Problems& problems) {
    if (node.kind == YamlNode::Kind::broken) {
        return std::nullopt;
    }
    if (node.kind != YamlNode::Kind::sequence || node.items.size() != length) {
        const std::string is = node.kind == YamlNode::Kind::sequence
                                   ? fmt::format("is a list of {}", node.items.size())
                                   : described(node);
        problems.add(node.place, fmt::format("{} {}", name, is),
                     fmt::format("a list of {} numbers is wanted", length));
        return std::nullopt;
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < length; ++i) {
        const auto value =
            read_number(node.items[i], fmt::format("{}[{}]", name, i), range, problems);
        if (value) {
            values.push_back(*value);
        }
    }
    if (values.size() != length) {
        return std::nullopt;
    }
    return values;
}

std::optional<std::string> read_text(const YamlNode& node, const std::string& name,
                                     std::string_view wanted, Problems& problems) {
    if (node.kind == YamlNode::Kind::broken) {
        return std::nullopt;
    }
    const bool good = node.kind == YamlNode::Kind::scalar && !node.scalar.empty() &&
                      first_bad_byte(node.scalar) == node.scalar.size() &&
                      node.scalar.find_first_of("\t\r\n") == std::string::npos;
    if (!good) {
        problems.add(node.place, fmt::format("{} {}", name, described(node)), wanted);
        return std::nullopt;
    }
    return node.scalar;
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

std::string described(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::sequence:
            return "is a list";
        case YamlNode::Kind::mapping:
            return "is a mapping";
        case YamlNode::Kind::scalar:
            return fmt::format("is {}'{}'", node.quoted ? "the text " : "", shown(node.scalar));
        case YamlNode::Kind::null:
        case YamlNode::Kind::broken:
            break;
    }
    return "has no value";
}

}  // namespace shoal
