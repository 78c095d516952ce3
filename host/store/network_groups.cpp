// SPDX-License-Identifier: MIT
#include "store/network_groups.hpp"

#include <algorithm>
#include <memory>
#include <variant>

#include "core/error.hpp"
#include "store/exchange_files.hpp"
#include "store/population_file.hpp"

namespace shoal {
namespace {

/// Value of a swept key in one network; networks of a sweep carry all keys in the same order.
const SweepValue& swept_value(const NetworkSpec& spec, std::size_t key) {
    check(key < spec.swept.size(), "every network has every swept key");
    return spec.swept[key].second;
}

void write_swept_key(hdf5::WriteGroup& group, const Config& config, const NetworkGroup& layout,
                     std::size_t key) {
    bool whole = true;
    bool number = true;
    for (const std::size_t member : layout.members) {
        const SweepValue& value = swept_value(config.networks[member], key);
        whole = whole && std::holds_alternative<std::int64_t>(value);
        number = number && (std::holds_alternative<std::int64_t>(value) ||
                            std::holds_alternative<double>(value));
    }
    std::vector<std::int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string> texts;
    for (const std::size_t member : layout.members) {
        const SweepValue& value = swept_value(config.networks[member], key);
        if (whole) {
            integers.push_back(std::get<std::int64_t>(value));
        } else if (number) {
            const auto* integer = std::get_if<std::int64_t>(&value);
            numbers.push_back(integer ? static_cast<double>(*integer) : std::get<double>(value));
        } else {
            texts.push_back(to_string(value));
        }
    }
    const std::string& name = config.swept_keys[key];
    if (whole) {
        group.put(name, hdf5::Type::int64, {"network"}, integers);
    } else if (number) {
        group.put(name, hdf5::Type::float64, {"network"}, numbers);
    } else {
        group.put(name, hdf5::Type::string, {"network"}, texts);
    }
}

}  // namespace

std::vector<NetworkGroup> network_groups(const Config& config) {
    std::vector<NetworkGroup> groups;
    for (std::size_t i = 0; i < config.networks.size(); ++i) {
        const NetworkSpec& spec = config.networks[i];
        const auto task = shared_task(spec);
        const TaskShape shape = task->shape();
        int same_size = 0;
        NetworkGroup* home = nullptr;
        for (NetworkGroup& group : groups) {
            if (group.units == spec.network.units && group.cell == spec.network.cell) {
                ++same_size;
                if (group.shape == shape) {
                    home = &group;
                    break;
                }
            }
        }
        if (home == nullptr) {
            NetworkGroup group;
            group.name = "n" + std::to_string(spec.network.units);
            if (spec.network.cell != Cell{}) {
                group.name += std::string("_") + name_of(spec.network.cell);
            }
            if (same_size > 0) {
                group.name += "_" + std::to_string(same_size + 1);
            }
            group.units = spec.network.units;
            group.cell = spec.network.cell;
            group.shape = shape;
            group.output_names = task->output_names();
            groups.push_back(std::move(group));
            home = &groups.back();
        }
        home->members.push_back(i);
        if (spec.training.method == TrainingMethod::force) {
            home->conclusions = std::max(home->conclusions, static_cast<int>(task->types().size()));
            home->trials = std::max(home->trials, spec.training.trials);
        } else {
            home->conclusions = std::max(home->conclusions, task->conclusions());
            home->iterations = std::max({home->iterations, spec.training.iterations, 1});
        }
    }
    return groups;
}

std::vector<std::string> population_groups(const Config& config) {
    std::vector<std::string> names(config.networks.size());
    for (const NetworkGroup& group : network_groups(config)) {
        for (const std::size_t member : group.members) {
            names[member] = group.name;
        }
    }
    return names;
}

void write_network_axis(hdf5::WriteGroup& group, const Config& config, const NetworkGroup& layout,
                        int schema_version) {
    const NetworkConfig& first = config.networks[layout.members.front()].network;
    group.attribute("schema_version", std::int64_t{schema_version});
    group.attribute("n_units", std::int64_t{layout.units});
    group.attribute("cell", std::string(name_of(layout.cell)));
    group.attribute("tau", first.tau);
    group.attribute("dt", first.dt);
    group.attribute("seed", std::int64_t{config.seed});

    std::vector<std::string> uids;
    std::vector<std::int64_t> replicates;
    for (const std::size_t member : layout.members) {
        uids.push_back(config.networks[member].uid);
        replicates.push_back(config.networks[member].replicate);
    }
    group.dimension("network", layout.members.size());
    group.put("uid", hdf5::Type::string, {"network"}, uids);
    group.put("replicate", hdf5::Type::int64, {"network"}, replicates);
    for (std::size_t key = 0; key < config.swept_keys.size(); ++key) {
        write_swept_key(group, config, layout, key);
    }
}

std::string network_coordinates(const Config& config) {
    std::string names = "uid replicate";
    for (const std::string& key : config.swept_keys) {
        names += " " + key;
    }
    return names;
}

}  // namespace shoal
