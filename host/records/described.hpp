// SPDX-License-Identifier: MIT
// How a record says what it holds, once, for checkpoints, HDF5 files and tables.
//
// A record type R has, beside its definition,
//   template <class Record, class Visit>        // Record: R or const R
//   void describe(Record& record, Visit&& visit) {
//       visit("period", record.period, Meaning{"period of the cycle, time"});
//       visit("multipliers", record.multipliers,
//             Meaning{"Floquet multipliers", {"multiplier", "part"}});
//   }
// which visits every member once; record_type<R>() (fields.hpp) is what it says, as a table. Fields
// are double, int, bool, std::string, std::vector<double>, std::vector<int>, an enumeration with
// rows_of (core/names.hpp), another record, a list of records (std::vector<R>), or a record that
// may be absent (std::shared_ptr<const R>). Those that checkpoints alone keep may be std::int64_t,
// std::uint32_t and std::vector<float>, too.
#pragma once

#include <string>
#include <vector>

namespace shoal {

/// How HDF5 files keep a field.
enum class Kept {
    /// As a dataset of its name; a list as a table of its name with one row a record.
    plainly,
    in_a_byte,  ///< a truth as int8, 0 where nothing is known; others are int64 and -1 there
    as_truths,  ///< places along the field's axis, as one truth in a byte each
    /// A list by datasets beside those of the record that has it, along the list's axis; a dataset
    /// of the list's name has how many there are.
    beside,
    apart  ///< a list that stands where its writer puts it
};

struct Meaning {
    const char* text;  ///< in words, with units; empty: the name says it
    /// Axes of a vector, outermost first. "unit" has the network's length, "part" (re, im) length 2
    /// and "time" that of speed_times (time_axes.hpp); at most one other axis, whose length may
    /// differ between records. Of a list its own axis.
    std::vector<std::string> axes = {};
    Kept kept = Kept::plainly;
};

/// "of each run: 0 memory, 1 conclusion, 2 random": the text of a field with one value of an
/// enumeration a run, as a whole number.
template <class Enumeration>
const char* of_each_run() {
    static const std::string text = [] {
        std::string words;
        for (const Enumeration value : enumerators(Enumeration{})) {
            words += words.empty() ? "of each run: " : ", ";
            words += std::to_string(static_cast<int>(value)) + " " + name_of(value);
        }
        return words;
    }();
    return text.c_str();
}

}  // namespace shoal
