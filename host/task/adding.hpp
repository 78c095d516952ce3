// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

/// Adding problem (Hochreiter & Schmidhuber 1997): two inputs, one output. Time goes in slots of
/// one tau (what `duration` has beyond whole slots belongs to the last). The first input has a
/// value uniform on (0, 1) in every slot; the second is 1 in two slots, one drawn from the first
/// half of the slots before the last, one from their second half, and 0 elsewhere. The target is
/// the sum of the two marked values, in the last slot; the mask is 1 there only.
///
/// A trial is right if the output at the last step is within 0.1 of the sum. The sum of two
/// uniform values has a triangular density, so that the best guess is 1: chance 1 - 0.9^2 = 0.19.
std::shared_ptr<const Task> make_adding(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
