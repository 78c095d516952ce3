// SPDX-License-Identifier: MIT
// Mistakes in a configuration, collected so that all of them are told at once.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/error.hpp"

namespace shoal {

/// Where a piece of a configuration was written; line and column count from 1.
struct Place {
    int override_index = -1;  ///< -1: the file; else the number of the --set override
    int line = 1;
    int column = 1;
    auto operator<=>(const Place&) const = default;
};

class Problems {
  public:
    /// `source` names the file in messages; `overrides` are the --set texts. Both are copied.
    Problems(std::string source, std::vector<std::string> overrides);

    /// Adds one problem. The same text at the same place is told once.
    void add(const Place& place, std::string_view what, std::string_view right,
             ExitCode code = ExitCode::usage);
    std::size_t count() const { return found_.size(); }
    /// "file:line:column", or "--set key=value".
    std::string where(const Place& place) const;
    /// Throws every problem as one Error, in the order of the text; a usage error if any of them is
    /// one, else a file error. Beyond the first 40 only their number is told.
    void throw_if_any() const;

  private:
    std::string source_;
    std::vector<std::string> overrides_;
    struct Found {
        Place place;
        std::string text;
        ExitCode code;
        bool operator<(const Found& other) const {
            return std::tie(place, text) < std::tie(other.place, other.text);
        }
    };
    std::set<Found> found_;
};

/// User text made safe for a message: control characters as '?', cut after 60 characters.
std::string shown(std::string_view text);

/// The candidate most like `text` by edit distance, or "" if none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

/// "a, b, c".
std::string joined(const std::vector<std::string>& words);

}  // namespace shoal
