// SPDX-License-Identifier: MIT
// Keys of the section task.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "config/key_makers.hpp"

namespace shoal {
namespace {

bool from_gaussians(const NetworkSpec& s) {
    return s.task.kind == TaskKind::sequential_sum && s.task.source == StimulusSource::gaussians;
}
bool from_task_file(const NetworkSpec& s) {
    return s.task.has_path();
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

}  // namespace

void add_task_keys(std::vector<Key>& keys) {
    const Range scale{0.0, large};
    const Range time{1e-6, large};
    const Range fraction{0.0, 1.0, Range::Low::excluded};
    // Kinds of task list their keys in rows_of<TaskKind>.
    const auto add = [&](Key key) {
        keys.push_back(listed<TaskKind>(
            std::move(key), [](const NetworkSpec& spec) { return spec.task.kind; }, "task.kind"));
    };
    keys.push_back(choice_key("task.kind", &TaskConfig::kind));
    add(choice_key("task.source", &TaskConfig::source));
    keys.push_back(path_key("task.path", &TaskConfig::path, &TaskConfig::content)
                       .when(from_task_file, "task.kind is file or task.source is digits"));
    add(codes_key());
    add(number_key("task.durations.stimulus1", &SequentialSumDurations::stimulus1, time));
    add(number_key("task.durations.delay1", &SequentialSumDurations::delay1, time));
    add(number_key("task.durations.stimulus2", &SequentialSumDurations::stimulus2, time));
    add(number_key("task.durations.delay2", &SequentialSumDurations::delay2, time));
    add(number_key("task.durations.response", &SequentialSumDurations::response, time));
    keys.push_back(means_key().when(from_gaussians, "task.source is gaussians"));
    keys.push_back(number_key("task.gaussians.std", &GaussianSource::std, time)
                       .when(from_gaussians, "task.source is gaussians"));
    add(number_key("task.delay", &TaskConfig::delay, time));
    add(number_key("task.duration", &TaskConfig::duration, time));
    add(integer_key("task.symbols", &TaskConfig::symbols, 2, 1000));
    add(integer_key("task.length", &TaskConfig::length, 1, 10'000));
    add(integer_key("task.bits", &TaskConfig::bits, 1, 30));
    add(number_key("task.pulse_rate", &TaskConfig::pulse_rate, time));
    add(number_key("task.speed", &TaskConfig::speed, time));
    add(number_key("task.smoothness", &TaskConfig::smoothness, time));
    add(number_key("task.moving_share", &TaskConfig::moving_share, fraction));
    add(number_key("task.noise", &TaskConfig::noise, scale));
}

}  // namespace shoal
