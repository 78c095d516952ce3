// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

using Latent = std::array<double, 2>;

/// Two stimulus classes of 2-D latents: rows to draw from, and their means.
struct LatentClasses {
    std::array<std::vector<Latent>, 2> rows;
    std::array<Latent, 2> mean{};
};

/// Text of configs/data/digits.csv, built into the program.
std::string_view built_in_digits();

/// Rows of digits 0 and 1 of a CSV `digit,u1,u2`. `source` names it in file errors.
LatentClasses parse_digits(std::string_view csv, const std::string& source);

}  // namespace shoal
