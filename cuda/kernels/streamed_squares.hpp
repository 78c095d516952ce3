// SPDX-License-Identifier: MIT
// Recursive least squares at sizes whose P stays in device memory (host/MATHEMATICS.md, A.5). P is
// packed: the tiles of 32 by 32 of its lower half, strip of 32 columns by strip, from the diagonal
// down; a tile is [column][row], diagonal tiles are whole. Within an epoch P is read once an
// update; it is rewritten once at the end. CPU twin: host/backend/cpu/least_squares_inl.hpp.
#pragma once

#include "backend/readout_groups.hpp"
#include "kernels/arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

inline constexpr int square_side = warp_size;

SHOAL_HD inline int square_blocks(int units) {
    return (units + square_side - 1) / square_side;
}
/// Where the tile of row block i and column block j <= i starts, in numbers.
SHOAL_HD inline std::int64_t square_offset(int i, int j, int blocks) {
    return (std::int64_t{j} * blocks - j * (j - 1) / 2 + (i - j)) * square_side * square_side;
}
/// Numbers in one P.
SHOAL_HD inline std::int64_t square_size(int units) {
    const std::int64_t blocks = square_blocks(units);
    return blocks * (blocks + 1) / 2 * square_side * square_side;
}

/// One network of a streamed trial.
template <typename T>
struct StreamedNetwork {
    ForceNetwork<T> network;
    TrialData<T> trial;
    const GroupStep* plan = nullptr;   ///< [time, group]
    const T* rates = nullptr;          ///< r, [unit]
    const int* diverged_at = nullptr;  ///< below 0 while in range
    T* strips = nullptr;               ///< [block, padded unit]: parts of P r along rows
    T* columns = nullptr;              ///< [padded unit]: parts of P r along columns
    T* gains = nullptr;                ///< k, [group, max_pending_updates, padded unit]
    T* inverse = nullptr;              ///< 1 / c, [group, max_pending_updates]
};

/// The step of a trial that a launch is for.
struct StepOfGroup {
    int t = 0;
    int group = 0;
};

/// A network's plan for a step, or nothing to do where its trial is over or it left the range.
template <typename T>
SHOAL_DEVICE GroupStep plan_of(const StreamedNetwork<T>& member, StepOfGroup at) {
    if (at.t >= member.trial.steps || at.group >= member.network.groups ||
        *member.diverged_at >= 0) {
        return {};
    }
    return member.plan[at.t * member.network.groups + at.group];
}

template <typename T>
SHOAL_DEVICE T* matrix_of(const StreamedNetwork<T>& member, int group) {
    return member.network.inverse_correlation + group * member.network.group_size;
}

template <typename T, class Group>
SHOAL_DEVICE auto gains_of(const Group& g, const StreamedNetwork<T>& member, int group) {
    const int count =
        max_pending_updates * square_blocks(member.network.weights.units) * square_side;
    return g.global(member.gains + std::int64_t{group} * count, count);
}

/// Sums 32 columns over the 32 lanes at once: in each round a lane gives half of its columns away.
/// In the end lane c has the sum of column c in sum[0]. (A template, so that every index is known.)
template <int Half, typename T, class Group>
SHOAL_DEVICE void sum_over_lanes(const Group& g, T (&sum)[square_side]) {
    const bool upper = (g.lane() & Half) != 0;
    SHOAL_UNROLL for (int c = 0; c < Half; ++c) {
        const T low = sum[c];
        const T high = sum[c + Half];
        sum[c] = (upper ? high : low) + g.shuffle_xor(upper ? low : high, Half, full_warp);
    }
    if constexpr (Half > 1) {
        sum_over_lanes<Half / 2>(g, sum);
    }
}

/// The parts of P r that column strip `j` gives: strips[j] along rows, columns[32 j ...] along
/// columns. `own_rates`: shared memory for r of the strip's columns, and for `sums` behind it.
template <typename T, class Group, class View>
SHOAL_DEVICE void multiply_strip(const Group& g, const StreamedNetwork<T>& member, StepOfGroup at,
                                 int j, const View& own_rates) {
    const int n = member.network.weights.units;
    const int blocks = square_blocks(n);
    const auto p =
        g.global(static_cast<const T*>(matrix_of(member, at.group)), member.network.group_size);
    const auto rates = g.global(member.rates, n);
    const auto strip =
        g.global(member.strips, blocks * blocks * square_side) + j * blocks * square_side;
    const auto sums = own_rates + square_side;  // [warp][column]
    g.sync();
    if (g.rank() < square_side) {
        const int unit = j * square_side + g.rank();
        own_rates[g.rank()] = unit < n ? rates[unit] : T{0};
    }
    g.sync();
    T column_sum[square_side];
    SHOAL_UNROLL for (int c = 0; c < square_side; ++c) {
        column_sum[c] = 0;
    }
    SHOAL_UNROLL_BY(1) for (int i = j + g.warp(); i < blocks; i += g.warps()) {
        const auto tile = p + square_offset(i, j, blocks);
        const int unit = i * square_side + g.lane();
        // A diagonal tile holds both halves: its column sums would count it twice.
        const T r = i > j && unit < n ? rates[unit] : T{0};
        T row_sum = 0;
        SHOAL_UNROLL for (int c = 0; c < square_side; ++c) {
            const T entry = tile[c * square_side + g.lane()];
            row_sum = fused(entry, T{own_rates[c]}, row_sum);
            column_sum[c] = fused(entry, r, column_sum[c]);
        }
        strip[unit] = row_sum;
    }
    sum_over_lanes<square_side / 2>(g, column_sum);
    sums[g.warp() * square_side + g.lane()] = column_sum[0];
    g.sync();
    if (g.rank() < square_side) {
        T sum = 0;
        for (int warp = 0; warp < g.warps(); ++warp) {
            sum += sums[warp * square_side + g.rank()];
        }
        g.global(member.columns, blocks * square_side)[j * square_side + g.rank()] = sum;
    }
}

template <typename T>
struct GainLaunch {
    static constexpr int threads = 256;
    static constexpr int shared_bytes = (square_side + threads) * static_cast<int>(sizeof(T));
    /// Blocks for one network: strip j and strip blocks - 1 - j are one block's work, equal for
    /// all.
    static constexpr int blocks(int units) { return (square_blocks(units) + 1) / 2; }
};

/// Parts of P r of every network with an update at this step. Blocks: blocks_per_network for each.
template <typename T, class Group>
SHOAL_DEVICE void gain(const Group& g, const StreamedNetwork<T>* members, int blocks_per_network,
                       StepOfGroup at) {
    const StreamedNetwork<T>& member = members[g.block() / blocks_per_network];
    const int first = g.block() % blocks_per_network;
    const int last = square_blocks(member.network.weights.units) - 1 - first;
    if (plan_of(member, at).update < 0 || first > last) {
        return;
    }
    const auto shared = g.template shared<T>(0, square_side + GainLaunch<T>::threads);
    multiply_strip(g, member, at, first, shared);
    if (last > first) {
        multiply_strip(g, member, at, last, shared);
    }
}

template <typename T>
struct LearnLaunch {
    static constexpr int threads = 256;
    static constexpr int shared_bytes =
        (max_pending_updates + warp_size) * static_cast<int>(sizeof(T));
};

/// k and c of every network with an update at this step, kept pending, and the readout's step along
/// k. Blocks: one a network.
template <typename T, class Group>
SHOAL_DEVICE void learn(const Group& g, const StreamedNetwork<T>* members, StepOfGroup at) {
    const StreamedNetwork<T>& member = members[g.block()];
    const int updates = plan_of(member, at).update;
    if (updates < 0) {
        return;
    }
    const int n = member.network.weights.units;
    const int outputs = member.network.weights.outputs;
    const int blocks = square_blocks(n);
    const int padded = blocks * square_side;
    const auto projection = g.template shared<T>(0, max_pending_updates);
    const auto sums =
        g.template shared<T>(max_pending_updates * static_cast<int>(sizeof(T)), warp_size);
    const auto rates = g.global(member.rates, n);
    const auto gains = gains_of(g, member, at.group);
    const auto inverse =
        g.global(member.inverse + at.group * max_pending_updates, max_pending_updates);
    for (int m = g.warp(); m < updates; m += g.warps()) {
        T sum = 0;
        for (int i = g.lane(); i < n; i += warp_size) {
            sum = fused(T{gains[m * padded + i]}, T{rates[i]}, sum);
        }
        sum = g.warp_sum(sum);
        if (g.lane() == 0) {
            projection[m] = sum * inverse[m];
        }
    }
    g.sync();
    const auto strips = g.global(static_cast<const T*>(member.strips), blocks * padded);
    const auto columns = g.global(static_cast<const T*>(member.columns), padded);
    T product = 0;
    for (int i = g.rank(); i < padded; i += g.size()) {
        T k = 0;
        if (i < n) {
            k = columns[i];
            for (int j = 0; j <= i / square_side; ++j) {
                k += strips[j * padded + i];
            }
            for (int m = 0; m < updates; ++m) {
                k = fused(-projection[m], T{gains[m * padded + i]}, k);
            }
            product = fused(k, T{rates[i]}, product);
        }
        gains[updates * padded + i] = k;
    }
    product = g.warp_sum(product);
    if (g.lane() == 0) {
        sums[g.warp()] = product;
    }
    g.sync();
    const T c = T{1} + g.warp_sum(g.lane() < g.warps() ? T{sums[g.lane()]} : T{0});
    if (g.rank() == 0) {
        inverse[updates] = T{1} / c;
    }
    const auto targets = g.global(member.trial.targets + at.t * outputs, outputs);
    for (int o = 0; o < outputs; ++o) {
        if (member.network.group_of_output[o] == at.group) {
            const T factor = (member.network.output[o] - static_cast<T>(targets[o])) / c;
            const auto readout = g.global(member.network.readout + o * n, n);
            for (int i = g.rank(); i < n; i += g.size()) {
                readout[i] = fused(-factor, T{gains[updates * padded + i]}, T{readout[i]});
            }
        }
    }
}

template <typename T>
struct RewriteLaunch {
    static constexpr int threads = 256;
    static constexpr int shared_bytes =
        max_pending_updates * square_side * static_cast<int>(sizeof(T));
};

enum class RewriteWhen { before_update, at_epoch_end };

/// P -= sum of k k' / c over pending updates: summed up first and subtracted once, because each
/// term alone may be below half an ulp of its entry, and P would stall. Blocks: blocks_per_network
/// for each; one takes every blocks_per_network-th strip of columns.
template <typename T, class Group>
SHOAL_DEVICE void rewrite(const Group& g, const StreamedNetwork<T>* members, int blocks_per_network,
                          StepOfGroup at, RewriteWhen when) {
    const StreamedNetwork<T>& member = members[g.block() / blocks_per_network];
    const GroupStep plan = plan_of(member, at);
    const int updates = when == RewriteWhen::before_update ? plan.full : plan.ends;
    const int blocks = square_blocks(member.network.weights.units);
    if (updates == 0) {
        return;
    }
    const int padded = blocks * square_side;
    const auto p = g.global(matrix_of(member, at.group), member.network.group_size);
    const auto gains = gains_of(g, member, at.group);
    const auto inverse =
        g.global(member.inverse + at.group * max_pending_updates, max_pending_updates);
    const auto scaled = g.template shared<T>(0, max_pending_updates * square_side);
    SHOAL_UNROLL_BY(1)
    for (int j = g.block() % blocks_per_network; j < blocks; j += blocks_per_network) {
        g.sync();
        for (int at_gain = g.rank(); at_gain < updates * square_side; at_gain += g.size()) {
            const int m = at_gain / square_side;
            scaled[at_gain] =
                gains[m * padded + j * square_side + at_gain % square_side] * inverse[m];
        }
        g.sync();
        SHOAL_UNROLL_BY(1) for (int i = j + g.warp(); i < blocks; i += g.warps()) {
            T sum[square_side] = {};
            SHOAL_UNROLL_BY(1) for (int m = 0; m < updates; ++m) {
                const T k = gains[m * padded + i * square_side + g.lane()];
                SHOAL_UNROLL for (int c = 0; c < square_side; ++c) {
                    sum[c] = fused(k, T{scaled[m * square_side + c]}, sum[c]);
                }
            }
            const auto tile = p + square_offset(i, j, blocks);
            SHOAL_UNROLL for (int c = 0; c < square_side; ++c) {
                tile[c * square_side + g.lane()] -= sum[c];
            }
            if (i == j) {
                // The upper half of a diagonal tile rounded otherwise: it has to be what a saved
                // state, which keeps the lower half, is restored to.
                g.sync_warp();
                SHOAL_UNROLL_BY(1) for (int c = 1; c < square_side; ++c) {
                    if (g.lane() < c) {
                        tile[c * square_side + g.lane()] = T{tile[g.lane() * square_side + c]};
                    }
                }
            }
        }
    }
}

}  // namespace shoal::cuda
