// SPDX-License-Identifier: MIT
// Populations, records and a folder for the tests of host/store.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/random.hpp"
#include "store/population_file.hpp"
#include "temporary_folder.hpp"

namespace shoal::test {

/// Standard normals that depend on (stream, index) alone.
inline double draw(std::uint32_t stream, std::uint32_t index) {
    return standard_normal(random_bits({1, stream}, Purpose::test, 0, 0, index));
}

inline std::vector<double> draws(std::uint32_t stream, std::size_t count) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = draw(stream, static_cast<std::uint32_t>(i));
    }
    return values;
}

/// Rounded to float, so that fp32 storage keeps every bit.
inline std::vector<double> float_draws(std::uint32_t stream, std::size_t count) {
    std::vector<double> values = draws(stream, count);
    for (double& value : values) {
        value = static_cast<double>(static_cast<float>(value));
    }
    return values;
}

using Folder = TemporaryFolder;

inline NetworkSpec spec_of(int units, Cell cell, double gain, std::uint32_t replicate) {
    NetworkSpec spec;
    spec.replicate = replicate;
    spec.network.units = units;
    spec.network.cell = cell;
    spec.network.gain = gain;
    spec.training.trials = 6;
    spec.swept = {{"network.units", std::int64_t{units}},
                  {"network.gain", gain},
                  {"network.cell", std::string(name_of(cell))}};
    spec.uid = hex16(hash64(std::to_string(units) + name_of(cell) + std::to_string(gain) + "/" +
                            std::to_string(replicate)));
    return spec;
}

/// Two sizes and two cells. n7: two gains and two replicates, matrices shared by the gains;
/// n5_rate: one gain, nothing shared; the middle network of n7 is pending.
inline Config small_population() {
    Config config;
    config.swept_keys = {"network.units", "network.gain", "network.cell"};
    for (const double gain : {0.8, 1.25}) {
        for (const std::uint32_t replicate : {0u, 1u}) {
            config.networks.push_back(spec_of(7, Cell::current, gain, replicate));
            if (gain < 1.0) {
                config.networks.push_back(spec_of(5, Cell::rate, gain, replicate));
            }
        }
    }
    return config;
}

/// A record of the population above: the first network diverged, the third is pending.
inline std::optional<TrainedNetwork> record_of(const Config& config, const NetworkSpec& spec) {
    std::size_t i = 0;
    while (config.networks[i].uid != spec.uid) {
        ++i;
    }
    if (i == 2) {
        return std::nullopt;
    }
    const auto units = static_cast<std::size_t>(spec.network.units);
    const auto stream = static_cast<std::uint32_t>(10 * i);
    TrainedNetwork record;
    record.uid = spec.uid;
    record.status = i == 0 ? Status::diverged : Status::trained;
    record.trials_done = i == 0 ? 3 : 6;
    record.diverged_step = i == 0 ? 1234 : -1;
    record.readout = float_draws(stream, 3 * units);
    record.state = float_draws(stream + 1, units);
    for (int k = 0; k < 3 * record.trials_done; ++k) {
        record.error_curve.push_back(
            static_cast<float>(draw(stream + 2, 100u + static_cast<std::uint32_t>(k))));
    }
    if (i != 0) {
        record.conclusions = float_draws(stream + 3, 4 * units);
        record.acceptance = {
            i % 2 == 1, true, 0.01 * static_cast<double>(i), 0.0125, {0.5, 0.25, 1.0 / 3.0, 0.0}};
    }
    return record;
}

/// Runs Python with xarray, h5py and numpy (packages of Debian); 0 if the script succeeds.
inline int python(const std::string& script, const std::string& arguments) {
    return std::system(
        ("/usr/bin/python3 " SHOAL_SOURCE_DIR "/tests/cli/" + script + " " + arguments).c_str());
}

/// Message of the file error that `action` throws; fails the test if it throws none.
template <class Action>
std::string file_error_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::file);
        return error.what();
    }
    ADD_FAILURE() << "no error was thrown";
    return "";
}

}  // namespace shoal::test
