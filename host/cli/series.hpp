// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "store/exchange_files.hpp"

namespace shoal {

/// The series that drives the networks of a weights file: from `inputs_path` (with axes in this
/// order), else (empty) from the weights file itself. Without inputs in either it has no steps.
/// Errors name the files; shapes that do not fit are file errors, those of the weights file's
/// initial states included where the series has none.
InputsFile series_for(const WeightsFile& weights, const std::string& weights_path,
                      const std::string& inputs_path, ArrayOrder order);

/// Where the trials of a series start in one network, [trial, unit]: at the initial states of the
/// series, else at those of the weights file, else at 0.
std::vector<double> starts_for(const WeightsFile& weights, const InputsFile& series, int network);

}  // namespace shoal
