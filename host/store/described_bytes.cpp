// SPDX-License-Identifier: MIT
#include "store/described_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <string>

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

}  // namespace

void put_fields(ByteWriter& out, const RecordType& type, const void* record) {
    for (const Field& field : type.fields) {
        switch (field.type) {
            case FieldType::truth:
                out.put(field.of<bool>(record));
                break;
            case FieldType::whole:
                out.put(field.of<int>(record));
                break;
            case FieldType::count:
                out.put(field.of<std::uint32_t>(record));
                break;
            case FieldType::long_whole:
                out.put(field.of<std::int64_t>(record));
                break;
            case FieldType::number:
                out.put(field.of<double>(record));
                break;
            case FieldType::text:
                out.put(field.of<std::string>(record));
                break;
            case FieldType::value:
                out.put(number_of(field, record));
                break;
            case FieldType::wholes:
                out.put(field.of<std::vector<int>>(record));
                break;
            case FieldType::numbers:
                out.put(field.of<std::vector<double>>(record));
                break;
            case FieldType::floats:
                out.put(field.of<std::vector<float>>(record));
                break;
            case FieldType::record:
                put_fields(out, *field.inner, field.in(record));
                break;
            case FieldType::optional_record:
            case FieldType::records:
                put_held(out, field, record);
                break;
        }
    }
}

void get_fields(ByteReader& in, const RecordType& type, void* record) {
    for (const Field& field : type.fields) {
        switch (field.type) {
            case FieldType::truth:
                field.of<bool>(record) = in.get<bool>();
                break;
            case FieldType::whole:
                field.of<int>(record) = in.get<int>();
                break;
            case FieldType::count:
                field.of<std::uint32_t>(record) = in.get<std::uint32_t>();
                break;
            case FieldType::long_whole:
                field.of<std::int64_t>(record) = in.get<std::int64_t>();
                break;
            case FieldType::number:
                field.of<double>(record) = in.get<double>();
                break;
            case FieldType::text:
                field.of<std::string>(record) = in.get_text();
                break;
            case FieldType::value:
                get_value(in, field, record);
                break;
            case FieldType::wholes:
                field.of<std::vector<int>>(record) = in.get_vector<int>();
                break;
            case FieldType::numbers:
                field.of<std::vector<double>>(record) = in.get_vector<double>();
                break;
            case FieldType::floats:
                field.of<std::vector<float>>(record) = in.get_vector<float>();
                break;
            case FieldType::record:
                get_fields(in, *field.inner, field.in(record));
                break;
            case FieldType::optional_record:
            case FieldType::records:
                get_held(in, field, record);
                break;
        }
    }
}

}  // namespace shoal
