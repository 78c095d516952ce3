// SPDX-License-Identifier: MIT
#include "store/read_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace shoal {

int to_int(const hdf5::ReadGroup& file, const std::string& name, std::uint64_t extent) {
    if (extent > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
        throw file_error(fmt::format("{}: extent {} is too large", file.where(name), extent));
    }
    return static_cast<int>(extent);
}

int bounded(const hdf5::ReadGroup& file, const std::string& dataset, std::int64_t value,
            std::int64_t lowest, std::int64_t highest) {
    if (value < lowest || value > highest) {
        throw file_error(fmt::format("{}: {} is outside {} ... {}", file.where(dataset), value,
                                     lowest, highest));
    }
    return static_cast<int>(value);
}

std::vector<double> finite_numbers(const hdf5::ReadGroup& file, const std::string& name,
                                   const hdf5::Extents& expected) {
    std::vector<double> values = file.numbers(name, expected);
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](double value) { return !std::isfinite(value); });
    if (bad != values.end()) {
        throw file_error(fmt::format("{}: element {} is {}, expected finite numbers",
                                     file.where(name), bad - values.begin(), *bad));
    }
    return values;
}

void require_content(const hdf5::ReadGroup& file, const std::string& name,
                     const hdf5::Extents& extents) {
    if (std::find(extents.begin(), extents.end(), 0u) != extents.end()) {
        throw file_error(
            fmt::format("{}: is empty, shape {}", file.where(name), hdf5::to_text(extents)));
    }
}

}  // namespace shoal
