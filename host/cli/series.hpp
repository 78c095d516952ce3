// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "store/exchange_files.hpp"

namespace shoal {

/// The series that drives the networks of a weights file: from `inputs_path` (with axes in this
/// order), else (empty) from the weights file itself, with the weights file's initial states where
/// the series has none. Without inputs in either it has no steps. Errors name the files; shapes
/// that do not fit are file errors.
InputsFile series_for(const WeightsFile& weights, const std::string& weights_path,
                      const std::string& inputs_path, ArrayOrder order);

}  // namespace shoal
