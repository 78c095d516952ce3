// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backend/cpu/normals.hpp"

namespace shoal {
namespace {

TEST(Normals, ManyAtATimeAreTheSameBits) {
    const RandomKey key = {123, 45};
    for (const int count : {1, 3, 4, 5, 17, 31, 32, 33, 100'000}) {
        std::vector<double> doubles(static_cast<std::size_t>(count) + 1, -77.0);
        std::vector<float> floats(doubles.size(), -77.0f);
        cpu::standard_normals(key, Purpose::process_noise, 6, 7, count, doubles.data());
        cpu::standard_normals(key, Purpose::process_noise, 6, 7, count, floats.data());
        double largest = 0.0;
        for (int i = 0; i < count; ++i) {
            const double expected = standard_normal(
                random_bits(key, Purpose::process_noise, 6, 7, static_cast<std::uint32_t>(i)));
            const auto at = static_cast<std::size_t>(i);
            ASSERT_EQ(doubles[at], expected) << "draw " << i << " of " << count;
            ASSERT_EQ(floats[at], static_cast<float>(expected)) << "draw " << i << " of " << count;
            largest = std::max(largest, std::abs(expected));
        }
        EXPECT_EQ(doubles.back(), -77.0) << "nothing is written behind the last";
        EXPECT_EQ(floats.back(), -77.0f);
        // Of 100,000 draws some lie beyond 4: the tail's branch was taken.
        EXPECT_TRUE(count < 100'000 || largest > 4.0);
    }
}

}  // namespace
}  // namespace shoal
