// SPDX-License-Identifier: MIT
// Compiled once per instruction set, as kernels.cpp.
#include "backend/cpu/ceilings.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "backend/cpu/layout.hpp"
#include "backend/cpu/targets.hpp"
#include "core/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/ceilings.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;

/// `rounds` times ten independent multiply-adds; returns the operations done. `seed` keeps the
/// compiler from computing the answer itself.
double multiply_add(long rounds, float seed, float* sink) {
    const Tag d;
    const auto a = hn::Set(d, 1.0f - seed);
    const auto b = hn::Set(d, seed);
    // Different starts: the compiler makes equal sums one.
    const auto start = [&](float i) HWY_ATTR { return hn::Set(d, i * seed); };
    auto s0 = start(0), s1 = start(1), s2 = start(2), s3 = start(3), s4 = start(4), s5 = start(5),
         s6 = start(6), s7 = start(7), s8 = start(8), s9 = start(9);
    for (long i = 0; i < rounds; ++i) {
        s0 = hn::MulAdd(s0, a, b);
        s1 = hn::MulAdd(s1, a, b);
        s2 = hn::MulAdd(s2, a, b);
        s3 = hn::MulAdd(s3, a, b);
        s4 = hn::MulAdd(s4, a, b);
        s5 = hn::MulAdd(s5, a, b);
        s6 = hn::MulAdd(s6, a, b);
        s7 = hn::MulAdd(s7, a, b);
        s8 = hn::MulAdd(s8, a, b);
        s9 = hn::MulAdd(s9, a, b);
    }
    const auto sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
                             hn::Add(hn::Add(s4, s5), hn::Add(hn::Add(s6, s7), hn::Add(s8, s9))));
    *sink = hn::GetLane(hn::SumOfLanes(d, sum));
    return 20.0 * static_cast<double>(rounds) * static_cast<double>(hn::Lanes(d));
}

void read_all(const float* data, std::size_t size, float* sink) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    for (std::size_t i = 0; i + 4 * lanes <= size; i += 4 * lanes) {
        s0 = hn::Add(s0, hn::Load(d, data + i));
        s1 = hn::Add(s1, hn::Load(d, data + i + lanes));
        s2 = hn::Add(s2, hn::Load(d, data + i + 2 * lanes));
        s3 = hn::Add(s3, hn::Load(d, data + i + 3 * lanes));
    }
    *sink = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace shoal::cpu {

HWY_EXPORT(multiply_add);
HWY_EXPORT(read_all);

namespace {

/// Best rate over rounds of `work` on all threads at once; work(thread) returns its share.
double best_rate(int threads, double seconds, const std::function<double(int)>& work) {
    using Clock = std::chrono::steady_clock;
    double best = 0.0;
    const auto begin = Clock::now();
    do {
        std::vector<double> done(static_cast<std::size_t>(threads), 0.0);
        const auto start = Clock::now();
        parallel_for(done.size(), threads,
                     [&](std::size_t i, int) { done[i] = work(static_cast<int>(i)); });
        const double took = std::chrono::duration<double>(Clock::now() - start).count();
        double sum = 0.0;
        for (const double part : done) {
            sum += part;
        }
        best = std::max(best, sum / took);
    } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
    return best;
}

}  // namespace

Ceilings measure_ceilings(int threads, double seconds) {
    constexpr std::size_t floats = std::size_t{64} << 20;  // 256 MiB in all
    std::vector<AlignedArray<float>> arrays;
    for (int t = 0; t < threads; ++t) {
        arrays.emplace_back(floats / static_cast<std::size_t>(threads) / 64 * 64);
    }
    std::vector<float> sinks(static_cast<std::size_t>(threads) * 16);
    const auto sink = [&](int t) { return &sinks[static_cast<std::size_t>(t) * 16]; };
    Ceilings ceilings;
    ceilings.gflops = 1e-9 * best_rate(threads, seconds / 2, [&](int t) {
                          return HWY_DYNAMIC_DISPATCH(multiply_add)(3000000, 1e-3f, sink(t));
                      });
    ceilings.gbytes_per_second =
        1e-9 * best_rate(threads, seconds / 2, [&](int t) {
            const auto& array = arrays[static_cast<std::size_t>(t)];
            HWY_DYNAMIC_DISPATCH(read_all)(array.data(), array.size(), sink(t));
            return static_cast<double>(array.size() * sizeof(float));
        });
    return ceilings;
}

}  // namespace shoal::cpu
#endif  // HWY_ONCE
