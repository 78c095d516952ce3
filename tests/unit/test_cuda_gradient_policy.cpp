// SPDX-License-Identifier: MIT
// How gradient training is laid out on a device, for every kind of card, without any of them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "kernels/gradient_arithmetic.hpp"
#include "launch/gradient_policy.hpp"

namespace shoal::cuda {
namespace {

constexpr int all_capabilities[] = {80, 86, 89, 90, 120};
constexpr Precision precisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

GradientShape shape(int units, int batch = 64) {
    return {units, 2, 3, 100, batch, 0};
}

TEST(CudaGradientPolicy, RoutesBySize) {
    for (const Precision precision : precisions) {
        const auto route = [&](int units) {
            return gradient_policy(shape(units), precision, typical_limits(90)).route;
        };
        EXPECT_EQ(route(1), GradientRoute::small);
        EXPECT_EQ(route(64), GradientRoute::small);
        EXPECT_EQ(route(65), GradientRoute::medium);
        EXPECT_EQ(route(128), GradientRoute::medium);
        EXPECT_EQ(route(129), GradientRoute::large);
        EXPECT_EQ(route(256), GradientRoute::large);
    }
}

/// 128 units and 2 inputs: 136 columns of 40 words for each of two operands, z of 8 warps x 3 x 32
/// and states 128 x 40: (136 x 40 + 768) x 4 x 2 + 20,480 = 70,144 bytes forward.
/// Backward: errors 144 x 40, drive 136 x 36, lambda 128 x 40:
/// (5,760 + 4,896) x 4 x 2 + 20,480 = 105,728: more than the 101,376 of the smaller cards, where
/// lambda goes to device memory.
TEST(CudaGradientPolicy, SharedMemoryOfTheMediumTile) {
    for (const int capability : all_capabilities) {
        const bool roomy = capability == 80 || capability == 90;
        const auto policy =
            gradient_policy(shape(128), Precision::tf32, typical_limits(capability));
        EXPECT_EQ(policy.route, GradientRoute::medium);
        EXPECT_EQ(policy.threads, 256);
        EXPECT_EQ(policy.tiles, 2);
        EXPECT_EQ(policy.state_here, roomy) << capability;
        EXPECT_EQ(policy.forward_bytes, roomy ? 70144 : 70144 - 20480);
        EXPECT_EQ(policy.backward_bytes, roomy ? 105728 : 105728 - 20480);
    }
}

TEST(CudaGradientPolicy, EveryShapeFitsEveryDevice) {
    for (const int capability : all_capabilities) {
        const auto limits = typical_limits(capability);
        for (const Precision precision : precisions) {
            for (int units = 1; units <= 1024; units += units < 300 ? 1 : 4) {
                for (const int inputs : {0, 1, 17, 40}) {
                    for (const int outputs : {1, 10}) {
                        const GradientShape its{units, inputs, outputs, 100, 33, 0};
                        const auto policy = gradient_policy(its, precision, limits);
                        SCOPED_TRACE(testing::Message() << capability << " " << units << " "
                                                        << inputs << " " << outputs);
                        ASSERT_LE(policy.forward_bytes, limits.shared_per_block);
                        ASSERT_LE(policy.backward_bytes, limits.shared_per_block);
                        ASSERT_GE(policy.tiles * policy.tile_trials, its.batch);
                        ASSERT_LE(policy.threads, 256);
                        ASSERT_EQ(policy.threads % warp_size, 0);
                        ASSERT_GE(policy.matrix_rows, units + outputs);
                        ASSERT_GE(policy.matrix_columns, units + inputs + 1);
                        ASSERT_GE(policy.segment_steps, 1);
                        ASSERT_LE(policy.segment_steps, its.steps);
                        // A warp for every 16 units where dM stays in registers.
                        ASSERT_TRUE(!policy.fused || policy.threads / 2 >= units);
                    }
                }
            }
        }
    }
}

TEST(CudaGradientPolicy, HistoryFitsAQuarterOfTheMemory) {
    auto limits = typical_limits(89);
    const auto bytes = [&](const GradientPolicy& policy) {
        return GradientScratch(shape(128), policy).size *
               static_cast<std::size_t>(policy.networks_at_once);
    };
    const auto whole = gradient_policy(shape(128), Precision::fp32, limits);
    EXPECT_EQ(whole.segment_steps, 100);
    EXPECT_LE(bytes(whole), limits.memory / 4);
    limits.memory /= 32;
    const auto parts = gradient_policy(shape(128), Precision::fp32, limits);
    EXPECT_LT(parts.segment_steps, 100);
    EXPECT_LE(bytes(parts), limits.memory / 4);
}

/// A launch has two rounds of blocks; a block's share of a multiprocessor is its operations at 40
/// GFLOP/s, 1/4 s at most.
TEST(CudaGradientPolicy, NoLaunchLastsOverHalfASecond) {
    for (const int units : {128, 256, 1024}) {
        const GradientShape its{units, 2, 3, 5000, 64, 0};
        const auto policy = gradient_policy(its, Precision::fp32, typical_limits(90));
        const double flops = 4.0 * policy.matrix_rows * policy.matrix_columns * policy.tile_trials *
                             policy.segment_steps;
        EXPECT_LE(flops / 40e9, 0.25) << units;
    }
}

TEST(CudaGradientPolicy, RefusesWhatItCannotDo) {
    EXPECT_THROW(gradient_policy(shape(32), Precision::fp64, typical_limits(90)), Error);
    EXPECT_THROW(gradient_policy(shape(20000), Precision::bf16, typical_limits(90)), Error);
}

// ---- rounding of operands

TEST(CudaGradientArithmetic, RoundsToNearest) {
    EXPECT_EQ(Tf32::narrow(1.0f), 1.0f);
    EXPECT_EQ(Tf32::narrow(1.0f + 0x1p-11f), 1.0f + 0x1p-10f);  // a tie, away from 0
    EXPECT_EQ(Tf32::narrow(-1.0f - 0x1p-11f), -1.0f - 0x1p-10f);
    EXPECT_EQ(Tf32::narrow(1.0f + 0x1.8p-12f), 1.0f);
    EXPECT_EQ(Bf16::widen(Bf16::narrow(1.0f + 0x1p-8f)), 1.0f);  // a tie, to even
    EXPECT_EQ(Bf16::widen(Bf16::narrow(1.0f + 0x3p-8f)), 1.0f + 0x4p-8f);
    EXPECT_EQ(Bf16::widen(Bf16::narrow(-3.0f)), -3.0f);
    EXPECT_EQ(Fp32::narrow(0.1f), 0.1f);
    for (const std::uint32_t bits : {0x7fffffffu, 0xffffffffu, 0x7f800001u}) {
        EXPECT_TRUE(std::isnan(Tf32::narrow(float_of(bits))));
        EXPECT_TRUE(std::isnan(Bf16::widen(Bf16::narrow(float_of(bits)))));
    }
    EXPECT_TRUE(std::isinf(Tf32::narrow(INFINITY)));
    EXPECT_TRUE(std::isinf(Bf16::widen(Bf16::narrow(-INFINITY))));
}

}  // namespace
}  // namespace shoal::cuda
