// SPDX-License-Identifier: MIT
#include "store/described_tables.hpp"

#include <fmt/format.h>

#include <map>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

/// Values of all rows one after the other, each padded to `width`.
template <class Value>
std::vector<Value> padded(const std::vector<std::vector<Value>>& rows, std::size_t width,
                          Value padding) {
    std::vector<Value> all;
    all.reserve(rows.size() * width);
    for (const auto& row : rows) {
        check(row.size() <= width, "a vector within its axes");
        all.insert(all.end(), row.begin(), row.end());
        all.resize(all.size() + width - row.size(), padding);
    }
    return all;
}

}  // namespace

TableColumns::Column& TableColumns::column(const char* name, const Meaning& meaning) {
    for (Column& each : columns_) {
        if (each.name == name) {
            return each;
        }
    }
    return columns_.emplace_back(Column{name, meaning, Kind::numbers, {}, {}, {}});
}

std::size_t TableColumns::longest(const Column& column) const {
    std::size_t size = 0;
    for (const auto& row : column.numbers) {
        size = std::max(size, row.size());
    }
    for (const auto& row : column.whole) {
        size = std::max(size, row.size());
    }
    return size;
}

void TableColumns::write(hdf5::WriteGroup& group, const std::string& row_axis,
                         const std::string& coordinates) const {
    std::map<std::string, std::size_t> sizes;
    for (const Column& column : columns_) {
        const auto& axes = column.meaning.axes;
        std::size_t known = 1;
        std::string open;  // the one axis whose length the longest row gives
        for (const std::string& axis : axes) {
            if (axis == "unit") {
                known *= units_;
            } else if (axis == "part") {
                sizes["part"] = 2;
                known *= 2;
            } else {
                check(open.empty(), "one axis of free length");
                open = axis;
            }
        }
        if (!open.empty()) {
            const std::size_t needed = (longest(column) + known - 1) / known;
            sizes[open] = std::max(sizes[open], needed);
        }
    }
    for (const auto& [axis, size] : sizes) {
        if (axis == "part") {
            group.coordinate(axis, std::vector<std::string>{"re", "im"});
        } else {
            group.dimension(axis, size);
        }
    }
    for (const Column& column : columns_) {
        std::vector<std::string> axes = {row_axis};
        std::size_t width = 1;
        for (const std::string& axis : column.meaning.axes) {
            axes.push_back(axis);
            width *= axis == "unit" ? units_ : sizes.at(axis);
        }
        switch (column.kind) {
            case Kind::numbers:
                group.put(column.name, hdf5::Type::float64, axes,
                          padded(column.numbers, width, nan));
                break;
            case Kind::whole_numbers:
                group.put(column.name, hdf5::Type::int64, axes,
                          padded(column.whole, width, whole_padding));
                if (!column.meaning.axes.empty()) {
                    group.describe(column.name, "padding", std::to_string(whole_padding));
                }
                break;
            case Kind::texts:
                group.put(column.name, hdf5::Type::string, axes, column.texts);
                break;
        }
        group.describe(column.name, "long_name", column.meaning.text);
        if (!coordinates.empty()) {
            group.describe(column.name, "coordinates", coordinates);
        }
    }
}

hdf5::Extents TableReader::inner_extents(const char* name, const Meaning& meaning) const {
    std::vector<std::string> axes = {"row"};
    axes.insert(axes.end(), meaning.axes.begin(), meaning.axes.end());
    const hdf5::Extents extents = rows_.group().extents(name, axes);
    if (extents[0] != rows_.rows()) {
        throw file_error(fmt::format("{}: has {} rows instead of {}", rows_.group().where(name),
                                     extents[0], rows_.rows()));
    }
    return {extents.begin() + 1, extents.end()};
}

TableReader::Loaded TableReader::load_numbers(const char* name, const Meaning& meaning) const {
    const hdf5::Extents inner = inner_extents(name, meaning);
    Loaded column;
    column.known = true;
    column.width = *hdf5::byte_count(inner, 1);
    column.open =
        std::any_of(meaning.axes.begin(), meaning.axes.end(),
                    [](const std::string& axis) { return axis != "unit" && axis != "part"; });
    column.numbers = rows_.numbers(name, inner);
    return column;
}

TableReader::Loaded TableReader::load_whole(const char* name, const Meaning& meaning) const {
    const hdf5::Extents inner = inner_extents(name, meaning);
    Loaded column;
    column.known = true;
    column.width = *hdf5::byte_count(inner, 1);
    column.whole = rows_.integers(name, inner);
    return column;
}

TableReader::Loaded TableReader::load_texts(const char* name) const {
    Loaded column;
    column.known = true;
    column.texts = rows_.strings(name);
    return column;
}

int TableReader::whole_number(const char* name, std::int64_t value) const {
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
        throw file_error(fmt::format("{}: {} is too large", rows_.group().where(name), value));
    }
    return static_cast<int>(value);
}

void TableReader::unknown_value(const char* name, const std::string& value) const {
    throw file_error(fmt::format("{}: unknown value \"{}\"", rows_.group().where(name), value));
}

}  // namespace shoal
