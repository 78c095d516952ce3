// SPDX-License-Identifier: MIT
// Learning signals of many untrained systems, which may take hours: shown as they come, and kept.
#pragma once

#include <filesystem>
#include <vector>

#include "papers/learning_signals.hpp"
#include "train/progress.hpp"

namespace shoal {

/// As learning_signals(). Systems that an earlier session has left in `folder` count; those of this
/// one are kept there now and then, and when it is stopped. An empty path: nothing is kept.
std::vector<SignalFamily> kept_signals(const SignalOptions& options,
                                       const std::filesystem::path& folder, Progress& progress);

}  // namespace shoal
