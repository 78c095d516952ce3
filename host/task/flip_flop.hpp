// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

/// Flip-flops (Sussillo & Barak 2013): `bits` channels, each with an input and an output. Time goes
/// in slots of one tau. In every slot of every channel, independently, a pulse of +1 or -1 comes
/// with probability pulse_rate x tau; the last slot (with what `duration` has beyond whole slots)
/// has none. One channel, drawn for every trial, surely has a pulse in the first slot, so that
/// every trial has something to learn. The target of a channel is the sign of its last pulse, from
/// the pulse's first step on; before its first pulse there is no error (mask 0).
///
/// A decision is one step of one output that has an error, except for the first tau after its
/// target appeared or changed; it is right within 0.5 of the target. Signs are equally likely, and
/// no value is within 0.5 of both: chance 1/2.
std::shared_ptr<const Task> make_flip_flop(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
