// SPDX-License-Identifier: MIT
// One Euler step of conditions whose J r is already there (host/MATHEMATICS.md, A.2), at sizes that
// stay in device memory. CPU twin: host/backend/cpu/step_inl.hpp.
#pragma once

#include <utility>

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

/// One condition at step t.
template <typename T, class Group>
class ConditionStep {
    template <typename E>
    using View = decltype(std::declval<const Group&>().global(static_cast<E*>(nullptr), 0));

  public:
    SHOAL_DEVICE ConditionStep(const Group& g, const AdvanceArguments<T>& arguments, int t)
        : g_(g),
          condition_(arguments.conditions[g.block()]),
          run_(arguments.runs[condition_.run]),
          w_(run_.weights),
          n_(w_.units),
          t_(t),
          rates_(g.global(condition_.rates, n_)),
          z_(g.global(condition_.output, w_.outputs)) {}

    /// Does the step unless the run is over.
    SHOAL_DEVICE void run(bool stop_when_diverged) const {
        const auto diverged_at = g_.global(condition_.diverged_at, 1);
        const int diverged_before = diverged_at[0];
        if (t_ >= run_.steps || (stop_when_diverged && diverged_before >= 0)) {
            return;
        }
        bool out = advance_rows();
        out = read_out() || out;
        if (g_.any(out) && g_.rank() == 0 && diverged_before < 0) {
            diverged_at[0] = t_;
        }
    }

  private:
    /// State and rate of this thread's units. True if one left the range.
    SHOAL_DEVICE bool advance_rows() const {
        const auto state = g_.global(condition_.state, n_);
        const auto product = g_.global(condition_.product, n_);
        bool out = false;
        for (int i = g_.rank(); i < n_; i += g_.size()) {
            const T a = drive(i, w_.gain * product[i]);
            const T x = next_state<T>(w_.cell, state[i], a, w_.step);
            const T r = rate_of(w_.cell, x);
            state[i] = x;
            rates_[i] = r;
            out = out || !in_range(x);
            add_to_windows(i, r);
        }
        return out;
    }

    /// Drive of unit i from its recurrent part a.
    SHOAL_DEVICE T drive(int i, T a) const {
        for (int o = 0; w_.feedback != nullptr && o < w_.outputs; ++o) {
            a = fused(w_.feedback[o * n_ + i], T{z_[o]}, a);
        }
        for (int k = 0; k < w_.inputs; ++k) {
            a = fused(w_.input[k * n_ + i], input(k), a);
        }
        if (w_.bias != nullptr) {
            a += w_.bias[i];
        }
        return a;
    }

    SHOAL_DEVICE T input(int k) const {
        T u = 0;
        if (condition_.inputs != nullptr) {
            u = condition_.inputs[static_cast<std::int64_t>(t_) * w_.inputs + k];
        } else if (run_.constant_input != nullptr) {
            u = run_.constant_input[k];
        }
        return u;
    }

    SHOAL_DEVICE void add_to_windows(int i, T r) const {
        for (int k = 0; k < run_.window_count; ++k) {
            if (t_ >= run_.windows[k].begin && t_ < run_.windows[k].end) {
                g_.global(condition_.rate_sums, run_.window_count * n_)[k * n_ + i] +=
                    static_cast<double>(r);
            }
        }
    }

    /// z of the new rates, each thread its own ones first. True if one left the range.
    SHOAL_DEVICE bool read_out() const {
        const auto sums = g_.template shared<T>(0, w_.outputs * warp_size);
        for (int o = 0; o < w_.outputs; ++o) {
            const auto readout = g_.global(run_.readout + o * n_, n_);
            T part = 0;
            for (int i = g_.rank(); i < n_; i += g_.size()) {
                part = fused(readout[i], T{rates_[i]}, part);
            }
            part = g_.warp_sum(part);
            if (g_.lane() == 0) {
                sums[o * warp_size + g_.warp()] = part;
            }
        }
        g_.sync();
        bool out = false;
        for (int o = g_.warp(); o < w_.outputs; o += g_.warps()) {
            const T sum =
                g_.warp_sum(g_.lane() < g_.warps() ? T{sums[o * warp_size + g_.lane()]} : T{0});
            if (g_.lane() == 0) {
                z_[o] = sum;
                out = out || !in_range(sum);
                record(o, sum);
            }
        }
        return out;
    }

    SHOAL_DEVICE void record(int o, T z) const {
        if (condition_.recorded != nullptr && t_ >= run_.outputs_from) {
            const std::int64_t recorded = std::int64_t{run_.steps - run_.outputs_from} * w_.outputs;
            g_.global(condition_.recorded,
                      recorded)[std::int64_t{t_ - run_.outputs_from} * w_.outputs + o] = z;
        }
    }

    const Group& g_;
    const Condition<T>& condition_;
    const Run<T>& run_;
    const Weights<T>& w_;
    const int n_;  ///< units
    const int t_;
    const View<T> rates_, z_;
};

/// Blocks: one a condition; does step t unless the run is over.
template <typename T, class Group>
SHOAL_DEVICE void advance(const Group& g, const AdvanceArguments<T>& arguments, int t) {
    ConditionStep<T, Group>(g, arguments, t).run(arguments.stop_when_diverged);
}

}  // namespace shoal::cuda
