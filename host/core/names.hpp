// SPDX-License-Identifier: MIT
// One table of value and name per enumeration.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace shoal {

template <class Enum>
struct Named {
    Enum value;
    const char* name;
};

/// Every value of an enumeration with its name, in the order in which users see them; specialised
/// beside the enumeration. Rows may be larger than Named: what else is particular to a value.
template <class Enum>
inline constexpr std::array<Named<Enum>, 0> rows_of = {};

template <class Enum>
concept HasNames = !rows_of<Enum>.empty();

template <HasNames Enum>
constexpr const auto& row_of(Enum value) {
    for (const auto& row : rows_of<Enum>) {
        if (row.value == value) {
            return row;
        }
    }
    throw std::logic_error("value outside its enumeration");
}

template <HasNames Enum>
constexpr const char* name_of(Enum value) {
    return row_of(value).name;
}

/// The value of a name, if there is one.
template <HasNames Enum>
constexpr std::optional<Enum> value_named(std::string_view name) {
    for (const auto& row : rows_of<Enum>) {
        if (name == row.name) {
            return row.value;
        }
    }
    return std::nullopt;
}

/// Every value, in the order of the rows.
template <HasNames Enum>
inline constexpr auto all_values = [] {
    std::array<Enum, rows_of<Enum>.size()> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = rows_of<Enum>[i].value;
    }
    return values;
}();
template <HasNames Enum>
constexpr std::span<const Enum> enumerators(Enum) {
    return all_values<Enum>;
}

}  // namespace shoal
