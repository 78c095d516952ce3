// SPDX-License-Identifier: MIT
// One run directory: names of its files, and what is in it so far, finished or not.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "store/records.hpp"

namespace shoal {

struct RunPaths {
    std::filesystem::path folder;
    std::filesystem::path config() const { return folder / "config.yaml"; }
    std::filesystem::path manifest() const { return folder / "manifest.json"; }
    std::filesystem::path population() const { return folder / "population.h5"; }
    std::filesystem::path checkpoint() const { return folder / "checkpoint"; }
    std::filesystem::path analysis() const { return folder / "analysis.h5"; }
    std::filesystem::path table() const { return folder / "population.csv"; }
    std::filesystem::path report() const { return folder / "report" / "index.html"; }
    std::filesystem::path lock() const { return folder / ".lock"; }
};

/// What one run directory holds so far.
struct RunContent {
    RunPaths paths;
    Config config;
    std::map<std::string, TrainedNetwork> trained;    ///< by uid; absent = pending
    std::map<std::string, NetworkAnalysis> analysed;  ///< by uid
    std::vector<ExampleTrajectories> examples;
};

/// Reads a finished or unfinished run: population.h5 and analysis.h5 where they exist, else the
/// finished segments under checkpoint/. A folder without config.yaml is a file error.
RunContent read_run(const std::filesystem::path& folder);

/// Several run directories (shards) as one population. Duplicate uids, or configurations that
/// differ in what they compute, are usage errors naming the directories.
std::vector<RunContent> read_runs(const std::vector<std::filesystem::path>& folders);

}  // namespace shoal
