// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/parallel.hpp"

namespace shoal {
namespace {

TEST(ParallelFor, EveryIndexOnce) {
    for (const int threads : {1, 2, 7}) {
        std::vector<std::atomic<int>> hits(1000);
        parallel_for(hits.size(), threads, [&](std::size_t i, int worker) {
            EXPECT_GE(worker, 0);
            EXPECT_LT(worker, threads);
            ++hits[i];
        });
        for (const auto& hit : hits) {
            EXPECT_EQ(hit, 1);
        }
    }
}

TEST(ParallelFor, NothingToDo) {
    parallel_for(0, 4, [](std::size_t, int) { FAIL(); });
}

TEST(ParallelFor, RethrowsTheFirstProblemAndStopsHandingOut) {
    // So many that the other threads cannot get through while the problem is on its way.
    constexpr int tasks = 1'000'000'000;
    std::atomic<int> calls{0};
    EXPECT_THROW(parallel_for(tasks, 3,
                              [&](std::size_t i, int) {
                                  ++calls;
                                  if (i == 5) {
                                      throw std::runtime_error("five");
                                  }
                              }),
                 std::runtime_error);
    EXPECT_LT(calls, tasks);
}

}  // namespace
}  // namespace shoal
