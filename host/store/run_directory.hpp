// SPDX-License-Identifier: MIT
// One run directory: names of its files, and what is in it so far, finished or not.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "records/records.hpp"
#include "store/detail.hpp"

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
    Detail detail = Detail::everything;  ///< of trained and analysed
};

/// How much of runs is read.
struct Reading {
    Detail detail = Detail::everything;
    /// Of Detail::table: networks whose training curves are read all the same, those of the whole
    /// sweep with the smallest uids. Uids are hashes, so that this is a sample that knows neither
    /// the order of the sweep nor shards.
    std::size_t curves = 0;
};

/// Reads a finished or unfinished run: population.h5 and analysis.h5 where they exist, else the
/// finished segments under checkpoint/. A folder without config.yaml is a file error.
RunContent read_run(const std::filesystem::path& folder, const Reading& reading = {});

/// Several run directories (shards) as one population. Duplicate uids, or configurations that
/// differ in what they compute, are usage errors naming the directories.
std::vector<RunContent> read_runs(const std::vector<std::filesystem::path>& folders,
                                  const Reading& reading = {});

/// Analyses of some networks of a run with everything that is kept of them but states, from the run
/// itself or, of one with Detail::table, from its files. Those that were not analysed are left out.
std::vector<NetworkAnalysis> whole_analyses(const RunContent& run,
                                            const std::set<std::string>& uids);

}  // namespace shoal
