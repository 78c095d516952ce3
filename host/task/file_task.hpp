// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "task/task.hpp"

namespace shoal {

/// Trials from a file, used in order and cyclically: any task of another toolbox. `source` names
/// the file in errors.
std::shared_ptr<const Task> make_file_task(TrialList trials, const std::string& source);

}  // namespace shoal
