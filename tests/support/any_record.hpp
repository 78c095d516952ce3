// SPDX-License-Identifier: MIT
// Records of any type that describes itself: filled, compared, and as bytes.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "records/fields.hpp"
#include "records/time_axes.hpp"
#include "store/described_bytes.hpp"

namespace shoal::test {

template <class Record>
std::vector<std::byte> bytes_of(const Record& record) {
    ByteWriter out;
    put_record(out, record);
    return out.take();
}

/// Whether both have the same bits, NaN included; if not, it names the fields that differ.
template <class Record>
testing::AssertionResult same_record(const Record& a, const Record& b) {
    std::string names;
    for (const Field& field : record_type<Record>().fields) {
        ByteWriter of_a, of_b;
        put_fields(of_a, RecordType{{field}}, &a);
        put_fields(of_b, RecordType{{field}}, &b);
        names += of_a.bytes() == of_b.bytes() ? "" : " " + field.name;
    }
    return names.empty() ? testing::AssertionSuccess()
                         : testing::AssertionFailure() << "these differ:" << names;
}

/// Gives every field a value of its own.
class Fill {
  public:
    /// Axes are as long as networks with `units` units have them; those of free length have
    /// rows + 1 entries, and lists `rows` records.
    Fill(int units, int rows)
        : units_(static_cast<std::size_t>(units)), rows_(static_cast<std::size_t>(rows)) {}

    template <class Record>
    void fill(Record& record) {
        fill(record_type<Record>(), &record);
    }

  private:
    void fill(const RecordType& type, void* record) {
        for (const Field& field : type.fields) {
            ++next_;
            fill(field, record);
        }
    }
    void fill(const Field& field, void* record) {
        if (field.type == FieldType::value) {
            std::memcpy(field.in(record), &field.values.back().value, sizeof(int));
        } else if (field.type == FieldType::record) {
            fill(*field.inner, field.in(record));
        } else if (field.inner != nullptr) {
            const std::size_t count = field.type == FieldType::optional_record ? 1 : rows_;
            for (std::size_t i = 0; i < count; ++i) {
                fill(*field.inner, field.add(field.in(record)));
            }
        } else {
            visit_plain(field, record, [&](auto& member) { set(field, member); });
        }
    }
    template <class Number>
    requires std::is_arithmetic_v<Number>
    void set(const Field&, Number& member) { member = static_cast<Number>(next_); }
    void set(const Field&, bool& member) { member = next_ % 2 == 1; }
    void set(const Field& field, std::string& member) {
        member = field.name + " " + std::to_string(next_);
    }
    void set(const Field& field, std::vector<float>& member) { count_up(field, member); }
    void set(const Field& field, std::vector<double>& member) {
        count_up(field, member);
        if (field.meaning.axes == std::vector<std::string>{"unit"}) {
            member.back() = std::numeric_limits<double>::quiet_NaN();  // of one unit
        }
    }
    void set(const Field& field, std::vector<int>& values) {
        if (field.meaning.kept == Kept::as_truths) {
            values = {static_cast<int>(rows_) - 1};
            return;
        }
        count_up(field, values);
        values.back() = -1;  // a value like any other
    }
    template <class Value>
    void count_up(const Field& field, std::vector<Value>& values) {
        std::size_t size = 1;
        for (const std::string& axis : field.meaning.axes) {
            size *= axis == "unit"   ? units_
                    : axis == "part" ? 2
                    : axis == "time" ? speed_times.size()
                                     : rows_ + 1;
        }
        for (std::size_t i = 0; i < size; ++i) {
            values.push_back(static_cast<Value>(next_ + static_cast<int>(i)));
        }
    }

    std::size_t units_;
    std::size_t rows_;
    int next_ = 0;
};

}  // namespace shoal::test
