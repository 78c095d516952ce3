// SPDX-License-Identifier: MIT
#include "cli/bench.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace shoal {

Timing time_repeats(int repeats, double seconds, const std::function<void()>& work) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    work();
    Timing timing;
    const std::clock_t cpu_start = std::clock();
    const auto start = Clock::now();
    do {
        const auto begin = Clock::now();
        work();
        timing.seconds.push_back(since(begin));
    } while (repeats > 0 ? static_cast<int>(timing.seconds.size()) < repeats
                         : since(start) < seconds);
    timing.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC /
                         static_cast<double>(timing.seconds.size());
    std::sort(timing.seconds.begin(), timing.seconds.end());
    return timing;
}

void add_facts(nlohmann::ordered_json& result, const Backend& backend) {
    result["backend"] = backend.name();
    result["instruction_set"] = backend.instruction_set();
    result["precision"] = name_of(backend.precision());
    result["threads"] = backend.threads();
}

void add_times(nlohmann::ordered_json& result, const Timing& timing, const char* repeats_key) {
    result[repeats_key] = timing.seconds.size();
    result["seconds"] = timing.median();
    result["cpu_seconds"] = timing.cpu_seconds;
    result["seconds_min"] = timing.seconds.front();
    result["seconds_max"] = timing.seconds.back();
}

void add_rates(nlohmann::ordered_json& result, const Backend& backend, double operations,
               double bytes, const Timing& timing) {
    const Ceilings ceilings = backend.measure_ceilings(0.5);
    const bool narrow =
        backend.precision() == Precision::tf32 || backend.precision() == Precision::bf16;
    // Ceilings are of fp32; a vector holds half as many doubles.
    const bool halved = backend.precision() == Precision::fp64 && backend.name() != "cuda";
    const double gflops = narrow ? ceilings.tf32_gflops : (halved ? 0.5 : 1.0) * ceilings.gflops;
    const double floor = 1e-9 * std::max(operations / gflops, bytes / ceilings.gbytes_per_second);
    result["gflops"] = 1e-9 * operations / timing.median();
    result["gbytes_per_s"] = 1e-9 * bytes / timing.median();
    result["peak_gflops"] = gflops;
    result["peak_gbytes_per_s"] = ceilings.gbytes_per_second;
    result["peak_tf32_gflops"] = ceilings.tf32_gflops;
    result["fraction"] = floor / timing.median();
}

}  // namespace shoal
