// SPDX-License-Identifier: MIT
// Every operation that can be launched: a kernel body with its arguments, how many threads a block
// may have and how many blocks a multiprocessor must hold (launch bounds, from which the budget of
// registers follows: register_budget()). Plain structs, passed to the device as kernel parameters.
// The lists at the end say for which template arguments; all that is compiled or tested for every
// kernel follows from them: nvcc's units, the emulator's launches, and the test of registers.
#pragma once

#include "kernels/advance.hpp"
#include "kernels/draw_trials.hpp"
#include "kernels/force_on_chip.hpp"
#include "kernels/multiply.hpp"
#include "kernels/simulate_on_chip.hpp"
#include "kernels/streamed_squares.hpp"
#include "kernels/streamed_trial.hpp"
#include "launch/gradient_operations.hpp"

namespace shoal::cuda::operation {

template <class Shape>
struct TrainOnChip {
    static constexpr const char* name = "force_on_chip";
    static constexpr int threads_at_most = Shape::most_threads;
    static constexpr int blocks_at_least = Shape::blocks;
    ForceOnChipArguments arguments;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        force_on_chip<Shape>(g, arguments);
    }
};

template <class Shape>
struct SimulateOnChip {
    static constexpr const char* name = "simulate_on_chip";
    static constexpr int threads_at_most = Shape::most_threads;
    static constexpr int blocks_at_least = Shape::blocks;
    SimulateOnChipArguments arguments;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        simulate_on_chip<Shape>(g, arguments);
    }
};

template <typename T>
struct DrawTrials {
    static constexpr const char* name = "draw_trials";
    static constexpr int threads_at_most = 128;
    static constexpr int blocks_at_least = 4;
    const TrialOrder<T>* orders;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        draw_trials(g, orders);
    }
};

template <typename T>
struct Multiply {
    static constexpr const char* name = "multiply";
    static constexpr int threads_at_most = ProductTile<T>::threads;
    static constexpr int blocks_at_least = 8;
    const ProductTile<T>* tiles;
    const ProductColumn<T>* columns;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        multiply(g, tiles, columns);
    }
};

template <typename T>
struct BeginRun {
    static constexpr const char* name = "begin_run";
    static constexpr int threads_at_most = AdvanceArguments<T>::threads;
    static constexpr int blocks_at_least = 4;
    const Run<T>* runs;
    const Condition<T>* conditions;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        begin_run(g, runs, conditions);
    }
};

template <typename T>
struct Advance {
    static constexpr const char* name = "advance";
    static constexpr int threads_at_most = AdvanceArguments<T>::threads;
    static constexpr int blocks_at_least = 2;
    AdvanceArguments<T> arguments;
    int t;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        advance(g, arguments, t);
    }
};

template <typename T>
struct Gain {
    static constexpr const char* name = "gain";
    static constexpr int threads_at_most = GainLaunch<T>::threads;
    static constexpr int blocks_at_least = sizeof(T) == 4 ? 2 : 1;
    const StreamedNetwork<T>* members;
    int blocks_per_network;
    StepOfGroup at;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        gain(g, members, blocks_per_network, at);
    }
};

template <typename T>
struct Learn {
    static constexpr const char* name = "learn";
    static constexpr int threads_at_most = LearnLaunch<T>::threads;
    static constexpr int blocks_at_least = 2;
    const StreamedNetwork<T>* members;
    StepOfGroup at;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        learn(g, members, at);
    }
};

template <typename T>
struct Rewrite {
    static constexpr const char* name = "rewrite";
    static constexpr int threads_at_most = RewriteLaunch<T>::threads;
    static constexpr int blocks_at_least = sizeof(T) == 4 ? 2 : 1;
    const StreamedNetwork<T>* members;
    int blocks_per_network;
    StepOfGroup at;
    RewriteWhen when;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        rewrite(g, members, blocks_per_network, at, when);
    }
};

template <typename T>
struct BeginTrial {
    static constexpr const char* name = "begin_trial";
    static constexpr int threads_at_most = TrialFrame<T>::threads;
    static constexpr int blocks_at_least = 4;
    const TrialFrame<T>* frames;
    TrialSums sums;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        begin_trial(g, frames, sums);
    }
};

template <typename T>
struct EndTrial {
    static constexpr const char* name = "end_trial";
    static constexpr int threads_at_most = TrialFrame<T>::threads;
    static constexpr int blocks_at_least = 4;
    const TrialFrame<T>* frames;
    TrialSums sums;
    template <class Group>
    SHOAL_DEVICE void operator()(const Group& g) const {
        end_trial(g, frames, sums);
    }
};

}  // namespace shoal::cuda::operation

// Every kernel of FORCE and of simulations: X(Operation), a type of shoal::cuda::operation, for
// each. Those of one list are one unit of nvcc's.

#define SHOAL_TRAIN_ON_CHIP_KERNELS(X) \
    X(TrainOnChip<Tile32>)             \
    X(TrainOnChip<Tile64>)             \
    X(TrainOnChip<Tile128>)            \
    X(TrainOnChip<Tile204>)

#define SHOAL_SIMULATE_ON_CHIP_KERNELS(X) \
    X(SimulateOnChip<Tile32>)             \
    X(SimulateOnChip<Tile64>)             \
    X(SimulateOnChip<Tile128>)            \
    X(SimulateOnChip<Tile204>)

#define SHOAL_STREAMED_KERNELS_IN(X, T) \
    X(DrawTrials<T>)                    \
    X(Multiply<T>)                      \
    X(BeginRun<T>)                      \
    X(Advance<T>)                       \
    X(Gain<T>)                          \
    X(Learn<T>)                         \
    X(Rewrite<T>)                       \
    X(BeginTrial<T>)                    \
    X(EndTrial<T>)

#define SHOAL_STREAMED_KERNELS(X)       \
    SHOAL_STREAMED_KERNELS_IN(X, float) \
    SHOAL_STREAMED_KERNELS_IN(X, double)

#define SHOAL_FORCE_KERNELS(X)        \
    SHOAL_TRAIN_ON_CHIP_KERNELS(X)    \
    SHOAL_SIMULATE_ON_CHIP_KERNELS(X) \
    SHOAL_STREAMED_KERNELS(X)
