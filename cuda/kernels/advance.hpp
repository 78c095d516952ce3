// SPDX-License-Identifier: MIT
// One Euler step of conditions whose J r is already there (host/MATHEMATICS.md, A.2), at sizes that
// stay in device memory. CPU twin: host/backend/cpu/step_inl.hpp.
#pragma once

#include "kernels/arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

template <typename T>
struct AdvanceArguments {
    static constexpr int threads = 256;

    const Run<T>* runs = nullptr;
    const Condition<T>* conditions = nullptr;  ///< [block]
    bool stop_when_diverged = false;           ///< leave a condition alone once it left the range
};

/// Shared memory: one row of partial sums of warps an output.
template <typename T>
SHOAL_HD int advance_shared_bytes(int outputs) {
    return outputs * warp_size * static_cast<int>(sizeof(T));
}

/// Computes r from the state, before the first step. Blocks: one a condition.
template <typename T, class Group>
SHOAL_DEVICE void begin_run(const Group& g, const Run<T>* runs, const Condition<T>* conditions) {
    const Condition<T>& condition = conditions[g.block()];
    const Weights<T>& w = runs[condition.run].weights;
    const auto state = g.global(condition.state, w.units);
    const auto rates = g.global(condition.rates, w.units);
    for (int i = g.rank(); i < w.units; i += g.size()) {
        rates[i] = rate_of(w.cell, T{state[i]});
    }
}

/// Blocks: one a condition; does step t unless the run is over.
template <typename T, class Group>
SHOAL_DEVICE void advance(const Group& g, const AdvanceArguments<T>& arguments, int t) {
    const Condition<T>& condition = arguments.conditions[g.block()];
    const Run<T>& run = arguments.runs[condition.run];
    const Weights<T>& w = run.weights;
    const int n = w.units;
    const auto diverged_at = g.global(condition.diverged_at, 1);
    const int diverged_before = diverged_at[0];
    if (t >= run.steps || (arguments.stop_when_diverged && diverged_before >= 0)) {
        return;
    }
    const auto sums = g.template shared<T>(0, w.outputs * warp_size);
    const auto state = g.global(condition.state, n);
    const auto rates = g.global(condition.rates, n);
    const auto product = g.global(condition.product, n);
    const auto z = g.global(condition.output, w.outputs);
    bool out = false;
    for (int i = g.rank(); i < n; i += g.size()) {
        T a = w.gain * product[i];
        for (int o = 0; w.feedback != nullptr && o < w.outputs; ++o) {
            a = fused(w.feedback[o * n + i], T{z[o]}, a);
        }
        for (int k = 0; k < w.inputs; ++k) {
            T u = 0;
            if (condition.inputs != nullptr) {
                u = condition.inputs[static_cast<std::int64_t>(t) * w.inputs + k];
            } else if (run.constant_input != nullptr) {
                u = run.constant_input[k];
            }
            a = fused(w.input[k * n + i], u, a);
        }
        if (w.bias != nullptr) {
            a += w.bias[i];
        }
        const T x = next_state<T>(w.cell, state[i], a, w.step);
        const T r = rate_of(w.cell, x);
        state[i] = x;
        rates[i] = r;
        out = out || !in_range(x);
        for (int k = 0; k < run.window_count; ++k) {
            if (t >= run.windows[k].begin && t < run.windows[k].end) {
                g.global(condition.rate_sums, run.window_count * n)[k * n + i] +=
                    static_cast<double>(r);
            }
        }
    }
    for (int o = 0; o < w.outputs; ++o) {
        const auto readout = g.global(run.readout + o * n, n);
        T part = 0;
        for (int i = g.rank(); i < n; i += g.size()) {
            part = fused(readout[i], T{rates[i]}, part);
        }
        part = g.warp_sum(part);
        if (g.lane() == 0) {
            sums[o * warp_size + g.warp()] = part;
        }
    }
    g.sync();
    for (int o = g.warp(); o < w.outputs; o += g.warps()) {
        const T sum = g.warp_sum(g.lane() < g.warps() ? T{sums[o * warp_size + g.lane()]} : T{0});
        if (g.lane() == 0) {
            z[o] = sum;
            out = out || !in_range(sum);
            if (condition.recorded != nullptr && t >= run.outputs_from) {
                const std::int64_t recorded =
                    std::int64_t{run.steps - run.outputs_from} * w.outputs;
                g.global(condition.recorded,
                         recorded)[std::int64_t{t - run.outputs_from} * w.outputs + o] = sum;
            }
        }
    }
    if (g.any(out) && g.rank() == 0 && diverged_before < 0) {
        diverged_at[0] = t;
    }
}

}  // namespace shoal::cuda
