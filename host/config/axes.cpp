// SPDX-License-Identifier: MIT
// The values of a document: of plain keys, and of the sweep's axes.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/sweep.hpp"

namespace shoal {
namespace {

/// replicate: n (0 ... n-1), or a list of distinct numbers.
Axis read_replicates(const YamlNode::Entry& entry, Plan& plan, const Reader& reader) {
    constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
    Axis axis;
    axis.name = entry.key;
    axis.place = entry.place;
    if (entry.value.kind != YamlNode::Kind::sequence) {
        const auto count = read_integer(entry.value, "sweep.replicate", 1,
                                        static_cast<std::int64_t>(max_rows), reader.problems);
        axis.counted = true;
        for (std::uint32_t r = 0; r < count.value_or(0); ++r) {
            axis.replicates.push_back(r);
        }
        return axis;
    }
    if (entry.value.items.empty()) {
        reader.problems.add(entry.value.place, "sweep.replicate is an empty list",
                            "a number of replicates or a list of their numbers is wanted");
    }
    std::set<std::int64_t> seen;
    for (const YamlNode& item : entry.value.items) {
        const auto value = read_integer(item, "sweep.replicate", 0, largest, reader.problems);
        if (!value) {
            plan.wrong.insert(entry.key);
        } else if (seen.insert(*value).second) {
            axis.replicates.push_back(static_cast<std::uint32_t>(*value));
        } else {
            reader.problems.add(item.place, fmt::format("sweep.replicate lists {} twice", *value),
                                "list each value once");
        }
    }
    return axis;
}

/// The key of a name in the sweep; nothing if it cannot be swept, which has then been told.
const Key* find_swept_key(const std::string& name, const Place& place, const Reader& reader) {
    const Key* key = find_key(name);
    if (key != nullptr && key->identifies) {
        return key;
    }
    const std::string what =
        fmt::format("'{}' cannot be swept: it {}", shown(name),
                    key != nullptr ? "does not tell networks apart" : "is not a key");
    if (name == "seed") {
        reader.problems.add(place, "'seed' cannot be swept: a configuration has one seed",
                            "write 'replicate: n' for n independent draws");
    } else if (name == "replicate") {
        reader.problems.add(place, "'replicate' cannot vary together with a key",
                            "give it a line of its own");
    } else if (key != nullptr) {
        reader.problems.add(place, what, "sweep keys of network, task or training");
    } else {
        std::vector<std::string> names = {"replicate"};
        for (const Key& k : all_keys()) {
            if (k.identifies) {
                if (k.name.ends_with("." + name)) {
                    names = {k.name};
                    break;
                }
                names.push_back(k.name);
            }
        }
        const std::string near = names.size() == 1 ? names[0] : nearest(name, names);
        reader.problems.add(place, what,
                            near.empty() ? "write a dotted key, as network.gain: [0.8, 1.2]"
                                         : fmt::format("did you mean '{}'?", near));
    }
    return nullptr;
}

/// Reads one row of an axis; nothing if a value is wrong, which has then been told. `text`: the
/// row as it is written back.
std::optional<std::vector<YamlNode>> read_row(const YamlNode& item, const Axis& axis, Plan& plan,
                                              const Reader& reader, std::string& text) {
    const std::size_t width = axis.keys.size();
    if (width > 1 && item.kind != YamlNode::Kind::broken &&
        (item.kind != YamlNode::Kind::sequence || item.items.size() != width)) {
        const std::string is = item.kind == YamlNode::Kind::sequence
                                   ? fmt::format("is a list of {}", item.items.size())
                                   : described(item);
        reader.problems.add(item.place, fmt::format("a row of sweep.{} {}", axis.name, is),
                            fmt::format("a list of {} values is wanted, one for each key", width));
    }
    std::vector<YamlNode> row = width == 1 ? std::vector{item} : item.items;
    if (row.size() != width) {
        row.clear();
    }
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < width; ++i) {
        Settings scratch;
        if (i < row.size() && axis.keys[i]->read(row[i], reader, scratch)) {
            texts.push_back(axis.keys[i]->yaml(scratch));
        } else {
            plan.wrong.insert(axis.keys[i]->name);
        }
    }
    text = joined(texts);
    return texts.size() == width ? std::optional(std::move(row)) : std::nullopt;
}

void read_rows(const YamlNode& list, Axis& axis, Plan& plan, const Reader& reader) {
    const auto wrong = [&] {
        for (const Key* key : axis.keys) {
            plan.wrong.insert(key->name);
        }
    };
    if (list.kind == YamlNode::Kind::broken) {
        wrong();
        return;
    }
    if (list.kind != YamlNode::Kind::sequence || list.items.empty()) {
        reader.problems.add(list.place,
                            fmt::format("sweep.{} {}", axis.name,
                                        list.kind == YamlNode::Kind::sequence ? "is an empty list"
                                                                              : described(list)),
                            axis.keys.size() == 1
                                ? "a list of values is wanted, as [a, b]"
                                : "a list of rows is wanted, as [[a, 1], [b, 2]]");
        wrong();
        return;
    }
    std::set<std::string> seen;
    for (const YamlNode& item : list.items) {
        std::string text;
        auto row = read_row(item, axis, plan, reader, text);
        if (!row) {
            continue;
        }
        if (seen.insert(text).second) {
            axis.values.push_back(std::move(*row));
        } else {
            reader.problems.add(item.place, fmt::format("sweep.{} lists {} twice", axis.name, text),
                                "list each value once");
        }
    }
}

void read_sweep_entry(const YamlNode::Entry& entry, Plan& plan, const Reader& reader) {
    if (entry.key == "replicate") {
        plan.axes.push_back(read_replicates(entry, plan, reader));
        return;
    }
    Axis axis;
    axis.place = entry.place;
    std::vector<std::string> names;
    for (const std::string& name : split_axis(entry.key)) {
        const Key* key = find_swept_key(name, entry.place, reader);
        if (key == nullptr) {
            return;
        }
        if (plan.swept(name) || axis.column(name)) {
            reader.problems.add(entry.place, fmt::format("{} is swept twice", name),
                                "name a key once, alone or with others");
            return;
        }
        axis.keys.push_back(key);
        names.push_back(name);
    }
    axis.name = joined(names);
    read_rows(entry.value, axis, plan, reader);
    plan.axes.push_back(std::move(axis));
}

/// A key whose default depends on another key: `other` stands where `differs` holds.
struct DependentDefault {
    const char* key;
    double NetworkConfig::*field;
    double other;
    const char* decides;
    bool (*differs)(const NetworkSpec&);
};
constexpr DependentDefault dependent_defaults[] = {
    {"network.gain", &NetworkConfig::gain, 1.0, "network.init",
     [](const NetworkSpec& s) { return row_of(s.network.init).own_size; }},
    {"network.input_scale", &NetworkConfig::input_scale, 1.0, "training.method",
     [](const NetworkSpec& s) { return s.training.method == TrainingMethod::bptt; }},
};

void set_dependent_default(Plan& plan, const Document& document, const Reader& reader,
                           const DependentDefault& rule) {
    if (document.given.contains(rule.key) || plan.swept(rule.key)) {
        return;
    }
    bool differs = rule.differs(plan.base.spec);
    for (const Axis& axis : plan.axes) {
        const auto column = axis.column(rule.decides);
        if (!column || axis.values.empty()) {
            continue;
        }
        const auto value_differs = [&](const std::vector<YamlNode>& row) {
            Settings scratch;
            axis.keys[*column]->read(row[*column], reader, scratch);
            return rule.differs(scratch.spec);
        };
        const auto others = static_cast<std::size_t>(
            std::count_if(axis.values.begin(), axis.values.end(), value_differs));
        differs = others > 0;
        if (others > 0 && others < axis.size()) {
            reader.problems.add(
                axis.place,
                fmt::format("{} is swept over values for which {} has different defaults",
                            rule.decides, rule.key),
                fmt::format("give {}", rule.key));
        }
    }
    if (differs) {
        plan.base.spec.network.*rule.field = rule.other;
    }
}

}  // namespace

std::vector<std::string> split_axis(std::string_view name) {
    std::vector<std::string> keys;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find(',', begin), name.size());
        const std::string_view piece = name.substr(begin, end - begin);
        const std::size_t first = std::min(piece.find_first_not_of(' '), piece.size());
        keys.emplace_back(piece.substr(first, piece.find_last_not_of(' ') + 1 - first));
        begin = end + 1;
    }
    return keys;
}

std::optional<std::size_t> Axis::column(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i]->name == key) {
            return i;
        }
    }
    return std::nullopt;
}

bool Plan::swept(std::string_view key) const {
    return std::any_of(axes.begin(), axes.end(),
                       [&](const Axis& a) { return a.name == key || a.column(key); });
}

Plan read_values(const Document& document, const Reader& reader) {
    Plan plan;
    for (const auto& [name, node] : document.given) {
        if (!find_key(name)->read(node, reader, plan.base)) {
            plan.wrong.insert(name);
        }
    }
    for (const YamlNode::Entry& entry : document.sweep) {
        read_sweep_entry(entry, plan, reader);
    }
    for (const DependentDefault& rule : dependent_defaults) {
        set_dependent_default(plan, document, reader, rule);
    }
    return plan;
}

}  // namespace shoal
