// SPDX-License-Identifier: MIT
// Trains a population wave by wave, tests every finished network, and keeps what is done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "backend/backend.hpp"
#include "config/spec.hpp"
#include "store/segments.hpp"
#include "train/progress.hpp"

namespace shoal {

struct TrainerOptions {
    std::filesystem::path checkpoint;  ///< folder for checkpoints and finished records
    std::uint64_t max_memory = 0;      ///< bytes the wave may take; 0: most of what is free
    double memory_share = 1.0;         ///< of what is free, where processes share a machine
    double checkpoint_seconds =
        30.0;  ///< wanted time between checkpoints; longer where writing is slow
};

/// Networks in the order they are trained: those that share a recurrent matrix stand together,
/// groups in order of first appearance. Values are indices into config.networks.
std::vector<std::size_t> training_sequence(const Config& config);

/// Trains every network of the config that `finished` does not hold yet, going on from the
/// checkpoint if there is one, and appends a record to `finished` for each: trained and tested, or
/// diverged. A wave is one or more whole groups that share a matrix; networks that end leave it and
/// the next ones take their place. Throws Error(interrupted) after writing a checkpoint when a stop
/// is requested.
void train_population(const Config& config, Backend& backend, const TrainerOptions& options,
                      SegmentStore<TrainedNetwork>& finished, Progress& progress);

}  // namespace shoal
