// SPDX-License-Identifier: MIT
// Reads records that described_tables.hpp wrote.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "records/fields.hpp"
#include "store/row_reader.hpp"

namespace shoal {

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
