// SPDX-License-Identifier: MIT
#include "cli/weights_sources.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <tuple>

#include "cli/weights_order.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace shoal {
namespace {

void require_same_shape(const WeightsFile& first, const std::string& first_path,
                        const WeightsFile& other, const std::string& other_path) {
    const auto shape = [](const WeightsFile& file) {
        return std::tuple(file.units, file.inputs, file.outputs, file.cell, file.tau, file.dt);
    };
    if (shape(first) != shape(other)) {
        throw usage_error(fmt::format(
            "--weights: {} and {} differ in units, inputs, outputs, cell, tau or dt; analyse "
            "them into separate files",
            first_path, other_path));
    }
}

}  // namespace

WeightsSources::WeightsSources(const std::vector<std::string>& paths, const std::string& order)
    : paths_(paths) {
    std::set<std::filesystem::path> seen;
    std::size_t number = 0;
    for (const std::string& path : paths) {
        if (!seen.insert(std::filesystem::weakly_canonical(path)).second) {
            throw usage_error(fmt::format("--weights: {} is given twice", path));
        }
        files_.push_back(weights_of(path, order));
        const WeightsFile& file = files_.back();
        require_same_shape(files_.front(), paths.front(), file, path);
        for (int network = 0; network < file.networks; ++network, ++number) {
            for (int condition = 0; condition < file.conditions; ++condition) {
                rows_.push_back({files_.size() - 1, network, condition, number});
            }
        }
    }
}

DynamicsRows WeightsSources::names() const {
    std::set<std::string> stems;
    for (const std::string& path : paths_) {
        stems.insert(std::filesystem::path(path).stem().string());
    }
    const bool by_stem = stems.size() == paths_.size();
    DynamicsRows names;
    std::vector<std::string> own, made;
    std::set<std::string> different;
    for (std::size_t row = 0; row < size(); ++row) {
        names.networks.push_back(network_of(row));
        names.conditions.push_back(condition_of(row));
        const auto& uids = file_of(row).uids;
        if (!uids.empty()) {
            own.push_back(uids[static_cast<std::size_t>(network_of(row))]);
            different.insert(own.back());
        }
        const std::filesystem::path path(path_of(row));
        made.push_back(
            fmt::format("{}/{}", by_stem ? path.stem().string() : path.string(), network_of(row)));
    }
    const bool all_own = own.size() == size() && different.size() == rows_.back().number + 1;
    names.uids = paths_.size() == 1 || all_own ? own : made;
    return names;
}

std::string WeightsSources::name_of(std::size_t row, const DynamicsRows& names) const {
    std::string name = fmt::format("network {}", rows_[row].number);
    if (!names.uids.empty()) {
        name += fmt::format(" ({})", printable(names.uids[row]));
    }
    if (file_of(row).conditions > 1) {
        name += fmt::format(", condition {}", condition_of(row));
    }
    return name;
}

}  // namespace shoal
