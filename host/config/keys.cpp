// SPDX-License-Identifier: MIT
#include "config/keys.hpp"

#include <fmt/format.h>
#include <yaml-cpp/node/convert.h>
#include <yaml-cpp/node/node.h>

#include <limits>

#include "config/key_makers.hpp"

namespace shoal {
namespace {

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
    return key;
}

/// Left out of the canonical spec where it is the default, so that uids are those from before it.
Key order_key() {
    Key key = choice_key("network.order", &NetworkConfig::order);
    key.json = [json = key.json](const Settings& s) {
        return s.spec.network.order == ArrayOrder{} ? std::string() : json(s);
    };
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
    return key;
}

std::vector<Key> make_keys() {
    const Range scale{0.0, large};
    const Range time{1e-6, large};
    const Range fraction{0.0, 1.0, Range::Low::excluded};

    std::vector<Key> keys;
    // Initialisers list their keys in rows_of<Init>.
    const auto add_of_init = [&](Key key) {
        keys.push_back(listed<Init>(
            std::move(key), [](const NetworkSpec& s) { return s.network.init; }, "network.init"));
    };
    keys.push_back(name_key());
    keys.push_back(
        integer_key("seed", &NetworkSpec::seed, 0, std::numeric_limits<std::uint32_t>::max()));
    keys.back().identifies = false;

    // At most 32768 units: entries of a packed triangle are then counted by an int.
    keys.push_back(integer_key("network.units", &NetworkConfig::units, 1, 32768));
    keys.push_back(choice_key("network.cell", &NetworkConfig::cell));
    keys.push_back(number_key("network.tau", &NetworkConfig::tau, time));
    keys.push_back(number_key("network.dt", &NetworkConfig::dt, time));
    keys.push_back(number_key("network.gain", &NetworkConfig::gain, scale));
    add_of_init(number_key("network.density", &NetworkConfig::density, fraction));
    keys.push_back(number_key("network.feedback_scale", &NetworkConfig::feedback_scale, scale)
                       .when(by_force, "training.method is force"));
    keys.push_back(number_key("network.input_scale", &NetworkConfig::input_scale, scale));
    keys.push_back(number_key("network.readout_scale", &NetworkConfig::readout_scale, scale)
                       .when(by_gradients, "training.method is bptt"));
    keys.push_back(choice_key("network.init", &NetworkConfig::init));
    add_of_init(integer_key("network.rank", &NetworkConfig::rank, 1, 32768));
    add_of_init(number_key("network.rank_gain", &NetworkConfig::rank_gain, scale));
    add_of_init(path_key("network.path", &NetworkConfig::path, &NetworkConfig::content));
    add_of_init(order_key());

    add_task_keys(keys);
    add_training_keys(keys);
    keys.push_back(choice_key("analysis.level", &AnalysisConfig::level));
    keys.back().identifies = false;
    keys.push_back(rule_a_key());
    keys.back().identifies = false;
    keys.push_back(
        integer_key("analysis.effort", &AnalysisConfig::effort, 1, most_analysis_effort));
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
