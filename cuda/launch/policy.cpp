// SPDX-License-Identifier: MIT
#include "launch/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "kernels/force_shared.hpp"
#include "kernels/recurrent_tile.hpp"
#include "kernels/simulation_shared.hpp"

namespace shoal::cuda {
namespace {

/// What a tile of registers means for a launch.
struct Tile {
    Route route;
    int units_at_most;
    int columns;
    int most_threads;
    int blocks;
    int (*threads)(int units);
};

template <class Shape>
constexpr Tile describe(Route route) {
    return {route,         Shape::units_at_most(), Shape::columns, Shape::most_threads,
            Shape::blocks, &Shape::threads};
}

constexpr Tile tiles[] = {describe<Tile32>(Route::tile32), describe<Tile64>(Route::tile64),
                          describe<Tile128>(Route::tile128), describe<Tile204>(Route::tile204)};

const Tile* tile_for(int units) {
    const auto* found = std::find_if(std::begin(tiles), std::end(tiles),
                                     [&](const Tile& tile) { return units <= tile.units_at_most; });
    return found == std::end(tiles) ? nullptr : found;
}

/// One step of a network, an update included, is counted as 4 us: several times what the operations
/// of 204 units take on the slowest card here. This many of them are half a second.
constexpr int steps_per_launch = 125000;

/// Blocks that one multiprocessor holds at a time. CUDA keeps 1 KB of shared memory per block for
/// itself.
int blocks_per_multiprocessor(const Tile& tile, int threads, int shared_bytes,
                              const DeviceLimits& limits) {
    const int by_registers =
        limits.registers_per_multiprocessor / (register_budget(tile.route) * threads);
    const int by_shared = limits.shared_per_multiprocessor / (shared_bytes + 1024);
    const int by_threads = limits.threads_per_multiprocessor / threads;
    return std::max(1, std::min({by_registers, by_shared, by_threads, 32}));
}

}  // namespace

DeviceLimits typical_limits(int capability) {
    constexpr std::uint64_t gib = std::uint64_t{1} << 30;
    constexpr int kib = 1024;
    constexpr int registers = 65536;
    switch (capability) {
        case 80:
            return {"A100", 80, 108, 163 * kib, 164 * kib, 2048, registers, 40 * gib};
        case 86:
            return {"RTX 3090", 86, 82, 99 * kib, 100 * kib, 1536, registers, 24 * gib};
        case 89:
            return {"RTX 4090", 89, 128, 99 * kib, 100 * kib, 1536, registers, 24 * gib};
        case 90:
            return {"H100", 90, 132, 227 * kib, 228 * kib, 2048, registers, 80 * gib};
        case 120:
            return {"RTX 5090", 120, 170, 99 * kib, 100 * kib, 1536, registers, 32 * gib};
        default:
            throw usage_error(
                fmt::format("compute capability {}: known are 80, 86, 89, 90 and 120", capability));
    }
}

const char* name_of(Route route) {
    switch (route) {
        case Route::tile32:
            return "tile32";
        case Route::tile64:
            return "tile64";
        case Route::tile128:
            return "tile128";
        case Route::tile204:
            return "tile204";
        default:
            return "streamed";
    }
}

int register_budget(int threads, int blocks) {
    // Each of the four schedulers has a quarter of the registers, dealt to warps in units of 8.
    const int warps = (blocks * (threads / warp_size) + 3) / 4;
    return std::min(255, 65536 / 4 / warps / warp_size / 8 * 8);
}

int register_budget(Route route) {
    const auto* tile = std::find_if(std::begin(tiles), std::end(tiles),
                                    [&](const Tile& each) { return each.route == route; });
    check(tile != std::end(tiles), "register_budget: not an on-chip route");
    return register_budget(tile->most_threads, tile->blocks);
}

ForcePolicy force_policy(const ForceShape& shape, const DeviceLimits& limits) {
    ForcePolicy policy;
    const Tile* tile = tile_for(shape.units);
    if (shape.precision == Precision::fp64) {
        policy.reason = "fp64: J does not fit the registers";
    } else if (tile == nullptr) {
        policy.reason =
            fmt::format("{} units: J does not fit the registers of a block (at most {})",
                        shape.units, std::end(tiles)[-1].units_at_most);
    } else if (shape.groups_overlap) {
        policy.reason = "two readout groups learn at the same time: only one P fits";
    } else if (shape.outputs > tile->threads(shape.units) ||
               shape.inputs > tile->threads(shape.units)) {
        policy.reason = "more inputs or outputs than threads";
    } else {
        for (const bool gains_here : {true, false}) {
            const ForceSharedPlan plan(shape.units, shape.inputs, shape.outputs, tile->columns,
                                       gains_here);
            if (plan.bytes <= limits.shared_per_block) {
                policy.route = tile->route;
                policy.threads = tile->threads(shape.units);
                policy.shared_bytes = plan.bytes;
                policy.gains_in_shared = gains_here;
                policy.networks_at_once =
                    limits.multiprocessors *
                    blocks_per_multiprocessor(*tile, policy.threads, plan.bytes, limits);
                return policy;
            }
        }
        policy.reason = fmt::format("{} units: P does not fit {} KB of shared memory", shape.units,
                                    limits.shared_per_block / 1024);
    }
    // Streamed networks are many blocks each; a few of them fill the device.
    policy.networks_at_once = limits.multiprocessors;
    return policy;
}

int networks_per_launch(const ForcePolicy& policy, int steps) {
    const int rounds = std::max(1, steps_per_launch / std::max(1, steps));
    return rounds * policy.networks_at_once;
}

SimulationPolicy simulation_policy(int units, int inputs, int outputs, Precision precision,
                                   const DeviceLimits& limits) {
    SimulationPolicy policy;
    constexpr int condition_steps_per_launch =
        steps_per_launch / 2;  // other blocks wait their turn
    const Tile* tile = tile_for(units);
    if (precision == Precision::fp32 && tile != nullptr && outputs <= tile->threads(units) &&
        inputs <= tile->threads(units)) {
        for (int conditions = 16; conditions > 0; conditions /= 2) {
            const int bytes =
                simulation_shared_bytes(tile->route, units, inputs, outputs, conditions);
            if (bytes <= limits.shared_per_block) {
                return {tile->route, tile->threads(units), bytes, conditions,
                        condition_steps_per_launch / conditions};
            }
        }
    }
    policy.threads = 256;
    policy.conditions_per_block = 1;
    policy.steps_per_launch = 1;
    return policy;
}

int simulation_shared_bytes(Route route, int units, int inputs, int outputs, int conditions) {
    const auto* tile = std::find_if(std::begin(tiles), std::end(tiles),
                                    [&](const Tile& each) { return each.route == route; });
    check(tile != std::end(tiles), "simulation_shared_bytes: not an on-chip route");
    return SimulationSharedPlan(units, inputs, outputs, tile->columns, conditions).bytes;
}

int largest_on_chip(const DeviceLimits& limits) {
    int units = 1;
    while (force_policy({units + 1, 2, 3, false, Precision::fp32}, limits).route !=
           Route::streamed) {
        ++units;
    }
    return units;
}

}  // namespace shoal::cuda
