// SPDX-License-Identifier: MIT
#include "cli/analyze_weights.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "analysis/free_analysis.hpp"
#include "cli/analysis_ledger.hpp"
#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "cli/stages.hpp"
#include "cli/weights_order.hpp"
#include "cli/weights_sources.hpp"
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

FreeNetwork network_of(const WeightsSources& sources, std::size_t row, SystemKind as,
                       const WeightsAnalysisOptions& options) {
    const WeightsFile& weights = sources.file_of(row);
    const int i = sources.network_of(row);
    FreeNetwork network;
    network.model = model_of(weights, i);
    network.model.dt = step_of(as, weights.tau, weights.dt);
    network.as = as;
    network.constant_input = weights.constant_input_of(i, sources.condition_of(row));
    const auto starts = weights.states_of(weights.memory_states, weights.memories, i);
    network.starts =
        Eigen::Map<const Eigen::MatrixXd>(starts.data(), weights.units, weights.memories);
    network.trial_steps = trial_steps(options.trial_length, as, weights);
    network.key = {1, static_cast<std::uint32_t>(i)};
    network.effort = options.effort;
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
    if (attractor.flow_period > 0.0) {
        out["flow_period"] = attractor.flow_period;
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

void print_network(const std::string& name, const DynamicsAnalysis& analysis) {
    fmt::print("{}: {} roots ({} proved), {} slow points, {} attractors; {}\n", name,
               analysis.search.roots, analysis.search.proved, analysis.search.slow_points,
               analysis.census.attractors, analysis.search.completeness);
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
    if (options.effort != 1) {
        command += fmt::format(" --effort {}", options.effort);
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
std::vector<DynamicsAnalysis> analyse(const WeightsAnalysisOptions& options,
                                      const WeightsSources& sources, SystemKind as,
                                      const std::filesystem::path& kept, Progress& progress) {
    const int threads = options.threads > 0 ? options.threads : available_threads();
    std::vector<std::unique_ptr<Backend>> backends;
    for (int t = 0; t < threads; ++t) {
        backends.push_back(make_backend("cpu", {Precision::fp64, 1, 0}));
    }
    // All that an analysis depends on: parts of any other one are none of this one's.
    std::map<std::string, std::string> identities;  // by path
    for (const std::string& path : options.weights) {
        identities[path] = fmt::format(
            "{} {} {} {} {} {}", hex16(hash64_of_file(path)), name_of(order_of(options.order)),
            name_of(as), options.trial_length, options.effort, backends.front()->instruction_set());
    }
    const DynamicsRows names = sources.names();
    std::vector<DynamicsAnalysis> analyses(sources.size());
    std::map<std::string, double> part_seconds;
    AnalysisLedger ledger(kept, analyses.size(), false, progress, part_seconds);
    const StopPoints stop_points(StopFor::any_reason);
    keep_when_stopped(ledger, [&] {
        parallel_for(analyses.size(), threads, [&](std::size_t i, int who) {
            stop_point();
            FreeNetwork network = network_of(sources, i, as, options);
            network.model.uid =
                hex16(hash64(fmt::format("{} {} {}", identities.at(sources.path_of(i)),
                                         sources.network_of(i), sources.condition_of(i))));
            AnalysisLedger::Job job(ledger, sources.name_of(i, names));
            const auto begun = ledger.begun(network.model.uid);
            analyses[i] = analyze_dynamics(network, *backends[static_cast<std::size_t>(who)], job,
                                           begun ? &*begun : nullptr);
            ledger.count_finished();
        });
    });
    return analyses;
}

void print(const std::vector<DynamicsAnalysis>& analyses, const WeightsSources& sources,
           const std::string& out, SystemKind as, double step, bool json) {
    const DynamicsRows names = sources.names();
    if (json) {
        nlohmann::ordered_json all = {{"analysis", out},
                                      {"analysed_as", name_of(as)},
                                      {"step", step},
                                      {"networks", nlohmann::json::array()}};
        for (std::size_t i = 0; i < analyses.size(); ++i) {
            all["networks"].push_back(to_json(analyses[i], as, step));
            if (!names.uids.empty()) {
                all["networks"].back()["uid"] = names.uids[i];
            }
            if (sources.file_of(i).conditions > 1) {
                all["networks"].back()["network"] = sources.network_of(i);
                all["networks"].back()["condition"] = sources.condition_of(i);
            }
        }
        fmt::print("{}\n", all.dump());
        return;
    }
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        print_network(sources.name_of(i, names), analyses[i]);
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
    const WeightsSources sources(options.weights, options.order);
    for (std::size_t i = 0; i < sources.files().size(); ++i) {
        if (!sources.files()[i].initial_state.empty()) {
            progress.note(fmt::format(
                "{}: initial_state is where trials start, and no run starts there here; states "
                "that are to be held are memory_states",
                sources.paths()[i]));
        }
    }
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
            write_dynamics(out, sources.first(), sources.names(), as, analyses);
        });
        std::filesystem::remove_all(kept);
    }
    const double step = step_of(as, sources.first().tau, sources.first().dt);
    print(analyses, sources, out, as, step, options.json);
}

}  // namespace shoal
