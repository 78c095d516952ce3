// SPDX-License-Identifier: MIT
// What describe() says of a record type (described.hpp), as a table that is built once: whoever
// keeps records goes through it, so that code for files is compiled once and not for every type.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/names.hpp"
#include "records/described.hpp"

namespace shoal {

enum class FieldType {
    truth,            ///< bool
    whole,            ///< int
    count,            ///< std::uint32_t
    long_whole,       ///< std::int64_t
    number,           ///< double
    text,             ///< std::string
    value,            ///< an enumeration
    wholes,           ///< std::vector<int>
    numbers,          ///< std::vector<double>
    floats,           ///< std::vector<float>
    record,           ///< another record
    optional_record,  ///< std::shared_ptr<const R>
    records           ///< std::vector<R>
};

struct RecordType;

/// A member of a record. Functions take the record that it is a member of.
struct Field {
    std::string name;
    Meaning meaning;
    FieldType type = FieldType::truth;
    std::ptrdiff_t offset = 0;                           ///< bytes from the record's begin
    void (*copy)(void* to, const void* from) = nullptr;  ///< members
    /// Enumerations: all values, with their names.
    std::vector<Named<int>> values = {};
    /// record, optional_record, records: what it holds; of the last two how many there are (of an
    /// optional one 0 or 1), each of them, and a new one at the end. What is optional never changes
    /// once it is there.
    const RecordType* inner = nullptr;
    std::size_t (*count)(const void* member) = nullptr;
    const void* (*at)(const void* member, std::size_t index) = nullptr;
    void* (*change_at)(void* member, std::size_t index) = nullptr;
    void* (*add)(void* member) = nullptr;

    const void* in(const void* record) const {
        return static_cast<const std::byte*>(record) + offset;
    }
    void* in(void* record) const { return static_cast<std::byte*>(record) + offset; }
    template <class T>
    const T& of(const void* record) const {
        return *static_cast<const T*>(in(record));
    }
    template <class T>
    T& of(void* record) const {
        return *static_cast<T*>(in(record));
    }
    /// Of an enumeration: the name of the value that the record has.
    const char* name_of_value(const void* record) const {
        int value = 0;
        std::memcpy(&value, in(record), sizeof value);
        for (const Named<int>& known : values) {
            if (known.value == value) {
                return known.name;
            }
        }
        throw std::logic_error("value outside its enumeration");
    }
};

struct RecordType {
    std::vector<Field> fields;  ///< in the order of describe()
};

template <class Record>
const RecordType& record_type();

namespace fields_detail {

template <class T>
struct OfType {
    static constexpr FieldType value = std::is_enum_v<T> ? FieldType::value : FieldType::record;
};
template <FieldType type>
struct Is {
    static constexpr FieldType value = type;
};
template <>
struct OfType<bool> : Is<FieldType::truth> {};
template <>
struct OfType<int> : Is<FieldType::whole> {};
template <>
struct OfType<std::uint32_t> : Is<FieldType::count> {};
template <>
struct OfType<std::int64_t> : Is<FieldType::long_whole> {};
template <>
struct OfType<double> : Is<FieldType::number> {};
template <>
struct OfType<std::string> : Is<FieldType::text> {};
template <>
struct OfType<std::vector<int>> : Is<FieldType::wholes> {};
template <>
struct OfType<std::vector<double>> : Is<FieldType::numbers> {};
template <>
struct OfType<std::vector<float>> : Is<FieldType::floats> {};
template <class R>
struct OfType<std::shared_ptr<const R>> : Is<FieldType::optional_record> {};
template <class R>
struct OfType<std::vector<R>> : Is<FieldType::records> {};

template <class T>
void set_contents(Field& field, const T*) {
    if constexpr (std::is_enum_v<T>) {
        static_assert(std::is_same_v<std::underlying_type_t<T>, int>);
        for (const auto& row : rows_of<T>) {
            field.values.push_back({static_cast<int>(row.value), row.name});
        }
    } else if constexpr (OfType<T>::value == FieldType::record) {
        field.inner = &record_type<T>();
    }
}
template <class R>
void set_contents(Field& field, const std::vector<R>*) {
    if constexpr (OfType<std::vector<R>>::value == FieldType::records) {
        using List = std::vector<R>;
        field.inner = &record_type<R>();
        field.count = [](const void* list) { return static_cast<const List*>(list)->size(); };
        field.at = [](const void* list, std::size_t index) -> const void* {
            return &(*static_cast<const List*>(list))[index];
        };
        field.change_at = [](void* list, std::size_t index) -> void* {
            return &(*static_cast<List*>(list))[index];
        };
        field.add = [](void* list) -> void* { return &static_cast<List*>(list)->emplace_back(); };
    }
}
template <class R>
void set_contents(Field& field, const std::shared_ptr<const R>*) {
    using Pointer = std::shared_ptr<const R>;
    field.inner = &record_type<R>();
    field.count = [](const void* member) {
        return std::size_t{*static_cast<const Pointer*>(member) != nullptr};
    };
    field.at = [](const void* member, std::size_t) -> const void* {
        return static_cast<const Pointer*>(member)->get();
    };
    field.add = [](void* member) -> void* {
        const auto made = std::make_shared<R>();
        *static_cast<Pointer*>(member) = made;
        return made.get();
    };
}

struct Anything {
    template <class T>
    operator T() const;
};

/// How many members an aggregate has: as many as can be given initial values.
template <class Record, class... Found>
constexpr std::size_t members_of() {
    if constexpr (requires { Record{Found{}..., Anything{}}; }) {
        return members_of<Record, Found..., Anything>();
    } else {
        return sizeof...(Found);
    }
}

}  // namespace fields_detail

/// What R says of itself; check: it describes every member.
template <class Record>
const RecordType& record_type() {
    static const RecordType type = [] {
        const Record record{};
        RecordType made;
        describe(record, [&](const char* name, const auto& member, Meaning meaning) {
            using Member = std::decay_t<decltype(member)>;
            Field field;
            field.name = name;
            field.meaning = std::move(meaning);
            field.type = fields_detail::OfType<Member>::value;
            field.offset = reinterpret_cast<const std::byte*>(&member) -
                           reinterpret_cast<const std::byte*>(&record);
            field.copy = [](void* to, const void* from) {
                *static_cast<Member*>(to) = *static_cast<const Member*>(from);
            };
            fields_detail::set_contents(field, &member);
            made.fields.push_back(std::move(field));
        });
        check(made.fields.size() == fields_detail::members_of<Record>(),
              "a record that describes every member");
        return made;
    }();
    return type;
}

/// visit(member), for a member that is neither an enumeration nor has records in it. `Record` is
/// void or const void, and so is the member.
template <class Record, class Visit>
void visit_plain(const Field& field, Record* record, const Visit& visit) {
    switch (field.type) {
        case FieldType::truth:
            return visit(field.of<bool>(record));
        case FieldType::whole:
            return visit(field.of<int>(record));
        case FieldType::count:
            return visit(field.of<std::uint32_t>(record));
        case FieldType::long_whole:
            return visit(field.of<std::int64_t>(record));
        case FieldType::number:
            return visit(field.of<double>(record));
        case FieldType::text:
            return visit(field.of<std::string>(record));
        case FieldType::wholes:
            return visit(field.of<std::vector<int>>(record));
        case FieldType::numbers:
            return visit(field.of<std::vector<double>>(record));
        case FieldType::floats:
            return visit(field.of<std::vector<float>>(record));
        default:
            check(false, "a plain member");
    }
}

/// The field of that name; check: there is one.
template <class Record>
const Field& field_named(std::string_view name) {
    const std::vector<Field>& fields = record_type<Record>().fields;
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    check(found != fields.end(), "a field of its record");
    return *found;
}

/// All fields but those of these names.
template <class Record>
std::vector<Field> fields_without(std::initializer_list<std::string_view> names) {
    std::vector<Field> others = record_type<Record>().fields;
    for (const std::string_view name : names) {
        std::erase_if(others, [&](const Field& field) { return field.name == name; });
    }
    return others;
}

}  // namespace shoal
