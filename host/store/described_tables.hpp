// SPDX-License-Identifier: MIT
// Records in HDF5, field by field as they describe themselves (described.hpp). A table is a group
// with one dataset per field; its rows are either networks, or belong to networks by the dataset
// `network` (CF indexed ragged arrays).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/names.hpp"
#include "records/described.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_write.hpp"
#include "store/read_checks.hpp"
#include "store/row_reader.hpp"

namespace shoal {

/// What vectors of whole numbers shorter than their axis are padded with (attribute `padding` of
/// the dataset), as -1 is a value of many; vectors of numbers are padded with NaN.
inline constexpr std::int64_t whole_padding = std::numeric_limits<std::int32_t>::min();

/// Columns of a table while it is filled row by row.
class TableColumns {
  public:
    explicit TableColumns(int units) : units_(static_cast<std::size_t>(units)) {}

    template <class Record>
    void add_row(const Record& record) {
        describe(record, [&](const char* name, const auto& field, const Meaning& meaning) {
            add(column(name, meaning), field);
        });
        ++rows_;
    }
    /// A row of which nothing is known.
    template <class Record>
    void add_absent() {
        const Record none;
        describe(none, [&](const char* name, const auto& field, const Meaning& meaning) {
            using Field = std::decay_t<decltype(field)>;
            Column& to = column(name, meaning);
            if constexpr (std::is_same_v<Field, std::string> || std::is_enum_v<Field>) {
                add(to, std::string());
            } else if constexpr (std::is_same_v<Field, double>) {
                add(to, std::numeric_limits<double>::quiet_NaN());
            } else if constexpr (std::is_arithmetic_v<Field>) {
                add(to, -1);
            } else {
                add(to, Field{});
            }
        });
        ++rows_;
    }
    /// Makes the columns of a table that has no row.
    template <class Record>
    void add_columns() {
        add_columns_of(Record{});
    }
    template <class Record>
    void add_columns_of(const Record& record) {
        describe(record, [&](const char* name, const auto& field, const Meaning& meaning) {
            set_kind(column(name, meaning), field);
        });
    }

    std::uint64_t rows() const { return rows_; }
    /// Writes every column into `group` over (row_axis, its own axes). Axes but "unit" and
    /// row_axis are made here.
    void write(hdf5::WriteGroup& group, const std::string& row_axis,
               const std::string& coordinates) const;

  private:
    enum class Kind { numbers, whole_numbers, texts };
    struct Column {
        std::string name;
        Meaning meaning;
        Kind kind = Kind::numbers;
        std::vector<std::vector<double>> numbers;  ///< [row]
        std::vector<std::vector<std::int64_t>> whole;
        std::vector<std::string> texts;
    };
    Column& column(const char* name, const Meaning& meaning);

    template <class Field>
    static void set_kind(Column& to, const Field&) {
        if constexpr (std::is_same_v<Field, std::string> || std::is_enum_v<Field>) {
            to.kind = Kind::texts;
        } else if constexpr (std::is_same_v<Field, double> ||
                             std::is_same_v<Field, std::vector<double>>) {
            to.kind = Kind::numbers;
        } else {
            to.kind = Kind::whole_numbers;
        }
    }
    template <class Field>
    static void add(Column& to, const Field& field) {
        set_kind(to, field);
        if constexpr (std::is_enum_v<Field>) {
            to.texts.emplace_back(name_of(field));
        } else if constexpr (std::is_same_v<Field, std::string>) {
            to.texts.push_back(field);
        } else if constexpr (std::is_same_v<Field, double>) {
            to.numbers.push_back({field});
        } else if constexpr (std::is_same_v<Field, std::vector<double>>) {
            to.numbers.push_back(field);
        } else if constexpr (std::is_same_v<Field, std::vector<int>>) {
            to.whole.emplace_back(field.begin(), field.end());
        } else {
            to.whole.push_back({static_cast<std::int64_t>(field)});
        }
    }
    std::size_t longest(const Column& column) const;

    std::size_t units_;
    std::uint64_t rows_ = 0;
    std::vector<Column> columns_;
};

/// Writes a table as the subgroup `name` of a group with an axis `network`: rows(i) points to the
/// records of network i, null where there are none.
template <class Record, class Rows>
void write_rows(hdf5::WriteGroup& parent, const std::string& name, const std::string& axis,
                int units, std::size_t networks, const Rows& rows) {
    TableColumns columns(units);
    columns.add_columns<Record>();
    std::vector<std::int64_t> network;
    for (std::size_t i = 0; i < networks; ++i) {
        const std::vector<Record>* records = rows(i);
        for (std::size_t k = 0; records != nullptr && k < records->size(); ++k) {
            columns.add_row((*records)[k]);
            network.push_back(static_cast<std::int64_t>(i));
        }
    }
    hdf5::WriteGroup group = parent.group(name);
    group.dimension(axis, columns.rows());
    group.put("network", hdf5::Type::int64, {axis}, network);
    group.describe("network", "long_name", "the network the row belongs to");
    group.describe("network", "instance_dimension", "network");
    columns.write(group, axis, "");
}

/// Which fields of records are read, by what they mean and whether they are text; the others stay
/// as a record without them has them.
using FieldChoice = std::function<bool(const Meaning& meaning, bool text)>;

/// Reads a table that TableColumns wrote. NaN at the end of a vector of numbers is padding, but not
/// in one with an entry for every unit: such a one was empty if it is NaN throughout.
class TableReader {
  public:
    explicit TableReader(RowReader rows) : rows_(std::move(rows)) {}

    template <class Record>
    std::vector<Record> read(const FieldChoice& wanted) const {
        std::vector<Loaded> columns;
        const Record none;
        describe(none, [&](const char* name, const auto& field, const Meaning& meaning) {
            using Field = std::decay_t<decltype(field)>;
            columns.push_back(wanted(meaning, is_text<Field>) ? load(name, meaning, Field{})
                                                              : Loaded{});
        });
        std::vector<Record> records(rows_.count());
        for (std::uint64_t row = 0; row < records.size(); ++row) {
            std::size_t column = 0;
            describe(records[row], [&](const char* name, auto& field, const Meaning&) {
                const Loaded& from = columns[column++];
                if (from.known) {
                    take(from, name, row, field);
                }
            });
        }
        return records;
    }

  private:
    template <class Field>
    static constexpr bool is_text = std::is_same_v<Field, std::string> || std::is_enum_v<Field>;

    struct Loaded {
        bool known = false;
        std::uint64_t width = 1;
        bool open = false;  ///< has an axis whose length differs between records
        std::vector<double> numbers;
        std::vector<std::int64_t> whole;
        std::vector<std::string> texts;
    };
    hdf5::Extents inner_extents(const char* name, const Meaning& meaning) const;
    Loaded load_numbers(const char* name, const Meaning& meaning) const;
    Loaded load_whole(const char* name, const Meaning& meaning) const;
    Loaded load_texts(const char* name) const;
    int whole_number(const char* name, std::int64_t value) const;
    [[noreturn]] void unknown_value(const char* name, const std::string& value) const;

    template <class Field>
    Loaded load(const char* name, const Meaning& meaning, const Field&) const {
        if constexpr (is_text<Field>) {
            return load_texts(name);
        } else if constexpr (std::is_same_v<Field, double> ||
                             std::is_same_v<Field, std::vector<double>>) {
            return load_numbers(name, meaning);
        } else {
            return load_whole(name, meaning);
        }
    }
    template <class Field>
    void take(const Loaded& from, const char* name, std::uint64_t row, Field& field) const {
        if constexpr (std::is_enum_v<Field>) {
            if (const auto value = value_named<Field>(from.texts[row])) {
                field = *value;
                return;
            }
            unknown_value(name, from.texts[row]);
        } else if constexpr (std::is_same_v<Field, std::string>) {
            field = from.texts[row];
        } else if constexpr (std::is_same_v<Field, double>) {
            field = from.numbers[row];
        } else if constexpr (std::is_same_v<Field, std::vector<double>>) {
            const auto begin = from.numbers.begin() + static_cast<std::ptrdiff_t>(row * from.width);
            field.assign(begin, begin + static_cast<std::ptrdiff_t>(from.width));
            if (std::all_of(field.begin(), field.end(),
                            [](double value) { return std::isnan(value); })) {
                field.clear();
            }
            while (from.open && !field.empty() && std::isnan(field.back())) {
                field.pop_back();
            }
        } else if constexpr (std::is_same_v<Field, std::vector<int>>) {
            field.clear();
            for (std::uint64_t i = 0; i < from.width; ++i) {
                field.push_back(whole_number(name, from.whole[row * from.width + i]));
            }
            while (!field.empty() && field.back() == whole_padding) {
                field.pop_back();
            }
        } else if constexpr (std::is_same_v<Field, bool>) {
            field = from.whole[row] == 1;
        } else {
            field = whole_number(name, from.whole[row]);
        }
    }

    RowReader rows_;
};

}  // namespace shoal
