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
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/stop.hpp"
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

/// What one row of the answer is about: each network in each of its conditions.
std::size_t rows_of_answer(const WeightsFile& weights) {
    return static_cast<std::size_t>(weights.networks) *
           static_cast<std::size_t>(weights.conditions);
}

std::string name_of_row(const WeightsFile& weights, std::size_t row) {
    const auto conditions = static_cast<std::size_t>(weights.conditions);
    return conditions == 1
               ? fmt::format("network {}", row)
               : fmt::format("network {}, condition {}", row / conditions, row % conditions);
}

FreeNetwork network_of(const WeightsFile& weights, int row, SystemKind as, double trial_length) {
    const int i = row / weights.conditions;
    FreeNetwork network;
    network.model = model_of(weights, i);
    network.model.dt = step_of(as, weights.tau, weights.dt);
    network.as = as;
    network.constant_input = weights.constant_input_of(i, row % weights.conditions);
    const auto starts = weights.states_of(weights.memory_states, weights.memories, i);
    network.starts =
        Eigen::Map<const Eigen::MatrixXd>(starts.data(), weights.units, weights.memories);
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
    std::string command =
        fmt::format("shoal analyze --weights {} --out {}", quoted(options.weights), quoted(out));
    if (options.trial_length != WeightsAnalysisOptions{}.trial_length) {
        command += fmt::format(" --trial-length {}", options.trial_length);
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
                                      const WeightsFile& weights, SystemKind as,
                                      const std::filesystem::path& kept, Progress& progress) {
    const int threads = options.threads > 0 ? options.threads : available_threads();
    std::vector<std::unique_ptr<Backend>> backends;
    for (int t = 0; t < threads; ++t) {
        backends.push_back(make_backend("cpu", {Precision::fp64, 1, 0}));
    }
    // All that an analysis depends on: parts of any other one are none of this one's.
    const std::string identity =
        fmt::format("{} {} {} {}", hex16(hash64_of_file(options.weights)), name_of(as),
                    options.trial_length, backends.front()->instruction_set());
    std::vector<DynamicsAnalysis> analyses(rows_of_answer(weights));
    std::map<std::string, double> part_seconds;
    AnalysisLedger ledger(kept, analyses.size(), false, progress, part_seconds);
    const StopPoints stop_points(StopFor::any_reason);
    keep_when_stopped(ledger, [&] {
        parallel_for(analyses.size(), threads, [&](std::size_t i, int who) {
            stop_point();
            FreeNetwork network =
                network_of(weights, static_cast<int>(i), as, options.trial_length);
            network.model.uid = hex16(hash64(fmt::format("{} {}", identity, i)));
            AnalysisLedger::Job job(ledger, name_of_row(weights, i));
            const auto begun = ledger.begun(network.model.uid);
            analyses[i] = analyze_dynamics(network, *backends[static_cast<std::size_t>(who)], job,
                                           begun ? &*begun : nullptr);
            ledger.count_finished();
        });
    });
    return analyses;
}

void print(const std::vector<DynamicsAnalysis>& analyses, const WeightsFile& weights,
           const std::string& out, SystemKind as, double step, bool json) {
    if (json) {
        nlohmann::ordered_json all = {{"analysis", out},
                                      {"analysed_as", name_of(as)},
                                      {"step", step},
                                      {"networks", nlohmann::json::array()}};
        const auto conditions = static_cast<std::size_t>(weights.conditions);
        for (std::size_t i = 0; i < analyses.size(); ++i) {
            all["networks"].push_back(to_json(analyses[i], as, step));
            if (conditions > 1) {
                all["networks"].back()["network"] = i / conditions;
                all["networks"].back()["condition"] = i % conditions;
            }
        }
        fmt::print("{}\n", all.dump());
        return;
    }
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        print_network(name_of_row(weights, i), analyses[i]);
    }
    fmt::print("dynamics as {} in steps of {:g} in {}\n", name_of(as), step, out);
}

}  // namespace

void analyze_weights(const WeightsAnalysisOptions& options, Progress& progress) {
    const WeightsFile weights = read_weights(options.weights);
    const std::string out =
        options.out.empty()
            ? std::filesystem::path(options.weights).replace_extension(".analysis.h5").string()
            : options.out;
    if (!weights.initial_state.empty()) {
        progress.note(
            fmt::format("{}: initial_state is where trials start, and no run starts there here; "
                        "states that are "
                        "to be held are memory_states",
                        options.weights));
    }
    reuse_dropped_memory();
    const SystemKind as = system_asked_for(options.as, weights);
    trial_steps(options.trial_length, as, weights);  // before the work
    const StopScope until_all_is_said(command_of(options, out));
    const std::filesystem::path kept = out + ".parts";
    create_folders(kept);
    std::vector<DynamicsAnalysis> analyses;
    {
        const FolderLock lock(kept / ".lock");
        resumable(command_of(options, out), [&] {
            analyses = analyse(options, weights, as, kept, progress);
            progress.finish_stage();
            write_dynamics(out, weights, as, analyses);
        });
        std::filesystem::remove_all(kept);
    }
    print(analyses, weights, out, as, step_of(as, weights.tau, weights.dt), options.json);
}

}  // namespace shoal
