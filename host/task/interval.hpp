// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

/// Interval timing (eyeblink conditioning): one input, one output. Time goes in slots of one tau.
/// A pulse of 1 fills one slot, drawn uniformly from slots 5 to 19; the target is a pulse of 1 one
/// slot long that begins `delay` after the input pulse began, and 0 elsewhere. A trial ends five
/// slots after the latest possible target. The mask is 1 everywhere.
///
/// A trial is right if the output reaches 0.5 in the slot of the target or in one of the two on
/// either side, and nowhere else (ours; the largest output alone stands near the target in some
/// networks that are not trained). Without the input the best answer is one fixed time, which does
/// for 5 of the 15 pulses: chance 1/3, whatever the delay.
std::shared_ptr<const Task> make_interval(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
