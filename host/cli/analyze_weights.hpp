// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "train/progress.hpp"

namespace shoal {

struct WeightsAnalysisOptions {
    std::vector<std::string> weights;  ///< files, of networks of one shape
    std::string out;  ///< empty: beside the weights (of one file), ending in .analysis.h5
    double trial_length = 35.0;  ///< in units of tau
    int effort = 1;              ///< times the drawn runs, and the bounds of the search
    std::string order;           ///< of the files' axes: c or matlab; empty: c, and a line says so
    std::string as;              ///< flow or map; empty: a map where dt = tau, else a flow
    int threads = 0;
    bool json = false;
};

/// `shoal analyze --weights`: every network of the files, in parallel, each with the bits that it
/// has in any company; the answer has them file after file. Throws Error where a file is damaged,
/// files differ in shape, or a trial is no number of steps from 1 to 1000000. Every finished
/// network is kept at once in a folder beside the answer, OUT.parts, from which the same command
/// goes on.
void analyze_weights(const WeightsAnalysisOptions& options, Progress& progress);

}  // namespace shoal
