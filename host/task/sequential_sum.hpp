// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

/// The task of Ghazizadeh & Ching 2021: two digits shown one after the other, each remembered over
/// a delay, then the code of their sum (host/MATHEMATICS.md, A.3). Two inputs; outputs z_o, z_d1,
/// z_d2.
std::shared_ptr<const Task> make_sequential_sum(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
