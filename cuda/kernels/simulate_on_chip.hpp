// SPDX-License-Identifier: MIT
// Frozen networks, many conditions each: one block takes some conditions of one network through
// many steps, J in registers (host/MATHEMATICS.md, A.2). CPU twin: host/backend/cpu/simulate.cpp.
#pragma once

#include "kernels/arguments.hpp"
#include "kernels/recurrent_tile.hpp"
#include "kernels/simulation_shared.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

/// Conditions of one run that a block takes.
struct ConditionRange {
    int first = 0;
    int count = 0;
};

struct SimulateOnChipArguments {
    const Run<float>* runs = nullptr;
    const Condition<float>* conditions = nullptr;
    const ConditionRange* blocks = nullptr;  ///< [block]
    int conditions_per_block = 0;
    int first_step = 0;
    int last_step = 0;  ///< steps first ... last - 1, as far as the run goes
};

template <class Shape, class Group>
class SimulateOnChip {
    using View = decltype(std::declval<const Group&>().template shared<float>(0, 0));
    using IntView = decltype(std::declval<const Group&>().template shared<int>(0, 0));

  public:
    SHOAL_DEVICE SimulateOnChip(const Group& g, const SimulateOnChipArguments& arguments)
        : g_(g),
          arguments_(arguments),
          range_(arguments.blocks[g.block()]),
          conditions_(arguments.conditions + range_.first),
          run_(arguments.runs[conditions_[0].run]),
          w_(run_.weights),
          plan_(w_.units, w_.inputs, w_.outputs, Shape::columns, arguments.conditions_per_block),
          slots_(w_.outputs + 1),
          half_(arguments.conditions_per_block * Shape::columns),
          rates_(g.template shared<float>(plan_.rates, 2 * half_)),
          state_(g.template shared<float>(plan_.state, range_.count * w_.units)),
          readout_(g.template shared<float>(plan_.readout, w_.outputs * w_.units)),
          feedback_(g.template shared<float>(plan_.feedback, w_.outputs * w_.units)),
          input_(g.template shared<float>(plan_.input, w_.inputs * w_.units)),
          z_(g.template shared<float>(plan_.output, range_.count * w_.outputs)),
          drive_(g.template shared<float>(plan_.drive, range_.count * w_.inputs)),
          sums_(g.template shared<float>(plan_.sums, range_.count * slots_ * warp_size)),
          diverged_(g.template shared<int>(plan_.diverged, range_.count * slots_)),
          tile_(g, w_),
          own_(tile_.own_row(g, w_.units)) {}

    SHOAL_DEVICE void run() {
        load();
        const int last = arguments_.last_step < run_.steps ? arguments_.last_step : run_.steps;
        SHOAL_UNROLL_BY(1) for (int t = arguments_.first_step; t < last; ++t) {
            SHOAL_UNROLL_BY(1) for (int c = 0; c < range_.count; ++c) {
                advance(c, t);
            }
            current_ = 1 - current_;
            g_.sync();
            read_out(t);
            load_drive(t + 1, last);
            g_.sync();
        }
        store();
    }

  private:
    SHOAL_DEVICE void load() {
        copy(readout_, run_.readout, w_.outputs * w_.units);
        copy(input_, w_.input, w_.inputs * w_.units);
        if (w_.feedback != nullptr) {
            copy(feedback_, w_.feedback, w_.outputs * w_.units);
        }
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < 2 * half_; i += g_.size()) {
            rates_[i] = 0.0f;
        }
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < range_.count * slots_; i += g_.size()) {
            diverged_[i] = -1;
        }
        load_drive(arguments_.first_step, run_.steps);
        SHOAL_UNROLL_BY(1) for (int c = 0; c < range_.count; ++c) {
            copy(z_ + c * w_.outputs, conditions_[c].output, w_.outputs);
        }
        bias_ = own_ >= 0 && w_.bias != nullptr ? g_.global(w_.bias, w_.units)[own_] : 0.0f;
        g_.sync();
        SHOAL_UNROLL_BY(1) for (int c = 0; own_ >= 0 && c < range_.count; ++c) {
            const float x = g_.global(conditions_[c].state, w_.units)[own_];
            state_[c * w_.units + own_] = x;
            rates_[c * Shape::columns + own_] = rate_of(w_.cell, x);
        }
        g_.sync();
    }

    template <class To>
    SHOAL_DEVICE void copy(const To& to, const float* from, int count) {
        const auto source = g_.global(from, count);
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < count; i += g_.size()) {
            to[i] = source[i];
        }
    }

    /// u of step t for every condition.
    SHOAL_DEVICE void load_drive(int t, int last) {
        SHOAL_UNROLL_BY(1)
        for (int at = g_.rank(); t < last && at < range_.count * w_.inputs; at += g_.size()) {
            const Condition<float>& condition = conditions_[at / w_.inputs];
            const int i = at % w_.inputs;
            float u = 0.0f;
            if (condition.inputs != nullptr) {
                u = g_.global(condition.inputs, run_.steps * w_.inputs)[t * w_.inputs + i];
            } else if (run_.constant_input != nullptr) {
                u = g_.global(run_.constant_input, w_.inputs)[i];
            }
            drive_[at] = u;
        }
    }

    /// x and r of condition c, and the warps' parts of its outputs.
    SHOAL_DEVICE void advance(int c, int t) {
        const float recurrent = tile_.multiply(g_, rates_ + current_ * half_ + c * Shape::columns);
        float r = 0.0f;
        bool out = false;
        if (own_ >= 0) {
            float a = w_.gain * recurrent;
            SHOAL_UNROLL_BY(1) for (int o = 0; w_.feedback != nullptr && o < w_.outputs; ++o) {
                a = fused(feedback_[o * w_.units + own_], z_[c * w_.outputs + o], a);
            }
            SHOAL_UNROLL_BY(1) for (int i = 0; i < w_.inputs; ++i) {
                a = fused(input_[i * w_.units + own_], drive_[c * w_.inputs + i], a);
            }
            a += bias_;
            const float x = next_state<float>(w_.cell, state_[c * w_.units + own_], a, w_.step);
            r = rate_of(w_.cell, x);
            state_[c * w_.units + own_] = x;
            rates_[(1 - current_) * half_ + c * Shape::columns + own_] = r;
            out = !in_range(x);
            add_to_means(c, t, r);
        }
        SHOAL_UNROLL_BY(1) for (int o = 0; o < slots_; ++o) {
            float part = o < w_.outputs && own_ >= 0 ? readout_[o * w_.units + own_] * r : 0.0f;
            part = o == w_.outputs && out ? 1.0f : part;
            part = g_.warp_sum(part);
            if (g_.lane() == 0) {
                sums_[(c * slots_ + o) * warp_size + g_.warp()] = part;
            }
        }
    }

    SHOAL_DEVICE void add_to_means(int c, int t, float r) {
        SHOAL_UNROLL_BY(1) for (int k = 0; k < run_.window_count; ++k) {
            if (t >= run_.windows[k].begin && t < run_.windows[k].end) {
                const auto sums = g_.global(conditions_[c].rate_sums, run_.window_count * w_.units);
                sums[k * w_.units + own_] += static_cast<double>(r);
            }
        }
    }

    /// z of every condition; notes who left the range.
    SHOAL_DEVICE void read_out(int t) {
        SHOAL_UNROLL_BY(1) for (int at = g_.warp(); at < range_.count * slots_; at += g_.warps()) {
            const float sum =
                g_.warp_sum(g_.lane() < g_.warps() ? sums_[at * warp_size + g_.lane()] : 0.0f);
            if (g_.lane() != 0) {
                continue;
            }
            const int c = at / slots_;
            const int o = at % slots_;
            const bool out = o == w_.outputs ? sum != 0.0f : !in_range(sum);
            if (o < w_.outputs) {
                z_[c * w_.outputs + o] = sum;
                if (conditions_[c].recorded != nullptr && t >= run_.outputs_from) {
                    const int recorded = (run_.steps - run_.outputs_from) * w_.outputs;
                    g_.global(conditions_[c].recorded,
                              recorded)[(t - run_.outputs_from) * w_.outputs + o] = sum;
                }
            }
            if (out && diverged_[at] < 0) {
                diverged_[at] = t;
            }
        }
    }

    SHOAL_DEVICE void store() {
        SHOAL_UNROLL_BY(1) for (int c = 0; c < range_.count; ++c) {
            const auto state = g_.global(conditions_[c].state, w_.units);
            if (own_ >= 0) {
                state[own_] = state_[c * w_.units + own_];
            }
            const auto output = g_.global(conditions_[c].output, w_.outputs);
            SHOAL_UNROLL_BY(1) for (int o = g_.rank(); o < w_.outputs; o += g_.size()) {
                output[o] = z_[c * w_.outputs + o];
            }
        }
        SHOAL_UNROLL_BY(1) for (int c = g_.rank(); c < range_.count; c += g_.size()) {
            const auto diverged_at = g_.global(conditions_[c].diverged_at, 1);
            int first = diverged_at[0];
            for (int o = 0; o < slots_ && diverged_at[0] < 0; ++o) {
                const int step = diverged_[c * slots_ + o];
                first = step >= 0 && (first < 0 || step < first) ? step : first;
            }
            diverged_at[0] = first;
        }
    }

    const Group& g_;
    const SimulateOnChipArguments& arguments_;
    const ConditionRange range_;
    const Condition<float>* const conditions_;
    const Run<float>& run_;
    const Weights<float>& w_;
    const SimulationSharedPlan plan_;
    const int slots_;
    const int half_;
    const View rates_, state_, readout_, feedback_, input_, z_, drive_, sums_;
    const IntView diverged_;
    const RecurrentTile<Shape> tile_;
    const int own_;
    int current_ = 0;  // which half of rates_ holds r(t)
    float bias_ = 0.0f;
};

/// Blocks: a range of conditions of one run each. Threads and shapes as force_on_chip.
template <class Shape, class Group>
SHOAL_DEVICE void simulate_on_chip(const Group& g, const SimulateOnChipArguments& arguments) {
    SimulateOnChip<Shape, Group>(g, arguments).run();
}

}  // namespace shoal::cuda
