// SPDX-License-Identifier: MIT
// Records in HDF5, field by field as they describe themselves (described.hpp). A table is a group
// with one dataset per field; its rows are either networks, or belong to networks by the dataset
// `network` (CF indexed ragged arrays).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "records/fields.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_write.hpp"
#include "store/row_reader.hpp"

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

/// Writes one dataset for each of `fields`, over the rows and its own axes; fields that are lists
/// in a table of their own, or may be absent, are left out. Vectors shorter than their axes are
/// padded: numbers with NaN, whole numbers with what the attribute `padding` says, as -1 is a value
/// of many. Of a row of which nothing is known numbers are NaN, whole numbers -1, and enumerations
/// have their first value.
void write_columns(hdf5::WriteGroup& group, const std::vector<Field>& fields,
                   const RecordRows& rows, const TableAxes& axes);

/// Writes a group for every part of `fields`: of records with one row a network, of lists, those in
/// such records included, with rows that belong to networks. owners[i] has the parts of network i,
/// null: it has none.
void write_parts(hdf5::WriteGroup& parent, const std::vector<Field>& fields,
                 const RecordRows& owners, int units, const std::string& coordinates);

/// Reads columns that write_columns wrote. NaN at the end of a vector of numbers is padding, but
/// not in one with an entry for every unit or time: it was empty if it is NaN throughout.
class TableReader {
  public:
    explicit TableReader(RowReader rows) : rows_(std::move(rows)) {}

    /// Reads `fields` of every row into records[row]; null: into none. Lists in a table of their
    /// own and what may be absent stay as they are.
    void read(const std::vector<Field>& fields, const std::vector<void*>& records) const;

  private:
    struct Column;
    void read_beside(const Field& list, const std::vector<void*>& records) const;
    Column load(const Field& field, const std::vector<std::string>& list_axis) const;
    void take(const Column& column, const Field& field, std::uint64_t entry, void* record) const;
    void take_value(const std::string& name, const Field& field, void* record) const;
    void take_wholes(const Field& field, std::span<const std::int64_t> stored, void* record) const;
    int whole_number(const std::string& name, std::int64_t value) const;

    RowReader rows_;
};

}  // namespace shoal
