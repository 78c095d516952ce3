// SPDX-License-Identifier: MIT
// The two texts of a configuration: resolved YAML for people, canonical JSON for identity.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

#include "config/sweep.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace shoal {
namespace {

/// Opens the sections on the way to `name`, closes none: keys of a section stand together.
std::string indented(const std::string& name, std::string& open, const std::string& value) {
    std::string out;
    const std::size_t last = name.rfind('.');
    const std::string section = last == std::string::npos ? "" : name.substr(0, last);
    std::size_t depth = 0;
    std::size_t begin = 0;
    while (begin < section.size()) {
        const std::size_t end = std::min(section.find('.', begin), section.size());
        const std::string prefix = section.substr(0, end);
        if (open != prefix && !open.starts_with(prefix + ".")) {
            out += fmt::format("{:{}}{}:\n", "", 2 * depth, section.substr(begin, end - begin));
            open = prefix;
        }
        ++depth;
        begin = end + 1;
    }
    open = section;
    const std::string leaf = last == std::string::npos ? name : name.substr(last + 1);
    return out + fmt::format("{:{}}{}: {}\n", "", 2 * depth, leaf, value);
}

std::string axis_yaml(const Axis& axis, const Reader& reader) {
    if (axis.is_replicate()) {
        return axis.counted ? fmt::format("{}", axis.size())
                            : fmt::format("[{}]", fmt::join(axis.replicates, ", "));
    }
    Settings scratch;
    std::vector<std::string> texts;
    for (const std::vector<YamlNode>& row : axis.values) {
        std::vector<std::string> values;
        for (std::size_t i = 0; i < row.size(); ++i) {
            axis.keys[i]->read(row[i], reader, scratch);
            values.push_back(axis.keys[i]->yaml(scratch));
        }
        texts.push_back(values.size() == 1 ? values[0] : fmt::format("[{}]", joined(values)));
    }
    return fmt::format("[{}]", joined(texts));
}

/// Fields of the canonical spec by name, sorted: their values as JSON, empty where they do not
/// matter.
const std::map<std::string, std::function<std::string(const Settings&)>>& canonical_fields() {
    static const auto fields = [] {
        std::map<std::string, std::function<std::string(const Settings&)>> made;
        made["replicate"] = [](const Settings& s) { return fmt::format("{}", s.spec.replicate); };
        made["seed"] = [](const Settings& s) { return fmt::format("{}", s.spec.seed); };
        for (const Key& key : all_keys()) {
            if (key.identifies) {
                made[key.name] = [&key](const Settings& s) {
                    return key.used(s.spec) ? key.json(s) : std::string();
                };
            }
        }
        return made;
    }();
    return fields;
}

}  // namespace

std::string resolved_yaml(const Plan& plan, const Reader& reader) {
    std::string out =
        "# Resolved by shoal: every default filled in; this file reproduces the run.\n";
    std::string open;
    const auto& keys = all_keys();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::string value = keys[i].yaml(plan.base);
        if (plan.used[i] && !plan.swept(keys[i].name) && !value.empty()) {
            out += indented(keys[i].name, open, value);
        }
    }
    if (!plan.axes.empty()) {
        out += "sweep:\n";
        for (const Axis& axis : plan.axes) {
            out += fmt::format("  {}: {}\n", axis.name, axis_yaml(axis, reader));
        }
    }
    return out;
}

std::string canonical_value(const NetworkSpec& spec, std::string_view key) {
    const Key* found = find_key(key);
    check(found != nullptr && found->identifies, "canonical_value: a key of the spec");
    Settings settings;
    settings.spec = spec;
    return found->json(settings);
}

std::string canonical_spec(const NetworkSpec& spec) {
    Settings settings;
    settings.spec = spec;
    std::string out = "{";
    for (const auto& [name, json] : canonical_fields()) {
        if (const std::string value = json(settings); !value.empty()) {
            fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", out.size() == 1 ? "" : ",", name,
                           value);
        }
    }
    return out + '}';
}

std::string make_uid(const NetworkSpec& spec) {
    return hex16(hash64(canonical_spec(spec)));
}

}  // namespace shoal
