// SPDX-License-Identifier: MIT
// The operations of gradient training, as operations.hpp has those of FORCE.
#pragma once

#include "kernels/gradient_backward.hpp"
#include "kernels/gradient_forward.hpp"
#include "kernels/gradient_outer.hpp"
#include "kernels/gradient_update.hpp"

namespace shoal::cuda {

/// Up to 64 units, and 72 with inputs or outputs (80 in bf16): several blocks a multiprocessor.
template <class A>
using SmallGradient = GradientTile<A, A::width == 1 ? 9 : 5, 4, 4>;
/// Up to 128 units, and 136 (144 in bf16).
template <class A>
using MediumGradient = GradientTile<A, A::width == 1 ? 17 : 9, 8, 4>;
/// Any number; few trials at a time where many do not fit the shared memory.
template <class A>
using LargeGradient = GradientTile<A, 0, 8, 4>;
template <class A>
using HugeGradient = GradientTile<A, 0, 8, A::width>;

namespace operation {

struct GradientPack {
    static constexpr const char* name = "gradient_pack";
    static constexpr int threads_at_most = GradientUpdateLaunch::threads;
    static constexpr int blocks_at_least = 4;
    const GradientWork* works;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gradient_pack(g, works);
    }
};

template <class Tile>
struct GradientForward {
    static constexpr const char* name = "gradient_forward";
    static constexpr int threads_at_most = Tile::most_threads;
    static constexpr int blocks_at_least = Tile::forward_blocks;
    GradientArguments arguments;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gradient_forward<Tile>(g, arguments);
    }
};

template <class Tile>
struct GradientBackward {
    static constexpr const char* name = "gradient_backward";
    static constexpr int threads_at_most = Tile::most_threads;
    static constexpr int blocks_at_least = Tile::backward_blocks;
    GradientArguments arguments;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gradient_backward<Tile>(g, arguments);
    }
};

template <class Tile>
struct GradientOuter {
    static constexpr const char* name = "gradient_outer";
    static constexpr int threads_at_most = outer_threads;
    static constexpr int blocks_at_least = 4;
    GradientArguments arguments;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gradient_outer<Tile>(g, arguments);
    }
};

struct GradientUpdate {
    static constexpr const char* name = "gradient_update";
    static constexpr int threads_at_most = GradientUpdateLaunch::threads;
    static constexpr int blocks_at_least = 4;
    const GradientWork* works;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gradient_update(g, works);
    }
};

}  // namespace operation

// Every kernel of gradient training, as operations.hpp has those of FORCE.

#define SHOAL_FUSED_TILE_KERNELS(X, Tile) \
    X(GradientForward<Tile>)              \
    X(GradientBackward<Tile>)

/// Of a tile whose backward pass leaves dM to a kernel of its own (Tile::fused is false).
#define SHOAL_SPLIT_TILE_KERNELS(X, Tile) \
    SHOAL_FUSED_TILE_KERNELS(X, Tile)     \
    X(GradientOuter<Tile>)

/// Those of one arithmetic A.
#define SHOAL_GRADIENT_PASS_KERNELS(X, A)          \
    SHOAL_FUSED_TILE_KERNELS(X, SmallGradient<A>)  \
    SHOAL_FUSED_TILE_KERNELS(X, MediumGradient<A>) \
    SHOAL_SPLIT_TILE_KERNELS(X, LargeGradient<A>)  \
    SHOAL_SPLIT_TILE_KERNELS(X, HugeGradient<A>)

#define SHOAL_GRADIENT_WEIGHT_KERNELS(X) \
    X(GradientPack)                      \
    X(GradientUpdate)

#define SHOAL_GRADIENT_KERNELS(X)        \
    SHOAL_GRADIENT_WEIGHT_KERNELS(X)     \
    SHOAL_GRADIENT_PASS_KERNELS(X, Fp32) \
    SHOAL_GRADIENT_PASS_KERNELS(X, Tf32) \
    SHOAL_GRADIENT_PASS_KERNELS(X, Bf16)

}  // namespace shoal::cuda
