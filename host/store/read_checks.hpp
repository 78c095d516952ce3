// SPDX-License-Identifier: MIT
// Checks that every file of another program passes before its numbers are used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "store/hdf5.hpp"
#include "store/seal.hpp"

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

/// Axes of a file that was written in this order.
inline hdf5::Axes axes_in(ArrayOrder order) {
    return order == ArrayOrder::matlab ? hdf5::Axes::reversed : hdf5::Axes::as_stored;
}

/// read(order) as in read_guarded; of files that shoal wrote read(ArrayOrder::c).
template <class Read>
auto read_guarded_in(ArrayOrder order, const std::filesystem::path& path, Read read) {
    return read_guarded(path, [&] {
        const bool as_is = order == ArrayOrder::c || check_seal(path);
        return read(as_is ? ArrayOrder::c : order);
    });
}

}  // namespace shoal
