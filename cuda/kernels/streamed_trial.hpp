// SPDX-License-Identifier: MIT
// What stands before and after the steps of a streamed trial.
#pragma once

#include "kernels/arguments.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// What a network is taken back to if it leaves the range, and what its trial did.
template <typename T>
struct TrialFrame {
    static constexpr int threads = 256;

    ForceNetwork<T> network;
    TrialData<T> trial;
    T* rates = nullptr;           ///< r, [unit]
    T* kept_state = nullptr;      ///< [unit]
    T* kept_readout = nullptr;    ///< [output, unit]
    T* kept_output = nullptr;     ///< [output]
    const T* recorded = nullptr;  ///< z, [time, output]
};

template <typename T, class Group, class To, class From>
SHOAL_DEVICE void copy_array(const Group& g, To* to, const From* from, int count) {
    const auto source = g.global(from, count);
    const auto target = g.global(to, count);
    for (int i = g.rank(); i < count; i += g.size()) {
        target[i] = source[i];
    }
}

/// Keeps state, readout and output as they are before the trial, and computes r from the state.
/// Blocks: one a network.
template <typename T, class Group>
SHOAL_DEVICE void begin_trial(const Group& g, const TrialFrame<T>* frames, TrialSums sums) {
    const TrialFrame<T>& frame = frames[g.block()];
    const Weights<T>& w = frame.network.weights;
    copy_array<T>(g, frame.kept_state, frame.network.state, w.units);
    copy_array<T>(g, frame.kept_readout, frame.network.readout, w.outputs * w.units);
    copy_array<T>(g, frame.kept_output, frame.network.output, w.outputs);
    const auto state = g.global(frame.network.state, w.units);
    const auto rates = g.global(frame.rates, w.units);
    for (int i = g.rank(); i < w.units; i += g.size()) {
        rates[i] = rate_of(w.cell, T{state[i]});
    }
    if (g.rank() == 0) {
        g.global(sums.diverged_at + g.block(), 1)[0] = -1;
    }
}

/// Sums of squared errors; takes a network that left the range back. Blocks: one a network.
template <typename T, class Group>
SHOAL_DEVICE void end_trial(const Group& g, const TrialFrame<T>* frames, TrialSums sums) {
    const TrialFrame<T>& frame = frames[g.block()];
    const Weights<T>& w = frame.network.weights;
    const int diverged_at = g.global(sums.diverged_at + g.block(), 1)[0];
    const int steps = diverged_at < 0 ? frame.trial.steps : diverged_at;
    for (int o = g.rank(); o < w.outputs; o += g.size()) {
        const int group = frame.network.group_of_output[o];
        double squared = 0.0;
        int terms = 0;
        for (int t = 0; t < steps; ++t) {
            if ((frame.trial.errors[t] >> group & 1u) != 0) {
                const double error = static_cast<double>(frame.recorded[t * w.outputs + o]) -
                                     frame.trial.targets[t * w.outputs + o];
                squared += error * error;
                ++terms;
            }
        }
        const int at = g.block() * sums.outputs;
        g.global(sums.squared_error + at, w.outputs)[o] = squared;
        g.global(sums.terms + at, w.outputs)[o] = terms;
    }
    if (diverged_at >= 0) {
        copy_array<T>(g, frame.network.state, frame.kept_state, w.units);
        copy_array<T>(g, frame.network.readout, frame.kept_readout, w.outputs * w.units);
        copy_array<T>(g, frame.network.output, frame.kept_output, w.outputs);
    }
}

}  // namespace shoal::cuda
