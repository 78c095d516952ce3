// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <vector>

#include "emulator.hpp"

namespace shoal::emu {
namespace {

TEST(Emulator, Speed) {
    constexpr int steps = 10000;
    for (const std::uint64_t seed : {0, 1}) {
        set_schedule(seed);
        const auto start = std::chrono::steady_clock::now();
        launch({.kernel = "speed", .threads = 416}, [](const Group& g) {
            float v = static_cast<float>(g.rank());
            for (int i = 0; i < steps; ++i) {
                v = g.warp_sum(v) * 0.03f;
                g.sync();
            }
        });
        const double s =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        std::printf("%.3f s, %.1f ns per switch\n", s, 1e9 * s / (steps * 416 * 2));
    }
    set_schedule(0);
}

TEST(Emulator, Barrier) {
    launch({.kernel = "turn", .threads = 100, .shared_bytes = 400}, [](const Group& g) {
        auto x = g.shared<float>(0, 100);
        x[g.rank()] = static_cast<float>(g.rank());
        g.sync();
        const float y = x[(g.rank() + 1) % 100];
        EXPECT_EQ(y, static_cast<float>((g.rank() + 1) % 100));
    });
}

}  // namespace
}  // namespace shoal::emu
