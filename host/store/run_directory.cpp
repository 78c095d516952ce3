// SPDX-License-Identifier: MIT
#include "store/run_directory.hpp"

#include <fmt/format.h>

#include <set>

#include "config/config.hpp"
#include "core/error.hpp"
#include "store/analysis_file.hpp"
#include "store/manifest.hpp"
#include "store/population_file.hpp"
#include "store/segments.hpp"

namespace shoal {
namespace {

/// Tables and pages need no per-unit arrays; dropping them keeps large populations in memory.
TrainedNetwork without_arrays(TrainedNetwork network) {
    network.readout = {};
    network.state = {};
    network.conclusions = {};
    return network;
}

NetworkAnalysis without_arrays(NetworkAnalysis analysis) {
    for (FixedPoint& point : analysis.points) {
        point.state = {};
    }
    return analysis;
}

}  // namespace

RunContent read_run(const std::filesystem::path& folder) {
    RunContent run;
    run.paths.folder = folder;
    if (!std::filesystem::exists(run.paths.config())) {
        throw file_error(
            fmt::format("{}: is not a run directory (it has no config.yaml)", folder.string()));
    }
    run.config = load_config(run.paths.config());
    const Manifest manifest = read_manifest(run.paths.manifest());
    keep_shard(run.config, manifest.shard_index, manifest.shard_count);

    if (std::filesystem::exists(run.paths.population())) {
        const PopulationFile file(run.paths.population());
        for (const NetworkSpec& spec : run.config.networks) {
            TrainedNetwork network = file.network(spec.uid);
            if (network.status != Status::pending) {
                run.trained.emplace(spec.uid, without_arrays(std::move(network)));
            }
        }
    } else {
        const SegmentStore<TrainedNetwork> store(run.paths.checkpoint(), "trained");
        for (const std::string& uid : store.uids()) {
            run.trained.emplace(uid, without_arrays(*store.read(uid)));
        }
    }
    if (std::filesystem::exists(run.paths.analysis())) {
        AnalysisContent content = read_analysis(run.paths.analysis());
        for (NetworkAnalysis& analysis : content.networks) {
            std::string uid = analysis.uid;
            run.analysed.emplace(std::move(uid), without_arrays(std::move(analysis)));
        }
        run.examples = std::move(content.examples);
    } else {
        const SegmentStore<NetworkAnalysis> store(run.paths.checkpoint(), "analysed");
        for (const std::string& uid : store.uids()) {
            run.analysed.emplace(uid, without_arrays(*store.read(uid)));
        }
    }
    return run;
}

std::vector<RunContent> read_runs(const std::vector<std::filesystem::path>& folders) {
    std::vector<RunContent> runs;
    std::map<std::string, std::string> owner;
    for (const auto& folder : folders) {
        runs.push_back(read_run(folder));
        const RunContent& run = runs.back();
        if (run.config.identity != runs.front().config.identity) {
            throw usage_error(fmt::format(
                "{} and {} hold runs of different configurations; give shards of one configuration",
                folders.front().string(), folder.string()));
        }
        for (const NetworkSpec& spec : run.config.networks) {
            const auto [other, fresh] = owner.emplace(spec.uid, folder.string());
            if (!fresh) {
                throw usage_error(
                    fmt::format("network {} is in both {} and {}; give each shard once", spec.uid,
                                other->second, folder.string()));
            }
        }
    }
    return runs;
}

}  // namespace shoal
