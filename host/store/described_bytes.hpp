// SPDX-License-Identifier: MIT
// Records in checkpoint files, field by field as they describe themselves (described.hpp).
#pragma once

#include <type_traits>
#include <vector>

#include "records/described.hpp"
#include "store/bytes.hpp"

namespace shoal {

template <class Record>
void put_record(ByteWriter& out, const Record& record) {
    describe(record, [&](const char*, const auto& field, const Meaning&) {
        using Field = std::decay_t<decltype(field)>;
        if constexpr (std::is_enum_v<Field>) {
            out.put(static_cast<std::int32_t>(field));
        } else {
            out.put(field);
        }
    });
}

template <class Record>
void get_record(ByteReader& in, Record& record) {
    describe(record, [&](const char*, auto& field, const Meaning&) {
        using Field = std::decay_t<decltype(field)>;
        if constexpr (std::is_enum_v<Field>) {
            field = in.get_among(enumerators(field));
        } else if constexpr (std::is_arithmetic_v<Field>) {
            field = in.get<Field>();
        } else if constexpr (std::is_same_v<Field, std::string>) {
            field = in.get_text();
        } else {
            field = in.get_vector<typename Field::value_type>();
        }
    });
}

template <class Record>
void put_records(ByteWriter& out, const std::vector<Record>& records) {
    out.put(static_cast<std::uint64_t>(records.size()));
    for (const Record& record : records) {
        put_record(out, record);
    }
}

template <class Record>
void get_records(ByteReader& in, std::vector<Record>& records) {
    for (auto count = in.get<std::uint64_t>(); count > 0; --count) {
        get_record(in, records.emplace_back());
    }
}

}  // namespace shoal
