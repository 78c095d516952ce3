// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "core/random.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

/// One accepted network to analyse.
struct AnalysisInput {
    NetworkModel model;                ///< trained: readout and feedback in place
    std::vector<double> conclusions;   ///< [conclusion, unit]
    std::shared_ptr<const Task> task;  ///< gives trial length and epochs
    RandomKey key;
};

}  // namespace shoal
