// SPDX-License-Identifier: MIT
#include "config/keys.hpp"

#include <fmt/format.h>
#include <yaml-cpp/node/convert.h>
#include <yaml-cpp/node/node.h>

#include <initializer_list>
#include <limits>
#include <type_traits>

namespace shoal {
namespace {

constexpr double large = 1e6;  // keeps every product of settings inside single precision

// Makers of keys; `at` gives the field of a Settings, const or not.

bool always(const NetworkSpec&) {
    return true;
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

Key used_when(Key key, bool (*used)(const NetworkSpec&), const char* words) {
    key.used = used;
    key.used_when = words;
    return key;
}

bool drawn(const NetworkSpec& s) {
    return s.network.init != Init::file;
}
bool from_file(const NetworkSpec& s) {
    return s.network.init == Init::file;
}
bool sum_task(const NetworkSpec& s) {
    return s.task.kind == TaskKind::sequential_sum;
}
bool gaussian_classes(const NetworkSpec& s) {
    return sum_task(s) && s.task.source == StimulusSource::gaussians;
}
bool task_file(const NetworkSpec& s) {
    return !gaussian_classes(s);
}

Key name_key() {
    Key key;
    key.name = "name";
    key.identifies = false;
    key.read = [](const YamlNode& node, const Reader& reader,
                  Settings& s) -> std::optional<SweepValue> {
        const char* wanted =
            "a word that can name a folder is wanted: at most 100 bytes, no '/', "
            "not beginning with '.' or '-'";
        const auto text = read_text(node, "name", wanted, reader.problems);
        if (!text) {
            return std::nullopt;
        }
        if (text->size() > 100 || text->find('/') != std::string::npos || (*text)[0] == '.' ||
            (*text)[0] == '-') {
            reader.problems.add(node.place, "name " + described(node), wanted);
            return std::nullopt;
        }
        s.name = *text;
        return SweepValue(*text);
    };
    key.yaml = [](const Settings& s) { return in_quotes(s.name); };
    key.used = always;
    return key;
}

Key rule_a_key() {
    Key key;
    key.name = "analysis.rule_a";
    key.read = [](const YamlNode& node, const Reader& reader,
                  Settings& s) -> std::optional<SweepValue> {
        bool value = false;
        if (!is_plain(node) || !YAML::convert<bool>::decode(YAML::Node(node.scalar), value)) {
            if (node.kind != YamlNode::Kind::broken) {
                reader.problems.add(node.place, "analysis.rule_a " + described(node),
                                    "true or false is wanted");
            }
            return std::nullopt;
        }
        s.analysis.rule_a = value;
        return SweepValue(value);
    };
    key.yaml = [](const Settings& s) { return s.analysis.rule_a ? "true" : "false"; };
    key.used = always;
    return key;
}

Key codes_key() {
    Key key;
    key.name = "task.codes";
    key.read = [n = key.name](const YamlNode& node, const Reader& reader,
                              Settings& s) -> std::optional<SweepValue> {
        auto values = read_numbers(node, n, 3, {-large, large}, reader.problems);
        if (!values) {
            return std::nullopt;
        }
        s.spec.task.codes = *values;
        return SweepValue(*values);
    };
    key.yaml = [](const Settings& s) {
        return fmt::format("[{}]", fmt::join(s.spec.task.codes, ", "));
    };
    key.json = key.yaml;
    return key;
}

Key means_key() {
    Key key;
    key.name = "task.gaussians.means";
    key.read = [n = key.name](const YamlNode& node, const Reader& reader,
                              Settings& s) -> std::optional<SweepValue> {
        if (node.kind == YamlNode::Kind::broken) {
            return std::nullopt;
        }
        if (node.kind != YamlNode::Kind::sequence || node.items.size() != 2) {
            reader.problems.add(node.place, fmt::format("{} {}", n, described(node)),
                                "two points are wanted, as [[-0.5, -1.5], [-0.3, 0.6]]");
            return std::nullopt;
        }
        const auto a = read_numbers(node.items[0], n + "[0]", 2, {-large, large}, reader.problems);
        const auto b = read_numbers(node.items[1], n + "[1]", 2, {-large, large}, reader.problems);
        if (!a || !b) {
            return std::nullopt;
        }
        s.spec.task.gaussians.means = {*a, *b};
        return SweepValue(std::vector<double>{(*a)[0], (*a)[1], (*b)[0], (*b)[1]});
    };
    key.yaml = [](const Settings& s) {
        const auto& means = s.spec.task.gaussians.means;
        return fmt::format("[[{}], [{}]]", fmt::join(means[0], ", "), fmt::join(means[1], ", "));
    };
    key.json = key.yaml;
    return key;
}

std::vector<Key> make_keys() {
    const Range scale{0.0, large};
    const Range time{1e-6, large};
    const Range fraction{0.0, 1.0, Range::Low::excluded};
    const char* sum_words = "task.kind is sequential-sum";
    const char* gaussian_words = "task.source is gaussians";
    const auto duration = [&](const char* name, auto at) {
        return used_when(number_key(name, at, time), sum_task, sum_words);
    };

    std::vector<Key> keys;
    keys.push_back(name_key());
    keys.push_back(integer_key(
        "seed", [](auto& s) -> auto& { return s.spec.seed; }, 0,
        std::numeric_limits<std::uint32_t>::max()));
    keys.back().identifies = false;

    // At most 32768 units: entries of a packed triangle are then counted by an int.
    keys.push_back(integer_key(
        "network.units", [](auto& s) -> auto& { return s.spec.network.units; }, 1, 32768));
    keys.push_back(choice_key("network.cell", [](auto& s) -> auto& { return s.spec.network.cell; },
                              {Cell::current, Cell::rate}));
    keys.push_back(number_key(
        "network.tau", [](auto& s) -> auto& { return s.spec.network.tau; }, time));
    keys.push_back(number_key(
        "network.dt", [](auto& s) -> auto& { return s.spec.network.dt; }, time));
    keys.push_back(number_key(
        "network.gain", [](auto& s) -> auto& { return s.spec.network.gain; }, scale));
    keys.push_back(used_when(
        number_key(
            "network.density", [](auto& s) -> auto& { return s.spec.network.density; }, fraction),
        drawn, "network.init is gauss or uniform"));
    keys.push_back(number_key(
        "network.feedback_scale", [](auto& s) -> auto& { return s.spec.network.feedback_scale; },
        scale));
    keys.push_back(number_key(
        "network.input_scale", [](auto& s) -> auto& { return s.spec.network.input_scale; }, scale));
    keys.push_back(choice_key("network.init", [](auto& s) -> auto& { return s.spec.network.init; },
                              {Init::gauss, Init::uniform, Init::file}));
    keys.push_back(
        used_when(path_key(
                      "network.path", [](auto& s) -> auto& { return s.spec.network.path; },
                      [](auto& s) -> auto& { return s.spec.network.content; }),
                  from_file, "network.init is file"));

    keys.push_back(choice_key("task.kind", [](auto& s) -> auto& { return s.spec.task.kind; },
                              {TaskKind::sequential_sum, TaskKind::file}));
    keys.push_back(
        used_when(choice_key("task.source", [](auto& s) -> auto& { return s.spec.task.source; },
                             {StimulusSource::digits, StimulusSource::gaussians}),
                  sum_task, sum_words));
    keys.push_back(used_when(path_key(
                                 "task.path", [](auto& s) -> auto& { return s.spec.task.path; },
                                 [](auto& s) -> auto& { return s.spec.task.content; }),
                             task_file, "task.kind is file or task.source is digits"));
    keys.push_back(used_when(codes_key(), sum_task, sum_words));
    keys.push_back(duration(
        "task.durations.stimulus1",
        [](auto& s) -> auto& { return s.spec.task.durations.stimulus1; }));
    keys.push_back(duration(
        "task.durations.delay1", [](auto& s) -> auto& { return s.spec.task.durations.delay1; }));
    keys.push_back(duration(
        "task.durations.stimulus2",
        [](auto& s) -> auto& { return s.spec.task.durations.stimulus2; }));
    keys.push_back(duration(
        "task.durations.delay2", [](auto& s) -> auto& { return s.spec.task.durations.delay2; }));
    keys.push_back(duration(
        "task.durations.response",
        [](auto& s) -> auto& { return s.spec.task.durations.response; }));
    keys.push_back(used_when(means_key(), gaussian_classes, gaussian_words));
    keys.push_back(used_when(
        number_key(
            "task.gaussians.std", [](auto& s) -> auto& { return s.spec.task.gaussians.std; }, time),
        gaussian_classes, gaussian_words));

    keys.push_back(choice_key("training.method",
                              [](auto& s) -> auto& { return s.spec.training.method; },
                              {TrainingMethod::force}));
    keys.push_back(integer_key(
        "training.trials", [](auto& s) -> auto& { return s.spec.training.trials; }, 1, 10'000'000));
    keys.push_back(number_key(
        "training.alpha", [](auto& s) -> auto& { return s.spec.training.alpha; }, time));
    keys.push_back(choice_key("training.error",
                              [](auto& s) -> auto& { return s.spec.training.error; },
                              {ErrorSchedule::epochs, ErrorSchedule::everywhere}));

    keys.push_back(choice_key("analysis.level", [](auto& s) -> auto& { return s.analysis.level; },
                              {AnalysisLevel::first}));
    keys.back().identifies = false;
    keys.push_back(rule_a_key());
    keys.back().identifies = false;
    return keys;
}

}  // namespace

const std::vector<Key>& all_keys() {
    static const std::vector<Key> keys = make_keys();
    return keys;
}

const Key* find_key(std::string_view name) {
    for (const Key& key : all_keys()) {
        if (key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

bool is_section(std::string_view name) {
    const std::string prefix = std::string(name) + ".";
    for (const Key& key : all_keys()) {
        if (key.name.starts_with(prefix)) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> names_in(std::string_view section) {
    const std::string prefix = section.empty() ? "" : std::string(section) + ".";
    std::vector<std::string> names;
    for (const Key& key : all_keys()) {
        if (key.name.starts_with(prefix)) {
            const std::string name = key.name.substr(prefix.size());
            const std::string head = name.substr(0, name.find('.'));
            if (names.empty() || names.back() != head) {
                names.push_back(head);
            }
        }
    }
    if (section.empty()) {
        names.push_back("sweep");
    }
    return names;
}

}  // namespace shoal
