// SPDX-License-Identifier: MIT
// What the benchmarks share: options and timing.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/options.hpp"

namespace shoal {

struct BenchOptions {
    int units = 0;  ///< 0: the standard sizes
    int networks = 0;
    int shared = 1;    ///< force: networks per recurrent matrix
    int trials = 0;    ///< force: trials to time, 0: by time; bptt: trials of an iteration
    int steps = 0;     ///< bptt: of a trial
    int starts = 256;  ///< fixed-points: of every search
    double seconds = 2.0;
    bool json = false;
    ComputeOptions compute;
};

/// Wall-clock times of repeated work.
struct Timing {
    std::vector<double> seconds;  ///< sorted
    double cpu_seconds = 0.0;     ///< processor time of one repeat, all threads
    double median() const { return seconds[seconds.size() / 2]; }
};

/// Times `work` `repeats` times, or for about `seconds` if repeats is 0, after one run that is not
/// timed (pages touched, matrices packed).
Timing time_repeats(int repeats, double seconds, const std::function<void()>& work);

/// Fields of every benchmark: where it ran.
void add_facts(nlohmann::ordered_json& result, const Backend& backend);
/// How long one repeat took; the number of repeats as `repeats_key`.
void add_times(nlohmann::ordered_json& result, const Timing& timing, const char* repeats_key);
/// `operations` and least `bytes` of one repeat against the ceilings that are measured here;
/// fraction is the floor time over the median one. In tf32 and bf16 the floor is that of tf32;
/// in fp64 on a CPU that of half the operations of fp32.
void add_rates(nlohmann::ordered_json& result, const Backend& backend, double operations,
               double bytes, const Timing& timing);

void bench_force(const BenchOptions& options);
void bench_bptt(const BenchOptions& options);
void bench_fixed_points(const BenchOptions& options);

}  // namespace shoal
