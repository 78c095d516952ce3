// SPDX-License-Identifier: MIT
// A configuration, then --set overrides, separated by NUL bytes. What loads must load again from
// its resolved text, to the same.
#include "config/config.hpp"

#include <vector>

#include "target.hpp"
#include "task/task.hpp"

using namespace shoal;

namespace {

/// Trials larger than this are only described, not drawn.
constexpr int most_values = 100'000;

void draw_a_trial(const NetworkSpec& spec) {
    if (spec.task.kind == TaskKind::file || !spec.task.path.empty()) {
        return;
    }
    const auto task = make_task(spec.task, spec.network, spec.training.error, {});
    const TaskShape shape = task->shape();
    fuzz::require(shape.steps > 0 && shape.inputs > 0 && shape.outputs > 0, "a task has a shape");
    if (shape.steps > most_values / (shape.inputs + shape.outputs)) {
        return;
    }
    Trial trial;
    task->training_trial(spec.key(), 0, task->training_order(spec.key(), 1).front(), trial);
    fuzz::require(trial.inputs.size() == static_cast<std::size_t>(shape.steps) *
                                             static_cast<std::size_t>(shape.inputs),
                  "a trial has its task's shape");
    for (const StepWindow& epoch : task->error_epochs()) {
        fuzz::require(0 <= epoch.begin && epoch.begin < epoch.end && epoch.end <= shape.steps,
                      "epochs lie inside the trial");
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> parts;
    for (std::string_view rest = fuzz::text_of(data, size); parts.empty() || !rest.empty();) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        parts.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::string text = parts.front();
    parts.erase(parts.begin());
    fuzz::answers([&] {
        const Config config = parse_config(text, "x.yaml", fuzz::scratch().path(), parts);
        fuzz::require(!config.networks.empty(), "a configuration has networks");
        const Config again =
            parse_config(config.resolved_yaml, "resolved.yaml", fuzz::scratch().path());
        fuzz::require(again.identity == config.identity, "the resolved text is the same run");
        fuzz::require(again.resolved_yaml == config.resolved_yaml, "and resolves to itself");
        draw_a_trial(config.networks.front());
    });
    return 0;
}
