// SPDX-License-Identifier: MIT
// Keys of the section task.
#include "config/key_makers.hpp"

namespace shoal {
namespace {

bool sum_task(const NetworkSpec& s) {
    return s.task.kind == TaskKind::sequential_sum;
}
bool gaussian_classes(const NetworkSpec& s) {
    return sum_task(s) && s.task.source == StimulusSource::gaussians;
}
bool task_file(const NetworkSpec& s) {
    return s.task.kind == TaskKind::file ||
           (sum_task(s) && s.task.source == StimulusSource::digits);
}
bool copy_task(const NetworkSpec& s) {
    return s.task.kind == TaskKind::copy;
}
bool delayed_task(const NetworkSpec& s) {
    return copy_task(s) || s.task.kind == TaskKind::interval;
}
bool flip_flop_task(const NetworkSpec& s) {
    return s.task.kind == TaskKind::flip_flop;
}
bool angular_task(const NetworkSpec& s) {
    return s.task.kind == TaskKind::angular_integration;
}
bool continuing_task(const NetworkSpec& s) {
    return angular_task(s) || flip_flop_task(s) || s.task.kind == TaskKind::adding;
}
bool noisy_task(const NetworkSpec& s) {
    return delayed_task(s) || continuing_task(s);
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
    const char* sum_words = "task.kind is sequential-sum";
    const char* gaussian_words = "task.source is gaussians";
    const char* copy_words = "task.kind is copy";
    const char* angular_words = "task.kind is angular-integration";
    const char* flip_flop_words = "task.kind is flip-flop";
    const auto duration = [&](const char* name, auto at) {
        return used_when(number_key(name, at, time), sum_task, sum_words);
    };
    keys.push_back(choice_key(
        "task.kind", [](auto& s) -> auto& { return s.spec.task.kind; },
        {TaskKind::sequential_sum, TaskKind::copy, TaskKind::interval,
         TaskKind::angular_integration, TaskKind::flip_flop, TaskKind::adding, TaskKind::file}));
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
    keys.push_back(
        used_when(number_key(
                      "task.delay", [](auto& s) -> auto& { return s.spec.task.delay; }, time),
                  delayed_task, "task.kind is copy or interval"));
    keys.push_back(
        used_when(number_key(
                      "task.duration", [](auto& s) -> auto& { return s.spec.task.duration; }, time),
                  continuing_task, "task.kind is angular-integration, flip-flop or adding"));
    keys.push_back(used_when(
        integer_key(
            "task.symbols", [](auto& s) -> auto& { return s.spec.task.symbols; }, 2, 1000),
        copy_task, copy_words));
    keys.push_back(used_when(
        integer_key(
            "task.length", [](auto& s) -> auto& { return s.spec.task.length; }, 1, 10'000),
        copy_task, copy_words));
    keys.push_back(
        used_when(integer_key(
                      "task.bits", [](auto& s) -> auto& { return s.spec.task.bits; }, 1, 30),
                  flip_flop_task, flip_flop_words));
    keys.push_back(used_when(
        number_key(
            "task.pulse_rate", [](auto& s) -> auto& { return s.spec.task.pulse_rate; }, time),
        flip_flop_task, flip_flop_words));
    keys.push_back(
        used_when(number_key(
                      "task.speed", [](auto& s) -> auto& { return s.spec.task.speed; }, time),
                  angular_task, angular_words));
    keys.push_back(used_when(
        number_key(
            "task.smoothness", [](auto& s) -> auto& { return s.spec.task.smoothness; }, time),
        angular_task, angular_words));
    keys.push_back(
        used_when(number_key(
                      "task.moving_share",
                      [](auto& s) -> auto& { return s.spec.task.moving_share; }, fraction),
                  angular_task, angular_words));
    keys.push_back(used_when(
        number_key(
            "task.noise", [](auto& s) -> auto& { return s.spec.task.noise; }, scale),
        noisy_task, "task.kind is copy, interval, angular-integration, flip-flop or adding"));
}

}  // namespace shoal
