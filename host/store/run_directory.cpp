// SPDX-License-Identifier: MIT
#include "store/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "store/analysis_file.hpp"
#include "store/manifest.hpp"
#include "store/population_file.hpp"
#include "store/segments.hpp"

namespace shoal {
namespace {

/// Points without their states, which no table or page shows.
NetworkAnalysis without_states(NetworkAnalysis analysis) {
    for (FixedPoint& point : analysis.points) {
        point.state = {};
    }
    return analysis;
}

/// The whole sweep of a configuration, expanded once for all shards of it.
class Sweep {
  public:
    explicit Sweep(const Reading& reading) : reading_(reading) {}

    void load(const std::filesystem::path& file) {
        std::string text = read_text_file(file);
        // Relative paths mean another file in every folder.
        if (text != text_ || text.find("path") != std::string::npos) {
            config_ = load_config(file);
            last_with_curve_ = largest_sampled_uid();
            text_ = std::move(text);
        }
    }
    /// The configuration with the networks of one shard; `last`: no further one is wanted, and
    /// theirs are given away.
    Config shard(const Manifest& manifest, bool last) {
        if (last) {
            Config part = std::move(config_);
            text_.clear();
            keep_shard(part, manifest.shard_index, manifest.shard_count);
            return part;
        }
        std::vector<NetworkSpec> networks = std::move(config_.networks);
        Config part = config_;
        part.networks = shard_of(networks, manifest.shard_index, manifest.shard_count);
        config_.networks = std::move(networks);
        return part;
    }
    /// The largest uid of those whose curves are read.
    const std::string& last_with_curve() const { return last_with_curve_; }

  private:
    std::string largest_sampled_uid() const {
        if (reading_.detail == Detail::everything || reading_.curves >= config_.networks.size()) {
            return "g";  // after every hex digit
        }
        if (reading_.curves == 0) {
            return "";
        }
        std::vector<std::string_view> uids;
        for (const NetworkSpec& spec : config_.networks) {
            uids.push_back(spec.uid);
        }
        const auto last = uids.begin() + static_cast<std::ptrdiff_t>(reading_.curves) - 1;
        std::nth_element(uids.begin(), last, uids.end());
        return std::string(*last);
    }

    Reading reading_;
    std::string text_;
    Config config_;
    std::string last_with_curve_;
};

void read_trained(RunContent& run, const std::string& last) {
    if (std::filesystem::exists(run.paths.population())) {
        const PopulationFile file(run.paths.population());
        for (const NetworkSpec& spec : run.config.networks) {
            TrainedNetwork network =
                spec.uid <= last ? file.curve(spec.uid) : file.summary(spec.uid);
            if (network.status != Status::pending) {
                run.trained.emplace(spec.uid, std::move(network));
            }
        }
        return;
    }
    const SegmentStore<TrainedNetwork> store(run.paths.checkpoint(), "trained");
    for (const std::string& uid : store.uids()) {
        run.trained.emplace(uid, table_part(*store.read(uid), uid <= last));
    }
}

void read_analysed(RunContent& run) {
    const bool table = run.detail == Detail::table;
    if (std::filesystem::exists(run.paths.analysis())) {
        AnalysisContent content = read_analysis(run.paths.analysis(), run.detail);
        for (NetworkAnalysis& analysis : content.networks) {
            std::string uid = analysis.uid;
            run.analysed.emplace(std::move(uid), without_states(std::move(analysis)));
        }
        run.examples = std::move(content.examples);
        return;
    }
    const SegmentStore<NetworkAnalysis> store(run.paths.checkpoint(), "analysed");
    for (const std::string& uid : store.uids()) {
        run.analysed.emplace(
            uid, table ? table_part(*store.read(uid)) : without_states(*store.read(uid)));
    }
}

RunContent read_run(const std::filesystem::path& folder, const Reading& reading, Sweep& sweep,
                    bool last) {
    RunContent run;
    run.paths.folder = folder;
    run.detail = reading.detail;
    if (!std::filesystem::exists(run.paths.config())) {
        throw file_error(
            fmt::format("{}: is not a run directory (it has no config.yaml)", folder.string()));
    }
    sweep.load(run.paths.config());
    run.config = sweep.shard(read_manifest(run.paths.manifest()), last);
    read_trained(run, sweep.last_with_curve());
    read_analysed(run);
    return run;
}

}  // namespace

RunContent read_run(const std::filesystem::path& folder, const Reading& reading) {
    Sweep sweep(reading);
    return read_run(folder, reading, sweep, true);
}

std::vector<RunContent> read_runs(const std::vector<std::filesystem::path>& folders,
                                  const Reading& reading) {
    std::vector<RunContent> runs;
    Sweep sweep(reading);
    std::unordered_map<std::string, std::size_t> owner;
    for (const auto& folder : folders) {
        runs.push_back(read_run(folder, reading, sweep, runs.size() + 1 == folders.size()));
        const RunContent& run = runs.back();
        if (run.config.identity != runs.front().config.identity) {
            throw usage_error(fmt::format(
                "{} and {} hold runs of different configurations; give shards of one configuration",
                folders.front().string(), folder.string()));
        }
        for (const NetworkSpec& spec : run.config.networks) {
            const auto [other, fresh] = owner.emplace(spec.uid, runs.size() - 1);
            if (!fresh) {
                throw usage_error(
                    fmt::format("network {} is in both {} and {}; give each shard once", spec.uid,
                                folders[other->second].string(), folder.string()));
            }
        }
    }
    return runs;
}

std::vector<NetworkAnalysis> whole_analyses(const RunContent& run,
                                            const std::set<std::string>& uids) {
    std::vector<NetworkAnalysis> analyses;
    if (uids.empty()) {
        return analyses;
    }
    if (run.detail == Detail::everything) {
        for (const std::string& uid : uids) {
            if (const auto found = run.analysed.find(uid); found != run.analysed.end()) {
                analyses.push_back(found->second);
            }
        }
    } else if (std::filesystem::exists(run.paths.analysis())) {
        for (NetworkAnalysis& analysis : read_analyses(run.paths.analysis(), uids)) {
            analyses.push_back(without_states(std::move(analysis)));
        }
    } else {
        const SegmentStore<NetworkAnalysis> store(run.paths.checkpoint(), "analysed");
        for (const std::string& uid : uids) {
            if (store.contains(uid)) {
                analyses.push_back(without_states(*store.read(uid)));
            }
        }
    }
    return analyses;
}

}  // namespace shoal
