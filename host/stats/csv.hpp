// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace shoal {

struct PopulationRow;

/// One line of CSV, fields quoted where RFC 4180 asks for it.
class CsvLine {
  public:
    CsvLine& text(std::string_view field) {
        separate();
        if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
            line_ += field;
            return *this;
        }
        line_ += '"';
        for (const char c : field) {
            line_ += c;
            if (c == '"') {
                line_ += '"';
            }
        }
        line_ += '"';
        return *this;
    }
    /// Shortest text that reads back as the same double; NaN is an empty field.
    CsvLine& number(double value) {
        return text(std::isnan(value) ? std::string() : fmt::format("{}", value));
    }
    CsvLine& integer(std::int64_t value) { return text(fmt::format("{}", value)); }
    /// Negative numbers stand for "none" in the records.
    CsvLine& integer_if_known(std::int64_t value) { return value < 0 ? text("") : integer(value); }
    CsvLine& boolean(bool value) { return text(value ? "true" : "false"); }
    CsvLine& empty(std::size_t fields) {
        for (std::size_t i = 0; i < fields; ++i) {
            text("");
        }
        return *this;
    }
    std::string end() { return line_ + '\n'; }

  private:
    void separate() {
        if (!first_) {
            line_ += ',';
        }
        first_ = false;
    }
    std::string line_;
    bool first_ = true;
};

/// A column of population.csv: its name, and what adds a network's field to the line.
struct CsvColumn {
    std::string name;
    std::function<void(CsvLine& line, const PopulationRow& row)> add;
};

}  // namespace shoal
