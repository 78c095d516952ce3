// SPDX-License-Identifier: MIT
// Checks that every file of another program passes before its numbers are used.
#pragma once

#include <string>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal {

/// An extent as int; a file error if it does not fit.
int to_int(const hdf5::ReadGroup& file, const std::string& name, std::uint64_t extent);

/// A dataset of these extents without NaN or infinity.
std::vector<double> finite_numbers(const hdf5::ReadGroup& file, const std::string& name,
                                   const hdf5::Extents& expected);

/// A file error if any extent is 0.
void require_content(const hdf5::ReadGroup& file, const std::string& name,
                     const hdf5::Extents& extents);

}  // namespace shoal
