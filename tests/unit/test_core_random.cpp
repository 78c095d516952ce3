// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/random.hpp"

namespace shoal {
namespace {

TEST(Philox, KnownAnswers) {
    // Known-answer vectors published with Random123 (Salmon et al. 2011).
    const auto expect = [](PhiloxWords got, std::vector<std::uint32_t> want) {
        EXPECT_EQ(std::vector<std::uint32_t>(got.word, got.word + 4), want);
    };
    const std::uint32_t ones = 0xffffffffu;

    expect(philox4x32(0, 0, 0, 0, 0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    expect(philox4x32(ones, ones, ones, ones, ones, ones),
           {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    expect(philox4x32(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344),
           {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST(Random, EveryPartOfTheKeyMatters) {
    const RandomKey key{1, 2};
    const std::uint32_t base = random_bits(key, Purpose::test, 3, 4, 5);

    EXPECT_NE(base, random_bits({2, 2}, Purpose::test, 3, 4, 5));
    EXPECT_NE(base, random_bits({1, 3}, Purpose::test, 3, 4, 5));
    EXPECT_NE(base, random_bits(key, Purpose::bench, 3, 4, 5));
    EXPECT_NE(base, random_bits(key, Purpose::test, 4, 4, 5));
    EXPECT_NE(base, random_bits(key, Purpose::test, 3, 5, 5));
    EXPECT_NE(base, random_bits(key, Purpose::test, 3, 4, 6));
}

TEST(Random, BlocksAndSingleDrawsAreTheSameStream) {
    const RandomKey key{7, 8};
    for (std::uint32_t i = 0; i < 16; ++i) {
        EXPECT_EQ(random_bits(key, Purpose::test, 1, 2, i),
                  random_block(key, Purpose::test, 1, 2, i / 4).word[i % 4]);
    }
}

TEST(PortableLog, WithinTwoUlp) {
    // Range of use: tail probabilities 2^-33 ... 0.5; checked a little beyond on both sides.
    double worst = 0.0;
    for (int i = 0; i < 200000; ++i) {
        const double x =
            std::exp2(-40.0 + 41.0 * uniform01(random_bits({5, 0}, Purpose::test, 0, 0,
                                                           static_cast<std::uint32_t>(i))));
        const double want = std::log(x);
        const double ulp = std::max(std::abs(want), std::numeric_limits<double>::min()) *
                           std::numeric_limits<double>::epsilon();
        // Near x = 1 the logarithm vanishes and the error is bounded absolutely by half an ulp of x
        // - 1.
        const double bound = std::max(2.0 * ulp, std::numeric_limits<double>::epsilon() / 2);
        worst = std::max(worst, std::abs(portable_log(x) - want) / bound);
    }
    RecordProperty("worst_error_over_bound", std::to_string(worst));
    EXPECT_LE(worst, 1.0);
}

TEST(StandardNormal, AgreesWithTheInverseCdf) {
    // AS 241 is accurate to about one part in 1e16; the logarithm adds two ulp, and the quantile's
    // condition number is below 1 in the tails: 1e-14 relative leaves room for Boost's own error.
    const boost::math::normal_distribution<double> normal;
    double worst = 0.0;
    for (std::uint32_t i = 0; i < 100000; ++i) {
        const std::uint32_t bits = random_bits({9, 0}, Purpose::test, 0, 0, i);
        const double want = boost::math::quantile(normal, uniform01(bits));
        worst = std::max(worst, std::abs(standard_normal(bits) - want) / std::abs(want));
    }
    RecordProperty("worst_relative_error", std::to_string(worst));
    EXPECT_LE(worst, 1e-14);
}

TEST(StandardNormal, StoredVectors) {
    // Bits that host and device must reproduce exactly; values agree with scipy.special.ndtri.
    const struct {
        std::uint32_t bits;
        double value;
    } rows[] = {{0x00000000, -6.3379577545537895},    {0x00000001, -6.166429517819751},
                {0x00003039, -4.535422762090429},     {0x20000000, -1.150349379810483},
                {0x7fffffff, -2.918099372916623e-10}, {0x80000000, 2.918099372916623e-10},
                {0xdeadbeef, 1.1256287403742191},     {0xfffffffe, 6.166429517819751},
                {0xffffffff, 6.3379577545537895}};
    for (const auto& row : rows) {
        EXPECT_NEAR(standard_normal(row.bits), row.value, 4e-16 * std::abs(row.value) * 4)
            << std::hex << row.bits;
    }
    // One checksum over many draws catches a change of a single bit anywhere.
    std::uint64_t sum = 1469598103934665603ull;
    for (std::uint32_t i = 0; i < 65536; ++i) {
        const double value = standard_normal(i * 65537u);
        std::uint64_t pattern = 0;
        std::memcpy(&pattern, &value, sizeof value);
        sum = (sum ^ pattern) * 1099511628211ull;
    }
    EXPECT_EQ(sum, 4114070367791782101ull);
}

TEST(StandardNormal, IsOddAndIncreasing) {
    double before = -7.0;
    for (std::uint64_t bits = 0; bits < (1ull << 32); bits += 65521) {
        const auto b = static_cast<std::uint32_t>(bits);
        EXPECT_EQ(standard_normal(b), -standard_normal(~b));
        EXPECT_GT(standard_normal(b), before);
        before = standard_normal(b);
    }
}

TEST(StandardNormal, Moments) {
    const int n = 1000000;
    double m1 = 0, m2 = 0, m4 = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
        const double z = standard_normal(random_bits({11, 3}, Purpose::test, 0, 0, i));
        m1 += z / n;
        m2 += z * z / n;
        m4 += z * z * z * z / n;
    }
    // Five standard errors: 1, sqrt(2), sqrt(96) over sqrt(n).
    EXPECT_NEAR(m1, 0.0, 5e-3);
    EXPECT_NEAR(m2, 1.0, 5e-3 * std::sqrt(2.0));
    EXPECT_NEAR(m4, 3.0, 5e-3 * std::sqrt(96.0));
}

TEST(UniformIndex, CoversTheRangeEvenly) {
    std::vector<int> count(7, 0);
    for (std::uint32_t i = 0; i < 70000; ++i) {
        ++count[uniform_index(random_bits({1, 1}, Purpose::test, 0, 0, i), 7)];
    }
    for (const int c : count) {
        EXPECT_NEAR(c, 10000, 5 * std::sqrt(10000.0));
    }
    EXPECT_EQ(uniform_index(0xffffffffu, 7), 6u);
    EXPECT_EQ(uniform_index(0xffffffffu, 1), 0u);
}

TEST(RandomPermutation, IsAPermutationAndKeyed) {
    auto a = random_permutation({1, 0}, Purpose::trial_order, 1000);
    const auto b = random_permutation({1, 1}, Purpose::trial_order, 1000);
    EXPECT_NE(a, b);
    EXPECT_EQ(a, random_permutation({1, 0}, Purpose::trial_order, 1000));
    EXPECT_FALSE(std::is_sorted(a.begin(), a.end()));

    std::sort(a.begin(), a.end());

    for (std::uint32_t i = 0; i < 1000; ++i) {
        EXPECT_EQ(a[i], i);
    }
}

}  // namespace
}  // namespace shoal
