// SPDX-License-Identifier: MIT
#include "cli/analyze_weights.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "analysis/free_analysis.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "store/dynamics_file.hpp"
#include "store/exchange_files.hpp"

namespace shoal {
namespace {

int trial_steps(double trial_length, const WeightsFile& weights) {
    const double steps = std::round(trial_length * weights.tau / weights.dt);
    if (!(steps >= 1.0 && steps <= 1e6)) {
        throw usage_error(
            fmt::format("--trial-length {}: is {} steps of this network; give 1 to "
                        "1000000",
                        trial_length, steps));
    }
    return static_cast<int>(steps);
}

FreeNetwork network_of(const WeightsFile& weights, int i, double trial_length) {
    FreeNetwork network;
    network.model = model_of(weights, i);
    if (!weights.constant_input.empty()) {
        const auto begin = weights.constant_input.begin() + i * weights.inputs;
        network.constant_input.assign(begin, begin + weights.inputs);
    }
    network.starts = Eigen::Map<const Eigen::MatrixXd>(weights.initial_state.data(), weights.units,
                                                       weights.initial_trials);
    network.trial_steps = trial_steps(trial_length, weights);
    network.key = {1, static_cast<std::uint32_t>(i)};
    return network;
}

}  // namespace

void analyze_weights(const WeightsAnalysisOptions& options) {
    const WeightsFile weights = read_weights(options.weights);
    const std::string out =
        options.out.empty()
            ? std::filesystem::path(options.weights).replace_extension(".analysis.h5").string()
            : options.out;
    reuse_dropped_memory();
    const int threads = options.threads > 0 ? options.threads : available_threads();
    trial_steps(options.trial_length, weights);  // before the work
    std::vector<DynamicsAnalysis> analyses(static_cast<std::size_t>(weights.networks));
    std::vector<std::unique_ptr<Backend>> backends;
    for (int t = 0; t < threads; ++t) {
        backends.push_back(make_backend("cpu", {Precision::fp64, 1, 0}));
    }
    parallel_for(analyses.size(), threads, [&](std::size_t i, int who) {
        analyses[i] =
            analyze_dynamics(network_of(weights, static_cast<int>(i), options.trial_length),
                             *backends[static_cast<std::size_t>(who)]);
    });
    write_dynamics(out, weights, analyses);
    if (options.json) {
        nlohmann::ordered_json all = {{"analysis", out}, {"networks", nlohmann::json::array()}};
        for (const DynamicsAnalysis& a : analyses) {
            all["networks"].push_back({{"roots", a.search.roots},
                                       {"proved", a.search.proved},
                                       {"slow_points", a.search.slow_points},
                                       {"attractors", a.census.attractors}});
        }
        fmt::print("{}\n", all.dump());
        return;
    }
    for (std::size_t i = 0; i < analyses.size(); ++i) {
        const DynamicsAnalysis& a = analyses[i];
        fmt::print("network {}: {} roots ({} proved), {} slow points, {} attractors; {}\n", i,
                   a.search.roots, a.search.proved, a.search.slow_points, a.census.attractors,
                   a.search.completeness);
    }
    fmt::print("dynamics in {}\n", out);
}

}  // namespace shoal
