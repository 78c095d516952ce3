// SPDX-License-Identifier: MIT
#include "cli/analyze_weights.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "analysis/free_analysis.hpp"
#include "cli/analysis_ledger.hpp"
#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "cli/stages.hpp"
#include "cli/weights_order.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "model/system.hpp"
#include "store/dynamics_file.hpp"
#include "store/exchange_files.hpp"

namespace shoal {
namespace {

/// Networks to be analysed: those of one file after those of another.
class Sources {
  public:
    Sources(const std::vector<std::string>& paths, const std::string& order) : paths_(paths) {
        std::set<std::filesystem::path> seen;
        for (const std::string& path : paths) {
            if (!seen.insert(std::filesystem::weakly_canonical(path)).second) {
                throw usage_error(fmt::format("--weights: {} is given twice", path));
            }
            files_.push_back(weights_of(path, order));
            require_same_shape();
            for (int i = 0; i < files_.back().networks; ++i) {
                networks_.push_back({files_.size() - 1, i});
            }
        }
    }

    std::size_t size() const { return networks_.size(); }
    const WeightsFile& file_of(std::size_t network) const {
        return files_[networks_[network].file];
    }
    const std::string& path_of(std::size_t network) const {
        return paths_[networks_[network].file];
    }
    /// Its place in its file.
    int place_of(std::size_t network) const { return networks_[network].place; }
    const WeightsFile& first() const { return files_.front(); }

    /// Names in the answer: the files' own uids where every network has one, of its own; those of
    /// one file without uids: none; else FILE/PLACE, of the file's name or, where two files share
    /// it, its path.
    std::vector<std::string> uids() const {
        std::vector<std::string> own, made;
        std::set<std::string> stems;
        for (const std::string& path : paths_) {
            stems.insert(std::filesystem::path(path).stem().string());
        }
        for (std::size_t i = 0; i < size(); ++i) {
            const auto place = static_cast<std::size_t>(place_of(i));
            const auto& uids = file_of(i).uids;
            if (!uids.empty()) {
                own.push_back(uids[place]);
            }
            const std::filesystem::path path(path_of(i));
            made.push_back(fmt::format(
                "{}/{}", stems.size() == paths_.size() ? path.stem().string() : path.string(),
                place));
        }
        if (paths_.size() == 1) {
            return own;
        }
        const std::set<std::string> different(own.begin(), own.end());
        return different.size() == size() ? own : made;
    }

  private:
    struct Network {
        std::size_t file;
        int place;
    };

    void require_same_shape() const {
        const auto shape = [](const WeightsFile& file) {
            return std::tuple(file.units, file.inputs, file.outputs, file.cell, file.tau, file.dt);
        };
        if (shape(files_.back()) != shape(files_.front())) {
            throw usage_error(fmt::format(
                "--weights: {} and {} differ in units, inputs, outputs, cell, tau or dt; analyse "
                "them into separate files",
                paths_.front(), paths_[files_.size() - 1]));
        }
    }

    std::vector<std::string> paths_;
    std::vector<WeightsFile> files_;
    std::vector<Network> networks_;
};

SystemKind system_asked_for(const std::string& as, const WeightsFile& weights) {
    return value_named<SystemKind>(as).value_or(system_of(weights.tau, weights.dt));
}

int trial_steps(double trial_length, SystemKind as, const WeightsFile& weights) {
    const double steps =
        std::round(trial_length * weights.tau / step_of(as, weights.tau, weights.dt));
    if (!(steps >= 1.0 && steps <= 1e6)) {
        throw usage_error(
            fmt::format("--trial-length {}: is {} steps of this network; give 1 to "
                        "1000000",
                        trial_length, steps));
    }
    return static_cast<int>(steps);
}

FreeNetwork network_of(const WeightsFile& weights, int i, SystemKind as, double trial_length) {
    FreeNetwork network;
    network.model = model_of(weights, i);
    network.model.dt = step_of(as, weights.tau, weights.dt);
    network.as = as;
    if (!weights.constant_input.empty()) {
        const auto begin = weights.constant_input.begin() + i * weights.inputs;
        network.constant_input.assign(begin, begin + weights.inputs);
    }
    const auto starts = weights.states_of(weights.initial_state, weights.initial_trials, i);
    network.starts =
        Eigen::Map<const Eigen::MatrixXd>(starts.data(), weights.units, weights.initial_trials);
    network.trial_steps = trial_steps(trial_length, as, weights);
    network.key = {1, static_cast<std::uint32_t>(i)};
    return network;
}

nlohmann::ordered_json to_json(const AttractorRecord& attractor, const DynamicsAnalysis& all,
                               SystemKind as, double step) {
    nlohmann::ordered_json out = {{"kind", name_of(attractor.kind)},
                                  {"random_starts", attractor.random_starts},
                                  {"memory_starts", attractor.memory_starts}};
    if (all.census.random_runs > 0) {
        out["share"] = static_cast<double>(attractor.random_starts) / all.census.random_runs;
    }
    if (attractor.point >= 0) {
        out["point"] = attractor.point;
    }
    if (attractor.period > 0.0) {
        out["period"] = attractor.period;
    }
    if (!attractor.exponents.empty()) {
        out["exponents"] = attractor.exponents;
        if (as == SystemKind::map) {
            for (const double exponent : attractor.exponents) {
                out["exponents_per_step"].push_back(exponent * step);
            }
        }
    }
    return out;
}

nlohmann::ordered_json to_json(const DynamicsAnalysis& analysis, SystemKind as, double step) {
    nlohmann::ordered_json out = {{"roots", analysis.search.roots},
                                  {"proved", analysis.search.proved},
                                  {"slow_points", analysis.search.slow_points},
                                  {"attractors", analysis.census.attractors},
                                  {"mechanism", name_of(analysis.verdict.mechanism)},
                                  {"evidence", analysis.verdict.evidence},
                                  {"limits", analysis.verdict.limits},
                                  {"random_runs", analysis.census.random_runs},
                                  {"memory_states", analysis.census.memory_runs},
                                  {"basins", nlohmann::json::array()}};
    for (const AttractorRecord& attractor : analysis.attractors) {
        out["basins"].push_back(to_json(attractor, analysis, as, step));
    }
    return out;
}

void print_network(std::size_t i, const std::string& uid, const DynamicsAnalysis& analysis) {
    fmt::print("network {}{}: {} roots ({} proved), {} slow points, {} attractors; {}\n", i,
               uid.empty() ? "" : fmt::format(" ({})", printable(uid)), analysis.search.roots,
               analysis.search.proved, analysis.search.slow_points, analysis.census.attractors,
               analysis.search.completeness);
    fmt::print("  {}\n  mechanism {}: {}\n", analysis.verdict.attractors,
               name_of(analysis.verdict.mechanism), analysis.verdict.evidence);
    if (!analysis.verdict.limits.empty()) {
        fmt::print("  {}\n", analysis.verdict.limits);
    }
}

/// The command that goes on with it.
std::string command_of(const WeightsAnalysisOptions& options, const std::string& out) {
    std::string command = "shoal analyze --weights";
    for (const std::string& path : options.weights) {
        command += " " + quoted(path);
    }
    command += " --out " + quoted(out);
    if (options.trial_length != WeightsAnalysisOptions{}.trial_length) {
        command += fmt::format(" --trial-length {}", options.trial_length);
    }
    if (!options.order.empty()) {
        command += " --order " + options.order;
    }
    if (!options.as.empty()) {
        command += " --as " + options.as;
    }
    if (options.threads > 0) {
        command += fmt::format(" --threads {}", options.threads);
    }
    return command;
}

/// Every network, from where an earlier session has left it in `kept`.
std::vector<DynamicsAnalysis> analyse(const WeightsAnalysisOptions& options, const Sources& sources,
                                      SystemKind as, const std::filesystem::path& kept,
                                      Progress& progress) {
    const int threads = options.threads > 0 ? options.threads : available_threads();
    std::vector<std::unique_ptr<Backend>> backends;
    for (int t = 0; t < threads; ++t) {
        backends.push_back(make_backend("cpu", {Precision::fp64, 1, 0}));
    }
    // All that an analysis depends on: parts of any other one are none of this one's.
    std::map<std::string, std::string> identities;  // by path
    for (const std::string& path : options.weights) {
        identities[path] = fmt::format("{} {} {} {} {}", hex16(hash64_of_file(path)),
                                       name_of(order_of(options.order)), name_of(as),
                                       options.trial_length, backends.front()->instruction_set());
    }
    std::vector<DynamicsAnalysis> analyses(sources.size());
    std::map<std::string, double> part_seconds;
    AnalysisLedger ledger(kept, analyses.size(), false, progress, part_seconds);
    const StopPoints stop_points(StopFor::any_reason);
    keep_when_stopped(ledger, [&] {
        parallel_for(analyses.size(), threads, [&](std::size_t i, int who) {
            stop_point();
            const int place = sources.place_of(i);
            FreeNetwork network = network_of(sources.file_of(i), place, as, options.trial_length);
            network.model.uid =
                hex16(hash64(fmt::format("{} {}", identities.at(sources.path_of(i)), place)));
            AnalysisLedger::Job job(ledger, fmt::format("network {}", i));
            const auto begun = ledger.begun(network.model.uid);
            analyses[i] = analyze_dynamics(network, *backends[static_cast<std::size_t>(who)], job,
                                           begun ? &*begun : nullptr);
            ledger.count_finished();
        });
    });
    return analyses;
}

void print(const std::vector<DynamicsAnalysis>& analyses, const std::vector<std::string>& uids,
           const std::string& out, SystemKind as, double step, bool json) {
    if (json) {
        nlohmann::ordered_json all = {{"analysis", out},
                                      {"analysed_as", name_of(as)},
                                      {"step", step},
                                      {"networks", nlohmann::json::array()}};
        for (std::size_t i = 0; i < analyses.size(); ++i) {
            all["networks"].push_back(to_json(analyses[i], as, step));
            if (!uids.empty()) {
                all["networks"].back()["uid"] = uids[i];
            }
        }
        fmt::print("{}\n", all.dump());
        return;
    }
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        print_network(i, uids.empty() ? std::string() : uids[i], analyses[i]);
    }
    fmt::print("dynamics as {} in steps of {:g} in {}\n", name_of(as), step, out);
}

/// Where the answer goes.
std::string out_of(const WeightsAnalysisOptions& options) {
    if (options.out.empty()) {
        if (options.weights.size() > 1) {
            throw usage_error("--weights: several files have one answer; give --out FILE");
        }
        return std::filesystem::path(options.weights.front())
            .replace_extension(".analysis.h5")
            .string();
    }
    require_other_file(options.out, options.weights);
    return options.out;
}

}  // namespace

void analyze_weights(const WeightsAnalysisOptions& options, Progress& progress) {
    const std::string out = out_of(options);
    const Sources sources(options.weights, options.order);
    reuse_dropped_memory();
    const SystemKind as = system_asked_for(options.as, sources.first());
    trial_steps(options.trial_length, as, sources.first());  // before the work
    const StopScope until_all_is_said(command_of(options, out));
    const std::filesystem::path kept = out + ".parts";
    create_folders(kept);
    std::vector<DynamicsAnalysis> analyses;
    {
        const FolderLock lock(kept / ".lock");
        resumable(command_of(options, out), [&] {
            analyses = analyse(options, sources, as, kept, progress);
            progress.finish_stage();
            write_dynamics(out, sources.first(), sources.uids(), as, analyses);
        });
        std::filesystem::remove_all(kept);
    }
    const double step = step_of(as, sources.first().tau, sources.first().dt);
    print(analyses, sources.uids(), out, as, step, options.json);
}

}  // namespace shoal
