// SPDX-License-Identifier: MIT
#include "launch/gradient_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "launch/gradient_tiles.hpp"

namespace shoal::cuda {
namespace {

/// A multiprocessor is taken to do 40 GFLOP/s at least, a tenth of what the slowest here has in
/// fp32; a launch has two blocks for each, which may take half a second together.
constexpr double slowest_flops = 40e9;
constexpr double block_seconds = 0.25;

/// The layout with this tile, if the network fits.
template <class Tile>
bool try_tile(const GradientShape& shape, const DeviceLimits& limits, GradientPolicy& policy) {
    const int rows = shape.units + shape.outputs;
    const int columns = shape.units + shape.inputs + 1;
    policy.fused = Tile::fused;
    policy.tile_trials = Tile::trials;
    policy.tiles = (shape.batch + Tile::trials - 1) / Tile::trials;
    policy.matrix_rows = Tile::padded_rows(shape.units, shape.outputs);
    policy.matrix_columns =
        std::max(round_up(columns, Tile::depth), round_up(shape.units, tile_rows));
    policy.threads = Tile::warps_for(shape.units, shape.inputs) * warp_size;
    if (Tile::fused && (policy.threads > Tile::most_threads || shape.outputs > tile_rows ||
                        std::max(rows, columns) > Tile::k_tiles * Tile::depth)) {
        return false;
    }
    for (const bool here : {true, false}) {
        policy.state_here = here;
        policy.forward_bytes =
            ForwardPlan<Tile>(shape.units, shape.inputs, shape.outputs, here).bytes;
        policy.backward_bytes =
            BackwardPlan<Tile>(shape.units, shape.inputs, shape.outputs, here).bytes;
        if (std::max(policy.forward_bytes, policy.backward_bytes) <= limits.shared_per_block) {
            const int rounds = 2 * Tile::backward_blocks;
            policy.networks_at_once =
                std::max(1, rounds * limits.multiprocessors / std::max(1, policy.tiles));
            return true;
        }
    }
    return false;
}

/// Steps of a launch, so that its history fits a quarter of the memory, and its time half a second.
int segment_steps(const GradientShape& shape, const GradientPolicy& policy,
                  const DeviceLimits& limits) {
    const double flops_of_step =
        4.0 * policy.matrix_rows * policy.matrix_columns * policy.tile_trials;
    const double in_time = std::max(1.0, block_seconds * slowest_flops / flops_of_step);
    const double budget = static_cast<double>(limits.memory) / 4 / policy.networks_at_once;
    GradientPolicy tried = policy;
    tried.segment_steps = static_cast<int>(std::min<double>(shape.steps, in_time));
    while (tried.segment_steps > 8 &&
           static_cast<double>(GradientScratch(shape, tried).size) > budget) {
        tried.segment_steps = (tried.segment_steps + 1) / 2;
    }
    return std::max(1, tried.segment_steps);
}

}  // namespace

const char* name_of(GradientRoute route) {
    switch (route) {
        case GradientRoute::small:
            return "small";
        case GradientRoute::medium:
            return "medium";
        case GradientRoute::large:
            return "large";
        default:
            return "huge";
    }
}

GradientPolicy gradient_policy(const GradientShape& shape, Precision precision,
                               const DeviceLimits& limits) {
    if (precision == Precision::fp64) {
        throw usage_error(
            "--backend cuda: gradient training in fp32, tf32 or bf16; fp64 is done by --backend "
            "cpu or reference");
    }
    GradientPolicy policy;
    policy.precision = precision;
    for (const GradientRoute route :
         {GradientRoute::small, GradientRoute::medium, GradientRoute::large, GradientRoute::huge}) {
        policy.route = route;
        const bool fits = visit_gradient_tile(precision, route, [&]<class Tile>(Tile) {
            return try_tile<Tile>(shape, limits, policy);
        });
        if (fits) {
            policy.segment_steps = segment_steps(shape, policy, limits);
            return policy;
        }
    }
    throw usage_error(fmt::format(
        "--backend cuda: gradient training of {} units does not fit the {} KB of shared memory a "
        "block has on {}; use --backend cpu",
        shape.units, limits.shared_per_block / 1024, limits.name));
}

GradientScratch::GradientScratch(const GradientShape& shape, const GradientPolicy& policy) {
    const auto number = [](int i) { return static_cast<std::size_t>(i); };
    const std::size_t element = policy.precision == Precision::bf16 ? 2 : 4;
    const std::size_t trials = number(policy.tiles) * number(policy.tile_trials);
    const std::size_t units = number(shape.units);
    const std::size_t rows = number(policy.matrix_rows);
    const std::size_t steps = number(policy.segment_steps);
    const std::size_t segments = (number(shape.steps) + steps - 1) / steps;
    const std::size_t matrix_size = rows * number(policy.matrix_columns);
    std::size_t at = 0;
    const auto place = [&at](std::size_t bytes) {
        const std::size_t here = at;
        at += (bytes + 255) / 256 * 256;
        return here;
    };
    matrix = place(matrix_size * 4);
    checkpoints = place((segments - 1) * units * trials * 4);
    // Rows of the widest stride: eight words more than the trials of a tile.
    state = place(policy.state_here
                      ? 0
                      : number(policy.tiles) * units * (number(policy.tile_trials) + 8) * 4);
    rates = place((steps + 1) * units * trials * element);
    squashed = place(steps * units * trials * element);
    errors = place(policy.fused ? 0 : (steps + 1) * rows * trials * element);
    slopes = place(number(shape.steps) * number(shape.outputs) * trials * 4);
    losses = place(number(shape.steps) * trials * 4);
    carried_lambda = place(units * trials * 4);
    carried_error = place(units * trials * 4);
    partials = place((policy.fused ? number(policy.tiles) : 1) * matrix_size * 4);
    initial = place(number(policy.tiles) * units * 4);
    rate_sums = place(number(policy.tiles) * number(policy.threads) * 8);
    left_range = place(number(policy.tiles) * 4);
    gradient = place(WeightLayout(shape).size * 4);
    size = at;
}

}  // namespace shoal::cuda
