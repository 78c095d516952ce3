// SPDX-License-Identifier: MIT
#include "store/described_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

using hdf5::Type;
using hdf5::WriteGroup;

bool is_table(const Field& field) {
    return field.type == FieldType::records && field.meaning.kept == Kept::plainly;
}
bool has_axis(const Field& field, const std::string& axis) {
    const auto& axes = field.meaning.axes;
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

/// Those that become columns, with those of records among them in their place.
std::vector<Field> columns_of(const std::vector<Field>& fields) {
    std::vector<Field> columns;
    for (const Field& field : fields) {
        if (field.type == FieldType::record) {
            for (Field inner : columns_of(field.inner->fields)) {
                inner.name = field.name + inner.name;
                inner.offset += field.offset;
                if (*inner.meaning.text == '\0') {
                    inner.meaning.text = field.meaning.text;
                }
                columns.push_back(std::move(inner));
            }
        } else if (is_beside(field) ||
                   (field.type != FieldType::records && field.type != FieldType::optional_record)) {
            columns.push_back(field);
        }
    }
    return columns;
}

std::size_t length_of(const Field& field, const void* record) {
    switch (field.type) {
        case FieldType::wholes:
            return field.of<std::vector<int>>(record).size();
        case FieldType::numbers:
            return field.of<std::vector<double>>(record).size();
        default:
            return field.count(field.in(record));
    }
}

/// A record in all rows.
RecordRows part_of(const Field& record, const RecordRows& rows) {
    RecordRows all;
    for (const void* row : rows) {
        all.push_back(row == nullptr ? nullptr : record.in(row));
    }
    return all;
}

/// The records in a list of all rows, one after the other.
RecordRows all_in(const Field& list, const RecordRows& rows) {
    RecordRows all;
    for (const void* row : rows) {
        const std::size_t count = row == nullptr ? 0 : list.count(list.in(row));
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(list.at(list.in(row), i));
        }
    }
    return all;
}

/// Makes the axes of columns that the group does not have, and adds them to `lengths`.
void make_axes(WriteGroup& group, const std::vector<Field>& columns, const RecordRows& rows,
               std::map<std::string, std::size_t>& lengths) {
    std::map<std::string, std::size_t> made;
    for (const Field& column : columns) {
        std::size_t known = 1;
        std::string open;  // the one axis whose length the longest row gives
        for (const std::string& axis : column.meaning.axes) {
            if (axis == "part") {
                made.emplace("part", 2);
                known *= 2;
            } else if (lengths.contains(axis)) {
                known *= lengths.at(axis);
            } else {
                check(open.empty(), "one axis of free length");
                open = axis;
            }
        }
        if (open.empty()) {
            continue;
        }
        std::size_t longest = 0;
        for (const void* row : rows) {
            longest = std::max(longest, row == nullptr ? 0 : length_of(column, row));
        }
        made[open] = std::max(made[open], (longest + known - 1) / known);
    }
    for (const auto& [axis, size] : made) {
        if (!lengths.emplace(axis, size).second) {
            continue;
        }
        if (axis == "part") {
            group.coordinate(axis, std::vector<std::string>{"re", "im"});
        } else {
            group.dimension(axis, size);
        }
    }
    for (const Field& column : columns) {
        if (is_beside(column)) {
            make_axes(group, columns_of(column.inner->fields), all_in(column, rows), lengths);
        }
    }
}

/// Appends a row's values, padded to `width`.
template <class To, class From>
void append(std::vector<To>& all, const std::vector<From>& values, std::size_t width, To padding) {
    check(values.size() <= width, "a vector within its axes");
    all.insert(all.end(), values.begin(), values.end());
    all.resize(all.size() + width - values.size(), padding);
}

void append_truths(std::vector<std::int64_t>& all, const std::vector<int>& places,
                   std::size_t width) {
    const std::size_t begin = all.size();
    all.resize(begin + width, 0);
    for (const int place : places) {
        check(place >= 0 && static_cast<std::size_t>(place) < width, "a place on its axis");
        all[begin + static_cast<std::size_t>(place)] = 1;
    }
}

void append_numbers(std::vector<double>& all, const Field& field, const void* row,
                    std::size_t width) {
    if (row == nullptr) {
        all.resize(all.size() + width, nan);
    } else if (field.type == FieldType::number) {
        all.push_back(field.of<double>(row));
    } else {
        append(all, field.of<std::vector<double>>(row), width, nan);
    }
}

void append_wholes(std::vector<std::int64_t>& all, const Field& field, const void* row,
                   std::size_t width) {
    static const std::vector<int> none;
    if (field.type == FieldType::wholes) {
        const auto& values = row == nullptr ? none : field.of<std::vector<int>>(row);
        if (field.meaning.kept == Kept::as_truths) {
            append_truths(all, values, width);
        } else {
            append(all, values, width, whole_padding);
        }
    } else if (row == nullptr) {
        all.push_back(field.meaning.kept == Kept::in_a_byte ? 0 : -1);
    } else {
        all.push_back(field.type == FieldType::truth ? field.of<bool>(row) : field.of<int>(row));
    }
}

std::string text_of(const Field& field, const void* row) {
    if (field.type == FieldType::text) {
        return row == nullptr ? std::string() : field.of<std::string>(row);
    }
    return row == nullptr ? field.values.front().name : field.name_of_value(row);
}

/// Writes columns over axes that the group has.
class ColumnWriter {
  public:
    ColumnWriter(WriteGroup& group, std::map<std::string, std::size_t> lengths,
                 std::string coordinates)
        : group_(group), lengths_(std::move(lengths)), coordinates_(std::move(coordinates)) {}

    /// One dataset; `row_axes` are those that the rows lie along.
    void write(const Field& field, const RecordRows& rows,
               const std::vector<std::string>& row_axes) {
        std::vector<std::string> axes = row_axes;
        std::size_t width = 1;
        for (const std::string& axis : field.meaning.axes) {
            axes.push_back(axis);
            width *= lengths_.at(axis);
        }
        switch (field.type) {
            case FieldType::number:
            case FieldType::numbers:
                write_numbers(field, rows, axes, width);
                break;
            case FieldType::truth:
            case FieldType::whole:
            case FieldType::wholes:
                write_wholes(field, rows, axes, width);
                break;
            case FieldType::text:
            case FieldType::value:
                write_texts(field, rows, axes);
                break;
            default:
                check(false, "a field that a table can keep");
        }
        describe(field);
    }

    /// How many records each row's list has, and their fields along its axis.
    void write_beside(const Field& list, const RecordRows& rows, const std::string& row_axis) {
        const std::string& axis = list.meaning.axes.front();
        std::vector<std::int64_t> counts;
        RecordRows entries;
        for (const void* row : rows) {
            const std::size_t count = row == nullptr ? 0 : list.count(list.in(row));
            check(count <= lengths_.at(axis), "a list within its axis");
            for (std::size_t i = 0; i < count; ++i) {
                entries.push_back(list.at(list.in(row), i));
            }
            entries.resize(entries.size() + lengths_.at(axis) - count, nullptr);
            counts.push_back(static_cast<std::int64_t>(count));
        }
        group_.put(list.name, Type::int64, {row_axis}, counts);
        describe(list);
        for (const Field& column : columns_of(list.inner->fields)) {
            write(column, entries, {row_axis, axis});
        }
    }

  private:
    void write_numbers(const Field& field, const RecordRows& rows,
                       const std::vector<std::string>& axes, std::size_t width) {
        group_.create(field.name, Type::float64, axes);
        std::vector<double> values;
        if (has_axis(field, "unit")) {  // long: not all of them in memory once more
            for (std::size_t i = 0; i < rows.size(); ++i) {
                values.clear();
                append_numbers(values, field, rows[i], width);
                group_.write_at(field.name, i, values);
            }
            return;
        }
        values.reserve(rows.size() * width);
        for (const void* row : rows) {
            append_numbers(values, field, row, width);
        }
        group_.write(field.name, values);
    }

    void write_wholes(const Field& field, const RecordRows& rows,
                      const std::vector<std::string>& axes, std::size_t width) {
        std::vector<std::int64_t> values;
        values.reserve(rows.size() * width);
        for (const void* row : rows) {
            append_wholes(values, field, row, width);
        }
        const bool whole = field.meaning.kept == Kept::plainly;
        group_.put(field.name, whole ? Type::int64 : Type::int8, axes, values);
        if (whole && field.type == FieldType::wholes) {
            group_.describe(field.name, "padding", std::to_string(whole_padding));
        }
    }

    void write_texts(const Field& field, const RecordRows& rows,
                     const std::vector<std::string>& axes) {
        std::vector<std::string> texts;
        for (const void* row : rows) {
            texts.push_back(text_of(field, row));
        }
        group_.put(field.name, Type::string, axes, texts);
    }

    void describe(const Field& field) {
        if (*field.meaning.text != '\0') {
            group_.describe(field.name, "long_name", field.meaning.text);
        }
        if (!coordinates_.empty()) {
            group_.describe(field.name, "coordinates", coordinates_);
        }
    }

    WriteGroup& group_;
    std::map<std::string, std::size_t> lengths_;
    std::string coordinates_;
};

}  // namespace

void write_columns(WriteGroup& group, const std::vector<Field>& fields, const RecordRows& rows,
                   const TableAxes& axes) {
    const std::vector<Field> columns = columns_of(fields);
    std::map<std::string, std::size_t> lengths = axes.known;
    make_axes(group, columns, rows, lengths);
    ColumnWriter writer(group, std::move(lengths), axes.coordinates);
    for (const Field& column : columns) {
        if (is_beside(column)) {
            writer.write_beside(column, rows, axes.rows);
        } else {
            writer.write(column, rows, {axes.rows});
        }
    }
}

namespace {

/// Writes a list as a group of its name.
void write_table(WriteGroup& parent, const Field& list, const RecordRows& owners,
                 const std::map<std::string, std::size_t>& axes) {
    const std::string& axis = list.meaning.axes.front();
    const RecordRows rows = all_in(list, owners);
    std::vector<std::int64_t> network;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        const std::size_t count = owners[i] == nullptr ? 0 : list.count(list.in(owners[i]));
        network.insert(network.end(), count, static_cast<std::int64_t>(i));
    }
    WriteGroup group = parent.group(list.name);
    group.dimension(axis, rows.size());
    group.put("network", Type::int64, {axis}, network);
    group.describe("network", "long_name", "the network the row belongs to");
    group.describe("network", "instance_dimension", "network");
    write_columns(group, list.inner->fields, rows, {axis, axes});
}

}  // namespace

void write_parts(WriteGroup& parent, const std::vector<Field>& fields, const RecordRows& owners,
                 const std::map<std::string, std::size_t>& axes, const std::string& coordinates) {
    for (const Field& field : fields) {
        if (is_table(field)) {
            write_table(parent, field, owners, axes);
        } else if (field.type == FieldType::record) {
            const RecordRows rows = part_of(field, owners);
            WriteGroup group = parent.group(field.name);
            write_columns(group, field.inner->fields, rows, {"network", axes, coordinates});
            for (const Field& inner : field.inner->fields) {
                if (is_table(inner)) {
                    write_table(parent, inner, rows, axes);
                }
            }
        }
    }
}

std::size_t longest_in_parts(const std::vector<Field>& fields, const RecordRows& owners,
                             const std::string& axis) {
    std::size_t longest = 0;
    for (const Field& field : fields) {
        const bool record = field.type == FieldType::record;
        if (!record && !is_table(field)) {
            continue;
        }
        const RecordRows rows = record ? part_of(field, owners) : all_in(field, owners);
        for (const Field& column : columns_of(field.inner->fields)) {
            if (!has_axis(column, axis)) {
                continue;
            }
            for (const void* row : rows) {
                longest = std::max(longest, row == nullptr ? 0 : length_of(column, row));
            }
        }
        longest = std::max(longest, longest_in_parts(field.inner->fields, rows, axis));
    }
    return longest;
}

}  // namespace shoal
