// SPDX-License-Identifier: MIT
#include "store/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "store/described_tables.hpp"
#include "store/read_checks.hpp"

namespace shoal {

/// A dataset with all rows that are read.
struct TableReader::Column {
    std::uint64_t along =
        1;  ///< records in a row: of a list beside the rows the length of its axis
    std::uint64_t width = 1;  ///< values of a record
    bool open = false;        ///< has an axis whose length differs between records
    std::vector<double> numbers;
    std::vector<std::int64_t> whole;
    std::vector<std::string> texts;
};

void TableReader::read(const std::vector<Field>& fields, const std::vector<void*>& records) const {
    check(records.size() == rows_.count(), "a place for every row");
    for (const Field& field : fields) {
        if (is_beside(field)) {
            read_beside(field, records);
        } else if (field.type != FieldType::records && field.type != FieldType::optional_record) {
            const Column column = load(field, {});
            for (std::uint64_t row = 0; row < records.size(); ++row) {
                if (records[row] != nullptr) {
                    take(column, field, row, records[row]);
                }
            }
        }
    }
}

void TableReader::read_beside(const Field& list, const std::vector<void*>& records) const {
    const std::string& axis = list.meaning.axes.front();
    const auto counts = rows_.integers(list.name);
    bool made = false;
    std::uint64_t along = 0;
    for (const Field& field : list.inner->fields) {
        const Column column = load(field, {axis});
        if (!made) {
            along = column.along;
        } else if (column.along != along) {
            throw file_error(fmt::format("{}: has {} entries along {} instead of {}",
                                         rows_.group().where(field.name), column.along, axis,
                                         along));
        }
        for (std::uint64_t row = 0; row < records.size(); ++row) {
            if (records[row] == nullptr) {
                continue;
            }
            void* member = list.in(records[row]);
            const auto count = static_cast<std::uint64_t>(bounded(
                rows_.group(), list.name, counts[row], 0, static_cast<std::int64_t>(along)));
            for (std::uint64_t k = 0; !made && k < count; ++k) {
                list.add(member);
            }
            for (std::uint64_t k = 0; k < count; ++k) {
                take(column, field, row * along + k, list.change_at(member, k));
            }
        }
        made = true;
    }
}

TableReader::Column TableReader::load(const Field& field,
                                      const std::vector<std::string>& list_axis) const {
    Column column;
    if (field.type == FieldType::text || field.type == FieldType::value) {
        check(list_axis.empty(), "texts of a record, not of a list beside it");
        column.texts = rows_.strings(field.name);
        return column;
    }
    std::vector<std::string> axes = {"row"};
    axes.insert(axes.end(), list_axis.begin(), list_axis.end());
    axes.insert(axes.end(), field.meaning.axes.begin(), field.meaning.axes.end());
    hdf5::Extents extents = rows_.group().extents(field.name, axes);
    if (extents[0] != rows_.rows()) {
        throw file_error(fmt::format("{}: has {} rows instead of {}",
                                     rows_.group().where(field.name), extents[0], rows_.rows()));
    }
    extents.erase(extents.begin());
    if (field.type == FieldType::number || field.type == FieldType::numbers) {
        column.numbers = rows_.numbers(field.name, extents);
    } else {
        column.whole = rows_.integers(field.name, extents);
    }
    if (!list_axis.empty()) {
        column.along = extents[0];
        extents.erase(extents.begin());
    }
    column.width = *hdf5::byte_count(extents, 1);
    column.open = std::any_of(
        field.meaning.axes.begin(), field.meaning.axes.end(),
        [](const std::string& axis) { return axis != "unit" && axis != "part" && axis != "time"; });
    return column;
}

void TableReader::take(const Column& column, const Field& field, std::uint64_t entry,
                       void* record) const {
    const auto begin = static_cast<std::ptrdiff_t>(entry * column.width);
    const auto end = begin + static_cast<std::ptrdiff_t>(column.width);
    switch (field.type) {
        case FieldType::truth:
            field.of<bool>(record) = column.whole[entry] == 1;
            break;
        case FieldType::whole:
            field.of<int>(record) = whole_number(field.name, column.whole[entry]);
            break;
        case FieldType::number:
            field.of<double>(record) = column.numbers[entry];
            break;
        case FieldType::text:
            field.of<std::string>(record) = column.texts[entry];
            break;
        case FieldType::value:
            take_value(column.texts[entry], field, record);
            break;
        case FieldType::numbers: {
            auto& values = field.of<std::vector<double>>(record);
            values.assign(column.numbers.begin() + begin, column.numbers.begin() + end);
            const auto is_nan = [](double value) { return std::isnan(value); };
            if (std::all_of(values.begin(), values.end(), is_nan)) {
                values.clear();
            }
            while (column.open && !values.empty() && is_nan(values.back())) {
                values.pop_back();
            }
            break;
        }
        case FieldType::wholes:
            take_wholes(field, {column.whole.begin() + begin, column.whole.begin() + end}, record);
            break;
        default:
            check(false, "a field that a table can keep");
    }
}

void TableReader::take_value(const std::string& name, const Field& field, void* record) const {
    const auto named = std::find_if(field.values.begin(), field.values.end(),
                                    [&](const Named<int>& each) { return each.name == name; });
    if (named == field.values.end()) {
        throw file_error(
            fmt::format("{}: unknown value \"{}\"", rows_.group().where(field.name), name));
    }
    std::memcpy(field.in(record), &named->value, sizeof named->value);
}

void TableReader::take_wholes(const Field& field, std::span<const std::int64_t> stored,
                              void* record) const {
    auto& values = field.of<std::vector<int>>(record);
    values.clear();
    if (field.meaning.kept == Kept::as_truths) {
        for (std::size_t place = 0; place < stored.size(); ++place) {
            if (stored[place] != 0) {
                values.push_back(static_cast<int>(place));
            }
        }
        return;
    }
    for (const std::int64_t value : stored) {
        values.push_back(whole_number(field.name, value));
    }
    while (!values.empty() && values.back() == whole_padding) {
        values.pop_back();
    }
}

int TableReader::whole_number(const std::string& name, std::int64_t value) const {
    return bounded(rows_.group(), name, value, std::numeric_limits<int>::min(),
                   std::numeric_limits<int>::max());
}

}  // namespace shoal
