// SPDX-License-Identifier: MIT
#include "config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"

namespace shoal {
namespace {

constexpr std::size_t told = 40;

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

Problems::Problems(std::string source, std::vector<std::string> overrides)
    : source_(std::move(source)), overrides_(std::move(overrides)) {}

void Problems::add(const Place& place, std::string_view what, std::string_view right,
                   ExitCode code) {
    found_.insert({place, fmt::format("{}; {}", what, right), code});
}

std::string Problems::where(const Place& place) const {
    if (place.override_index >= 0) {
        return "--set " + shown(overrides_[static_cast<std::size_t>(place.override_index)]);
    }
    return fmt::format("{}:{}:{}", source_, place.line, place.column);
}

void Problems::throw_if_any() const {
    if (found_.empty()) {
        return;
    }
    std::string message;
    ExitCode code = ExitCode::file;
    std::size_t lines = 0;
    for (const Found& found : found_) {
        if (found.code == ExitCode::usage) {
            code = ExitCode::usage;
        }
        if (lines < told) {
            message +=
                fmt::format("{}{}: {}", lines == 0 ? "" : "\n", where(found.place), found.text);
        } else if (lines == told) {
            message +=
                fmt::format("\n{}: and {} more problems from here on; mend those above first",
                            where(found.place), found_.size() - told);
        }
        ++lines;
    }
    throw Error(code, message);
}

std::string shown(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::size_t end = std::min(longest, text.size());
    // Not in the middle of a UTF-8 sequence.
    while (end > 0 && end < text.size() &&
           (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) {
        --end;
    }
    std::string out = printable(text.substr(0, end));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '\t' || c == '\n'; }, '?');
    return out + (end < text.size() ? "..." : "");
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
    if (text.size() > 60) {
        return "";
    }
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(text, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace shoal
