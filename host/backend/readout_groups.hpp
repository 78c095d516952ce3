// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backend/backend.hpp"
#include "core/error.hpp"

namespace shoal {

/// FORCE on a task, every P starting at I / alpha. A usage error where errors have weights.
inline ForceRule force_rule(double alpha, const Task& task) {
    if (task.weighs_errors()) {
        throw usage_error(
            "training.method: force knows errors and none, and the task's mask has numbers other "
            "than 0 and 1; take bptt, or a mask of 0 and 1");
    }
    return {alpha, task.output_groups(), task.groups_overlap()};
}

/// Number of readout groups of a rule.
inline int group_count(const ForceRule& rule) {
    return rule.output_groups.empty()
               ? 0
               : *std::max_element(rule.output_groups.begin(), rule.output_groups.end()) + 1;
}

/// Updates of P kept aside before it is rewritten: P r is had from the P at the start of the epoch
/// and the gains so far, and P is rewritten once per epoch. An epoch with more updates than this is
/// cut.
/// The published epochs have 25.
inline constexpr int max_pending_updates = 32;

}  // namespace shoal
