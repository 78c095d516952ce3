// SPDX-License-Identifier: MIT
// How the cuda backend lays out work, for every kind of card, without any of them.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "kernels/force_shared.hpp"
#include "kernels/recurrent_tile.hpp"
#include "launch/policy.hpp"

namespace shoal::cuda {
namespace {

constexpr int capabilities[] = {80, 86, 89, 90, 120};
constexpr Route on_chip[] = {Route::tile32, Route::tile64, Route::tile128, Route::tile204};

/// The published task: 2 inputs, 3 outputs.
ForceShape published(int units) {
    return {units, 2, 3, false, Precision::fp32};
}

TEST(CudaPolicy, RoutesBySize) {
    const auto route = [](int units) {
        return force_policy(published(units), typical_limits(90)).route;
    };
    EXPECT_EQ(route(1), Route::tile32);
    EXPECT_EQ(route(32), Route::tile32);
    EXPECT_EQ(route(33), Route::tile64);
    EXPECT_EQ(route(64), Route::tile64);
    EXPECT_EQ(route(65), Route::tile128);
    EXPECT_EQ(route(128), Route::tile128);
    EXPECT_EQ(route(129), Route::tile204);
    EXPECT_EQ(route(204), Route::tile204);
    EXPECT_EQ(route(205), Route::streamed);
    EXPECT_EQ(route(2048), Route::streamed);
}

/// 204 everywhere: 384 threads hold 2 rows a thread of 4 lanes, 96 x 2 = 192, and 12 warps a row
/// each. Where a block has 99 KB = 101,376 bytes, P of 204 units takes 204 x 205 / 2 x 4 = 83,640,
/// weights, rates and partial sums 15,272; 98,912 in all, without the pending gains
/// (32 x 224 x 4 = 28,672), which stand in device memory.
TEST(CudaPolicy, LargestOnChip) {
    for (const int capability : capabilities) {
        const auto limits = typical_limits(capability);
        EXPECT_EQ(largest_on_chip(limits), 204) << capability;
        const bool roomy = capability == 80 || capability == 90;
        const ForcePolicy policy = force_policy(published(204), limits);
        EXPECT_EQ(policy.gains_in_shared, roomy);
        EXPECT_EQ(policy.shared_bytes, roomy ? 98912 + 28672 : 98912);
        // The largest whose gains still have room in 99 KB.
        EXPECT_TRUE(force_policy(published(178), limits).gains_in_shared);
        EXPECT_EQ(force_policy(published(179), limits).gains_in_shared, roomy);
    }
}

TEST(CudaPolicy, EveryShapeFitsEveryDevice) {
    int taken_on_chip = 0;
    for (const int capability : capabilities) {
        const auto limits = typical_limits(capability);
        for (int units = 1; units <= 400; ++units) {
            for (const int inputs : {0, 1, 2, 17, 500}) {
                for (const int outputs : {1, 3, 10, 33, 200, 500}) {
                    const ForcePolicy policy =
                        force_policy({units, inputs, outputs, false, Precision::fp32}, limits);
                    ASSERT_GT(policy.networks_at_once, 0);
                    ASSERT_EQ(policy.route == Route::streamed, !policy.reason.empty()) << units;
                    if (policy.route == Route::streamed) {
                        continue;
                    }
                    ++taken_on_chip;
                    const int padded = ForceSharedPlan::padded_units(units);
                    ASSERT_LE(policy.shared_bytes, limits.shared_per_block) << units;
                    ASSERT_EQ(policy.threads % warp_size, 0);
                    // A thread a unit and one for each output and input.
                    ASSERT_GE(policy.threads, padded);
                    ASSERT_GE(policy.threads, outputs);
                    ASSERT_GE(policy.threads, inputs);
                    // One multiprocessor holds what networks_at_once counts on.
                    const int blocks = policy.networks_at_once / limits.multiprocessors;
                    ASSERT_EQ(blocks * limits.multiprocessors, policy.networks_at_once);
                    ASSERT_LE(blocks * policy.threads * register_budget(policy.route), 65536);
                    ASSERT_LE(blocks * (policy.shared_bytes + 1024),
                              limits.shared_per_multiprocessor);
                    ASSERT_LE(blocks * policy.threads, limits.threads_per_multiprocessor);
                }
            }
        }
    }
    EXPECT_GT(taken_on_chip, 5 * 204);
}

template <class Shape>
void expect_launch_bounds_fit(Route route) {
    const int registers = register_budget(route);
    EXPECT_EQ(registers, register_budget(Shape::most_threads, Shape::blocks));
    EXPECT_EQ(registers % 8, 0);
    EXPECT_LE(registers, 255);
    EXPECT_LE(registers * Shape::most_threads * Shape::blocks, 65536) << name_of(route);
    // Each of the four schedulers has a quarter, and whole warps.
    const int warps = (Shape::most_threads / warp_size * Shape::blocks + 3) / 4;
    EXPECT_LE(registers * warps * warp_size, 65536 / 4) << name_of(route);
    // J's own part leaves room to compute with.
    EXPECT_LE(Shape::rows * Shape::chunks * 4 + (Shape::tail ? Shape::columns / warp_size + 1 : 0),
              registers - 32)
        << name_of(route);
    for (int units = 1; units <= Shape::units_at_most(); ++units) {
        const int rows = Shape::threads(units) / Shape::lanes * Shape::rows +
                         (Shape::tail ? Shape::threads(units) / warp_size : 0);
        ASSERT_GE(rows, units) << name_of(route);
        ASSERT_LE(Shape::threads(units), Shape::most_threads);
    }
}

TEST(CudaPolicy, LaunchBoundsFitTheRegisters) {
    expect_launch_bounds_fit<Tile32>(Route::tile32);
    expect_launch_bounds_fit<Tile64>(Route::tile64);
    expect_launch_bounds_fit<Tile128>(Route::tile128);
    expect_launch_bounds_fit<Tile204>(Route::tile204);
    EXPECT_EQ(register_budget(Route::tile204), 168);
}

TEST(CudaPolicy, ReasonsForNotBeingOnChip) {
    const auto reason = [](const ForceShape& shape, int capability = 90) {
        const ForcePolicy policy = force_policy(shape, typical_limits(capability));
        EXPECT_EQ(policy.route, Route::streamed);
        return policy.reason;
    };
    EXPECT_EQ(reason({205, 2, 3, false, Precision::fp32}),
              "205 units: J does not fit the registers of a block (at most 204)");
    EXPECT_EQ(reason({33, 2, 3, false, Precision::fp64}), "fp64: J does not fit the registers");
    EXPECT_EQ(reason({33, 2, 3, true, Precision::fp32}),
              "two readout groups learn at the same time: only one P fits");
    EXPECT_EQ(reason({1, 33, 3, false, Precision::fp32}), "more inputs or outputs than threads");
    EXPECT_EQ(reason({1, 2, 33, false, Precision::fp32}), "more inputs or outputs than threads");
    EXPECT_EQ(reason({200, 2, 10, false, Precision::fp32}, 86),
              "200 units: P does not fit 99 KB of shared memory");
    EXPECT_EQ(force_policy({200, 2, 10, false, Precision::fp32}, typical_limits(90)).route,
              Route::tile204);
}

/// Places of a plan, in order of their offsets, do not overlap and are aligned for loads of four.
TEST(CudaPolicy, PartsOfSharedMemoryDoNotOverlap) {
    for (const int units : {1, 31, 32, 33, 100, 128, 200, 204}) {
        const int columns = units <= 32 ? 32 : units <= 128 ? 128 : 208;
        const ForceSharedPlan plan(units, 2, 3, columns, true);
        const int padded = ForceSharedPlan::padded_units(units);
        const std::pair<int, int> parts[] = {{plan.p, units * (units + 1) / 2},
                                             {plan.rates, 2 * columns},
                                             {plan.readout, 3 * units},
                                             {plan.feedback, 3 * units},
                                             {plan.input, 2 * units},
                                             {plan.output, 3},
                                             {plan.drive, 2},
                                             {plan.sums, 4 * warp_size},
                                             {plan.strips, padded / warp_size * padded},
                                             {plan.inverse, max_pending_updates},
                                             {plan.projection, max_pending_updates},
                                             {plan.gains, max_pending_updates * padded}};
        int end = 0;
        for (const auto& [begin, numbers] : parts) {
            EXPECT_EQ(begin % 16, 0) << units;
            EXPECT_GE(begin, end) << units;
            end = begin + 4 * numbers;
        }
        EXPECT_LE(end, plan.bytes) << units;
        EXPECT_EQ(ForceSharedPlan(units, 2, 3, columns, false).gains, -1);
    }
}

TEST(CudaPolicy, Simulation) {
    for (const int capability : capabilities) {
        const auto limits = typical_limits(capability);
        for (int units = 1; units <= 400; ++units) {
            for (const int outputs : {1, 3, 40, 200, 500}) {
                const SimulationPolicy policy =
                    simulation_policy(units, 2, outputs, Precision::fp32, limits);
                ASSERT_GE(policy.conditions_per_block, 1);
                ASSERT_GE(policy.steps_per_launch, 1);
                if (policy.route == Route::streamed) {
                    continue;
                }
                ASSERT_LE(policy.shared_bytes, limits.shared_per_block);
                ASSERT_EQ(policy.shared_bytes,
                          simulation_shared_bytes(policy.route, units, 2, outputs,
                                                  policy.conditions_per_block));
                // 0.5 s at 4 us for a step of one condition.
                ASSERT_LE(policy.conditions_per_block * policy.steps_per_launch, 125000);
            }
            const auto route = simulation_policy(units, 2, 3, Precision::fp32, limits).route;
            ASSERT_EQ(route, force_policy(published(units), limits).route) << units;
            ASSERT_EQ(simulation_policy(units, 2, 3, Precision::fp64, limits).route,
                      Route::streamed);
        }
        EXPECT_EQ(simulation_policy(200, 2, 3, Precision::fp32, limits).conditions_per_block, 16);
    }
    // More outputs, fewer conditions.
    EXPECT_LT(
        simulation_policy(30, 2, 120, Precision::fp32, typical_limits(90)).conditions_per_block,
        16);
    EXPECT_THROW(simulation_shared_bytes(Route::streamed, 30, 2, 3, 1), std::logic_error);
}

TEST(CudaPolicy, NamesAndKnownDevices) {
    EXPECT_STREQ(name_of(Route::tile32), "tile32");
    EXPECT_STREQ(name_of(Route::streamed), "streamed");
    for (const int capability : capabilities) {
        EXPECT_EQ(typical_limits(capability).capability, capability);
    }
    EXPECT_THROW(typical_limits(70), Error);
    for (const Route route : on_chip) {
        EXPECT_GE(register_budget(route), 96);
    }
}

}  // namespace
}  // namespace shoal::cuda
