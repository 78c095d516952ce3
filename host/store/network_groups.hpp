// SPDX-License-Identifier: MIT
// How population.h5 and analysis.h5 divide a population into HDF5 groups, and what both say of
// every network.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "store/hdf5_write.hpp"
#include "task/task.hpp"

namespace shoal {

/// Networks of one (units, cell, task shape).
struct NetworkGroup {
    std::string name;  ///< n200, n200_rate, n200_2, ...
    int units = 0;
    Cell cell{};
    TaskShape shape;
    std::vector<std::string> output_names;  ///< of the first network's task; may be empty
    std::vector<std::size_t> members;       ///< indices into config.networks, ascending
    int conclusions = 0;                    ///< most conclusions of any member
    int trials = 0;                         ///< most FORCE trials of any member; 0: none
    int iterations = 0;                     ///< most gradient iterations, 1 at least; 0: none
};

/// The groups of a population in order of first appearance.
std::vector<NetworkGroup> network_groups(const Config& config);

/// Writes the group's attributes and, over a new dimension `network`, uid, replicate and every
/// swept key: whole numbers as int64, numbers as float64, strings as strings, other values as their
/// text. tau and dt of the group's attributes are those of its first network; where they are swept,
/// the coordinates network.tau and network.dt hold every network's own.
void write_network_axis(hdf5::WriteGroup& group, const Config& config, const NetworkGroup& layout,
                        int schema_version);

/// Names of the coordinates on `network`, for the CF attribute `coordinates`.
std::string network_coordinates(const Config& config);

}  // namespace shoal
