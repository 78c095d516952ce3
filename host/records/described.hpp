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
// Fields are double, int, bool, std::string, std::vector<double>, std::vector<int>, or an
// enumeration E with name_of(E) and enumerators(E), a span of all its values.
#pragma once

#include <string>
#include <vector>

namespace shoal {

struct Meaning {
    const char* text;  ///< in words, with units
    /// Axes of a vector field, outermost first. "unit" has the network's length and "part" (re, im)
    /// length 2; at most one other axis, whose length may differ between records.
    std::vector<std::string> axes = {};
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
