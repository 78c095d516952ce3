// SPDX-License-Identifier: MIT
// Checks that every file of another program passes before its numbers are used.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal {

/// An extent as int; a file error if it does not fit.
int to_int(const hdf5::ReadGroup& file, const std::string& name, std::uint64_t extent);

/// A whole number of a dataset; a file error if it is outside lowest ... highest.
int bounded(const hdf5::ReadGroup& file, const std::string& dataset, std::int64_t value,
            std::int64_t lowest, std::int64_t highest);

/// A dataset of these extents without NaN or infinity.
std::vector<double> finite_numbers(const hdf5::ReadGroup& file, const std::string& name,
                                   const hdf5::Extents& expected);

/// A file error if any extent is 0.
void require_content(const hdf5::ReadGroup& file, const std::string& name,
                     const hdf5::Extents& extents);

}  // namespace shoal
