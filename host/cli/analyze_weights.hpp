// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace shoal {

struct WeightsAnalysisOptions {
    std::string weights;
    std::string out;             ///< empty: beside the weights, ending in .analysis.h5
    double trial_length = 35.0;  ///< in units of tau
    int threads = 0;
    bool json = false;
};

/// `shoal analyze --weights`: every network of the file, in parallel.
void analyze_weights(const WeightsAnalysisOptions& options);

}  // namespace shoal
