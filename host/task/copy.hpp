// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

/// Copy memory (Hochreiter & Schmidhuber 1997; the form of Arjovsky, Shah & Bengio 2016). Time goes
/// in slots of one tau. Inputs: one-hot symbols, blank, go cue. `length` symbols, each drawn
/// uniformly, one per slot; blank for `delay`; the go cue for one slot; then blank for `length`
/// slots, in which the outputs (one-hot symbols, blank) are to repeat the symbols in order. The
/// mask is 1 for all outputs in these last slots and 0 before them (ours: published variants also
/// ask for blank until the cue, which a network gets mostly right without any memory). A decision
/// is the largest output at the last step of a recalled symbol's slot.
std::shared_ptr<const Task> make_copy(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
