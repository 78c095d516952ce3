// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backend/backend.hpp"

namespace shoal {

/// FORCE on a task, every P starting at I / alpha.
inline ForceRule force_rule(double alpha, const Task& task) {
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
