// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/text.hpp"

namespace shoal {
namespace {

TEST(ThreeDigits, AtAnySize) {
    EXPECT_EQ(three_digits(1.2e6), "1.20 M");
    EXPECT_EQ(three_digits(4321.0), "4.32 k");
    EXPECT_EQ(three_digits(43211.0), "43.2 k");
    EXPECT_EQ(three_digits(340.0), "340");
    EXPECT_EQ(three_digits(34.0), "34.0");
    EXPECT_EQ(three_digits(1.0), "1.00");
    EXPECT_EQ(three_digits(0.0215), "0.0215");
    EXPECT_EQ(three_digits(0.02), "0.0200");
    EXPECT_EQ(three_digits(7.654e9), "7.65 G");
    EXPECT_EQ(three_digits(0.0), "0.00");
}

TEST(ThreeDigits, RoundsBeforeItChoosesTheUnit) {
    EXPECT_EQ(three_digits(999.4), "999");
    EXPECT_EQ(three_digits(999.6), "1.00 k");
    EXPECT_EQ(three_digits(999600.0), "1.00 M");
    EXPECT_EQ(three_digits(9.996), "10.0");
    EXPECT_EQ(three_digits(0.9996), "1.00");
}

TEST(ThreeDigits, BeyondTheLastPrefix) {
    EXPECT_EQ(three_digits(1.5e18), "1500 P");
}

}  // namespace
}  // namespace shoal
