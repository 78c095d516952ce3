// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/error.hpp"

namespace shoal {

/// A configuration that uses most keys, with four rows.
inline const std::string four_rows = R"(name: four
seed: 7
network: {units: 40, cell: rate, tau: 2.0, dt: 0.5, gain: 1.1, density: 0.5, init: uniform}
task:
  kind: sequential-sum
  source: gaussians
  codes: [1.0, 0.5, 1.5]
  durations: {stimulus1: 4, delay1: 3, stimulus2: 4, delay2: 3, response: 2}
  gaussians: {means: [[-0.5, -1.5], [-0.3, 0.6]], std: 0.3}
training: {method: force, trials: 20, alpha: 0.5, error: everywhere}
sweep:
  network.gain: [0.8, 1.2]
  replicate: [3, 1]
analysis: {level: first, rule_a: yes}
)";

inline Config parse(std::string_view text, const std::vector<std::string>& overrides = {}) {
    return parse_config(text, "x.yaml", "/nowhere", overrides);
}

/// What parsing throws; nothing if it loads.
inline std::optional<Error> error_of(std::string_view text,
                                     const std::vector<std::string>& overrides = {}) {
    try {
        parse(text, overrides);
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// Whether a line of a message reads "x.yaml:<line>:<column>: what; what would be right".
inline bool has_form(std::string_view line) {
    const auto take = [&](std::string_view text) {
        const bool there = line.starts_with(text);
        line.remove_prefix(there ? text.size() : 0);
        return there;
    };
    const auto take_number = [&] {
        const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
        line.remove_prefix(digits);
        return digits > 0;
    };
    if (!take("x.yaml:") || !take_number() || !take(":") || !take_number() || !take(": ")) {
        return false;
    }
    const std::size_t semicolon = line.find("; ");
    return semicolon != std::string_view::npos && semicolon > 0 && semicolon + 2 < line.size();
}

/// Whether every network of two configurations is the same, field by field.
inline bool same_networks(const Config& a, const Config& b) {
    bool same = a.networks.size() == b.networks.size();
    for (std::size_t i = 0; same && i < a.networks.size(); ++i) {
        const NetworkSpec& x = a.networks[i];
        const NetworkSpec& y = b.networks[i];
        same = x.seed == y.seed && x.replicate == y.replicate && x.network == y.network &&
               x.task == y.task && x.training == y.training && x.swept == y.swept &&
               x.uid == y.uid && x.position == y.position;
    }
    return same;
}

}  // namespace shoal
