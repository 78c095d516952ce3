// SPDX-License-Identifier: MIT
// Records in HDF5, field by field as they describe themselves (described.hpp). A table is a group
// with one dataset per field; its rows are either networks, or belong to networks by the dataset
// `network` (CF indexed ragged arrays).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "records/fields.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_write.hpp"

namespace shoal {

/// Records of one type, one a row; null: nothing is known of that row.
using RecordRows = std::vector<const void*>;

/// Axes of columns.
struct TableAxes {
    std::string rows;
    /// Further ones that the group has already, "unit" among them, and their lengths; the others
    /// are made for the longest record.
    std::map<std::string, std::size_t> known;
    std::string coordinates = {};  ///< attribute of every column, "": none
};

/// What vectors of whole numbers shorter than their axis are padded with.
inline constexpr std::int64_t whole_padding = std::numeric_limits<std::int32_t>::min();

/// Whether a list is kept by datasets beside those of the record that has it.
inline bool is_beside(const Field& field) {
    return field.type == FieldType::records && field.meaning.kept == Kept::beside;
}

/// Writes one dataset for each of `fields`, over the rows and its own axes; fields that are lists
/// in a table of their own, or may be absent, are left out. Vectors shorter than their axes are
/// padded: numbers with NaN, whole numbers with what the attribute `padding` says, as -1 is a value
/// of many. Of a row of which nothing is known numbers are NaN, whole numbers -1, and enumerations
/// have their first value.
void write_columns(hdf5::WriteGroup& group, const std::vector<Field>& fields,
                   const RecordRows& rows, const TableAxes& axes);

/// Writes a group for every part of `fields`: of records with one row a network, of lists, those in
/// such records included, with rows that belong to networks. owners[i] has the parts of network i,
/// null: it has none. `axes` are those that `parent` has, and their lengths; the groups make the
/// others.
void write_parts(hdf5::WriteGroup& parent, const std::vector<Field>& fields,
                 const RecordRows& owners, const std::map<std::string, std::size_t>& axes,
                 const std::string& coordinates);

/// The longest vector along `axis` in such parts: what it takes for them to share it.
std::size_t longest_in_parts(const std::vector<Field>& fields, const RecordRows& owners,
                             const std::string& axis);

}  // namespace shoal
