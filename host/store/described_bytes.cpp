// SPDX-License-Identifier: MIT
#include "store/described_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

namespace shoal {
namespace {

/// An enumeration's value as the whole number that it is stored as.
std::int32_t number_of(const Field& field, const void* record) {
    std::int32_t number = 0;
    std::memcpy(&number, field.in(record), sizeof number);
    return number;
}

void get_value(ByteReader& in, const Field& field, void* record) {
    const auto number = in.get<std::int32_t>();
    if (std::none_of(field.values.begin(), field.values.end(),
                     [&](const Named<int>& known) { return known.value == number; })) {
        throw file_error(ByteReader::unknown_value);
    }
    std::memcpy(field.in(record), &number, sizeof number);
}

void put_held(ByteWriter& out, const Field& field, const void* record) {
    const void* member = field.in(record);
    const std::size_t count = field.count(member);
    if (field.type == FieldType::optional_record) {
        out.put(count == 1);
    } else {
        out.put(static_cast<std::uint64_t>(count));
    }
    for (std::size_t i = 0; i < count; ++i) {
        put_fields(out, *field.inner, field.at(member, i));
    }
}

void get_held(ByteReader& in, const Field& field, void* record) {
    const bool optional = field.type == FieldType::optional_record;
    for (auto count = optional ? in.get<bool>() : in.get<std::uint64_t>(); count > 0; --count) {
        get_fields(in, *field.inner, field.add(field.in(record)));
    }
}

/// A member without records in it.
template <class Member>
void get_plain(ByteReader& in, Member& member) {
    if constexpr (std::is_arithmetic_v<Member>) {
        member = in.get<Member>();
    } else if constexpr (std::is_same_v<Member, std::string>) {
        member = in.get_text();
    } else {
        member = in.get_vector<typename Member::value_type>();
    }
}

}  // namespace

void put_fields(ByteWriter& out, const RecordType& type, const void* record) {
    for (const Field& field : type.fields) {
        if (field.type == FieldType::value) {
            out.put(number_of(field, record));
        } else if (field.type == FieldType::record) {
            put_fields(out, *field.inner, field.in(record));
        } else if (field.inner != nullptr) {
            put_held(out, field, record);
        } else {
            visit_plain(field, record, [&](const auto& member) { out.put(member); });
        }
    }
}

void get_fields(ByteReader& in, const RecordType& type, void* record) {
    for (const Field& field : type.fields) {
        if (field.type == FieldType::value) {
            get_value(in, field, record);
        } else if (field.type == FieldType::record) {
            get_fields(in, *field.inner, field.in(record));
        } else if (field.inner != nullptr) {
            get_held(in, field, record);
        } else {
            visit_plain(field, record, [&](auto& member) { get_plain(in, member); });
        }
    }
}

}  // namespace shoal
