// SPDX-License-Identifier: MIT
// population.h5: every network of a run, trained (layout: tools/python/README.md, "The files").
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "records/records.hpp"

namespace shoal {

/// Writes population.h5 atomically. One HDF5 group per (units, cell, task shape), networks in the
/// order of the configuration; `result` gives a network's record, or nothing if it is pending.
/// Networks are written one at a time; memory does not grow with their number. Nothing in the file
/// depends on time, machine, threads or order of training.
void write_population(
    const std::filesystem::path& path, const Config& config, Precision precision,
    const std::function<std::optional<TrainedNetwork>(const NetworkSpec&)>& result);

/// Reads population.h5. Damaged or foreign files throw file errors naming the dataset.
class PopulationFile {
  public:
    explicit PopulationFile(const std::filesystem::path& path);
    ~PopulationFile();

    const std::vector<std::string>& uids() const;  ///< groups in file order, networks in order
    TrainedNetwork network(const std::string& uid) const;
    /// The network's record without its lists, from memory.
    TrainedNetwork summary(const std::string& uid) const;
    /// The same with its training curve.
    TrainedNetwork curve(const std::string& uid) const;
    /// The trained network: matrix from the file, trained readout, initial_state = end of training.
    NetworkModel model(const std::string& uid) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Name of the HDF5 group that holds a network: n200, n200_rate, ... and a suffix _2, _3 for
/// further task shapes of the same units and cell, in order of first appearance. [network of
/// config.networks]
std::vector<std::string> population_groups(const Config& config);

}  // namespace shoal
