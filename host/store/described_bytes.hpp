// SPDX-License-Identifier: MIT
// Records in checkpoint files, field by field as they describe themselves (described.hpp).
#pragma once

#include "records/fields.hpp"
#include "store/bytes.hpp"

namespace shoal {

void put_fields(ByteWriter& out, const RecordType& type, const void* record);
/// `record` is as a new one is. A value that it cannot have is a file error.
void get_fields(ByteReader& in, const RecordType& type, void* record);

template <class Record>
void put_record(ByteWriter& out, const Record& record) {
    put_fields(out, record_type<Record>(), &record);
}
template <class Record>
void get_record(ByteReader& in, Record& record) {
    get_fields(in, record_type<Record>(), &record);
}

}  // namespace shoal
