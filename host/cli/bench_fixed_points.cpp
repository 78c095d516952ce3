// SPDX-License-Identifier: MIT
// bench fixed-points: the search for fixed points with its proofs, on networks with three memories.
#include <fmt/format.h>

#include <vector>

#include "analysis/dynamics/newton.hpp"
#include "analysis/search/fixed_point_search.hpp"
#include "cli/bench.hpp"
#include "cli/bench_networks.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"

namespace shoal {
namespace {

struct FixedPointCase {
    int units;
    int networks;
    int starts;
    EarlyStop early_stop;
};

const char* name_of(EarlyStop value) {
    return value == EarlyStop::never ? "all refined" : "proved basins";
}

/// Every proved root against plain Newton, started a little beside it: it must come back into the
/// box that was proved to hold exactly one root, up to rounding of the root itself.
void require_agreement(const Dynamics& dynamics, const SearchResult& result) {
    for (const FoundPoint& point : result.points) {
        if (point.label != PointLabel::proved) {
            continue;
        }
        const Eigen::Map<const Eigen::VectorXd> root(point.state.data(), dynamics.units());
        const Eigen::VectorXd beside =
            root + Eigen::VectorXd::Constant(root.size(), 0.1 * point.unique_radius);
        const NewtonResult back = refine_fixed_point(dynamics, beside);
        const double off = (back.state - root).cwiseAbs().maxCoeff();
        if (!back.converged || !(off <= 2.0 * point.proved_radius + 1e-12)) {
            throw Error(ExitCode::failure,
                        fmt::format("bench: Newton's method does not agree with a proved root "
                                    "({:.1e} off); it is not timed",
                                    off));
        }
    }
}

nlohmann::ordered_json run_case(const FixedPointCase& sizes, const BenchOptions& options,
                                Backend& backend) {
    std::vector<Dynamics> networks;
    std::vector<Eigen::MatrixXd> starts;
    for (int i = 0; i < sizes.networks; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        networks.push_back(memory_network(sizes.units, number));
        starts.push_back(analysis_starts(networks.back(), sizes.starts, number));
    }
    SearchOptions search;
    search.early_stop = sizes.early_stop;
    std::vector<SearchResult> results(networks.size());
    const auto run = [&](std::size_t i) {
        results[i] = search_fixed_points(networks[i], starts[i], search);
    };
    run(0);
    require_agreement(networks[0], results[0]);
    const Timing timing = time_repeats(0, options.seconds, [&] {
        parallel_for(networks.size(), backend.threads(), [&](std::size_t i, int) { run(i); });
    });
    SearchWork work;
    int roots = 0, proved = 0, early = 0, nowhere = 0;
    for (const SearchResult& result : results) {
        work += result.work;
        roots += result.summary.roots;
        proved += result.summary.proved;
        early += result.summary.stopped_early;
        nowhere += result.summary.ended_nowhere;
    }
    nlohmann::ordered_json json = {{"case", "fixed-points"},
                                   {"units", sizes.units},
                                   {"networks", sizes.networks},
                                   {"starts", sizes.starts},
                                   {"early_stop", name_of(sizes.early_stop)}};
    add_facts(json, backend);
    add_times(json, timing, "repeats");
    json["networks_per_s"] = sizes.networks / timing.median();
    json["roots"] = roots;
    json["proved"] = proved;
    json["stopped_early"] = early;
    json["ended_nowhere"] = nowhere;
    // Least bytes: W once; everything else can stay in the caches.
    const double bytes = 8.0 * sizes.units * sizes.units * sizes.networks;
    add_rates(json, backend, work.operations(sizes.units), bytes, timing);
    return json;
}

}  // namespace

void bench_fixed_points(const BenchOptions& options) {
    if ((options.units > 0) != (options.networks > 0)) {
        throw usage_error(
            "bench fixed-points: give --units and --networks together, or neither of them");
    }
    reuse_dropped_memory();
    // Searches run on the CPU in float64, whatever trains.
    const auto backend = make_backend("cpu", {Precision::fp64, options.compute.threads, 0});
    const int units = options.units > 0 ? options.units : 200;
    const int networks = options.networks > 0 ? options.networks : 8;
    const bool given = options.units > 0;
    std::vector<FixedPointCase> cases = {
        {units, networks, options.starts, EarlyStop::in_proved_basin}};
    if (!given) {
        cases.push_back({units, networks, options.starts, EarlyStop::never});
    }
    if (!options.json) {
        fmt::print("Fixed points of networks with three memories, {} thread(s), fp64\n",
                   backend->threads());
        fmt::print("{:>6} {:>9} {:>7} {:<14} {:>13} {:>9} {:>8} {:>9}\n", "units", "networks",
                   "starts", "starts end in", "networks / s", "Gflop/s", "peak", "of floor");
    }
    for (const FixedPointCase& sizes : cases) {
        const auto result = run_case(sizes, options, *backend);
        if (options.json) {
            fmt::print("{}\n", result.dump());
        } else {
            fmt::print("{:>6} {:>9} {:>7} {:<14} {:>13} {:>9.1f} {:>8.1f} {:>7.0f} %\n",
                       sizes.units, sizes.networks, sizes.starts, name_of(sizes.early_stop),
                       three_digits(double(result["networks_per_s"])), double(result["gflops"]),
                       double(result["peak_gflops"]), 100 * double(result["fraction"]));
        }
        std::fflush(stdout);
    }
}

}  // namespace shoal
