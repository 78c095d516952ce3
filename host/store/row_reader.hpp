// SPDX-License-Identifier: MIT
// Some rows of datasets as if the file had no others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/hdf5.hpp"

namespace shoal {

/// Reads datasets of one group along their first axis, `rows` long: all of it in one go, or chosen
/// rows one by one. Memory and time follow what is read, not what the file holds.
class RowReader {
  public:
    RowReader(hdf5::ReadGroup group, std::uint64_t rows);
    /// Only `chosen`, indices below `rows`, in that order.
    RowReader(hdf5::ReadGroup group, std::uint64_t rows, std::vector<std::uint64_t> chosen);

    /// The same rows of the datasets of another group.
    RowReader in(hdf5::ReadGroup group) const;

    const hdf5::ReadGroup& group() const { return group_; }
    /// Rows of the file, and rows that are read.
    std::uint64_t rows() const { return rows_; }
    std::uint64_t count() const { return chosen_ ? chosen_->size() : rows_; }

    /// Values row by row; `inner` are the extents of one row, [] for one value. Datasets of another
    /// shape are file errors.
    std::vector<double> numbers(const std::string& name, const hdf5::Extents& inner = {}) const;
    std::vector<std::int64_t> integers(const std::string& name,
                                       const hdf5::Extents& inner = {}) const;
    std::vector<std::string> strings(const std::string& name) const;

  private:
    hdf5::Extents whole(const hdf5::Extents& inner) const;

    hdf5::ReadGroup group_;
    std::uint64_t rows_;
    std::optional<std::vector<std::uint64_t>> chosen_;
};

}  // namespace shoal
