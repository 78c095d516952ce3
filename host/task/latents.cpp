// SPDX-License-Identifier: MIT
#include "task/latents.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.hpp"

namespace shoal {
namespace {

/// Splits off the text up to `separator`.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view head = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return head;
}

std::optional<double> number(std::string_view text) {
    double value = 0.0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

LatentClasses parse_digits(std::string_view csv, const std::string& source) {
    LatentClasses classes;
    int line_number = 0;
    while (!csv.empty()) {
        std::string_view line = take(csv, '\n');
        ++line_number;
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        if (line_number == 1) {
            if (line != "digit,u1,u2") {
                throw file_error(
                    fmt::format("{}:1: the first line must be the header digit,u1,u2", source));
            }
            continue;
        }
        if (line.empty()) {
            continue;
        }
        const auto digit = number(take(line, ','));
        const auto u1 = number(take(line, ','));
        const auto u2 = number(line);
        if (!digit || !u1 || !u2 || *digit < 0 || *digit > 9 || *digit != std::floor(*digit)) {
            throw file_error(fmt::format(
                "{}:{}: expected digit,u1,u2 with a digit 0 to 9 and two finite numbers", source,
                line_number));
        }
        if (*digit <= 1) {
            classes.rows[static_cast<std::size_t>(*digit)].push_back({*u1, *u2});
        }
    }
    for (std::size_t digit = 0; digit < 2; ++digit) {
        const auto& rows = classes.rows[digit];
        if (rows.empty()) {
            throw file_error(fmt::format("{}: has no row of digit {}", source, digit));
        }
        for (const Latent& row : rows) {
            classes.mean[digit][0] += row[0] / static_cast<double>(rows.size());
            classes.mean[digit][1] += row[1] / static_cast<double>(rows.size());
        }
    }
    return classes;
}

}  // namespace shoal
