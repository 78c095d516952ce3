// SPDX-License-Identifier: MIT
// One trial of FORCE training of many small networks: one block a network, J in registers, the
// active P in shared memory (host/MATHEMATICS.md, A.2 and A.5). CPU twin:
// host/backend/cpu/force_session.cpp.
#pragma once

#include "kernels/arguments.hpp"
#include "kernels/force_shared.hpp"
#include "kernels/on_chip_squares.hpp"
#include "kernels/recurrent_tile.hpp"
#include "model/equations.hpp"
#include "support/group.hpp"

namespace shoal::cuda {

struct ForceOnChipArguments {
    const ForceNetwork<float>* networks = nullptr;  ///< table of all networks
    const TrialData<float>* trials = nullptr;       ///< table of all trials
    const TrialWork* work = nullptr;                ///< [block]
    TrialSums sums;
    int shared_bytes = 0;    ///< per block; pending gains stand there if they fit, else in `gains`
    float* gains = nullptr;  ///< [block][gains_stride]
    int gains_stride = 0;    ///< at least max_pending_updates * padded units
};

/// One network in one trial.
template <class Shape, class Group>
class ForceOnChip {
    using View = decltype(std::declval<const Group&>().template shared<float>(0, 0));

  public:
    SHOAL_DEVICE ForceOnChip(const Group& g, const ForceOnChipArguments& arguments)
        : g_(g),
          arguments_(arguments),
          work_(arguments.work[g.block()]),
          network_(arguments.networks[work_.network]),
          trial_(arguments.trials[work_.trial]),
          w_(network_.weights),
          gains_in_shared_(
              ForceSharedPlan(w_.units, w_.inputs, w_.outputs, Shape::columns, true).bytes <=
              arguments.shared_bytes),
          plan_(w_.units, w_.inputs, w_.outputs, Shape::columns, gains_in_shared_),
          rates_(g.template shared<float>(plan_.rates, 2 * Shape::columns)),
          readout_(g.template shared<float>(plan_.readout, w_.outputs * w_.units)),
          feedback_(g.template shared<float>(plan_.feedback, w_.outputs * w_.units)),
          input_(g.template shared<float>(plan_.input, w_.inputs * w_.units)),
          z_(g.template shared<float>(plan_.output, w_.outputs)),
          drive_(g.template shared<float>(plan_.drive, w_.inputs)),
          sums_(g.template shared<float>(plan_.sums, (w_.outputs + 1) * warp_size)),
          tile_(g, w_),
          own_(tile_.own_row(g, w_.units)) {}

    SHOAL_DEVICE void run() {
        load();
        const int padded = ForceSharedPlan::padded_units(w_.units);
        const int triangle = triangle_row(w_.units);
        const int gain_count = max_pending_updates * padded;
        OnChipSquares<Group, View, View> squares{
            g_,
            w_.units,
            padded,
            g_.template shared<float>(plan_.p, triangle),
            gains_in_shared_
                ? g_.template shared<float>(plan_.gains, gain_count)
                : g_.global(arguments_.gains + std::int64_t{g_.block()} * arguments_.gains_stride,
                            gain_count),
            g_.template shared<float>(plan_.inverse, max_pending_updates),
            g_.template shared<float>(plan_.projection, max_pending_updates),
            g_.template shared<float>(plan_.strips, padded / warp_size * padded),
            g_.template shared<float>(plan_.sums + w_.outputs * warp_size * 4, warp_size)};
        int open = -1;  // the group whose P is in shared memory
        int diverged_at = -1;
        begin_report();
        const auto errors = g_.global(trial_.errors, trial_.steps);
        SHOAL_UNROLL_BY(1) for (int t = 0; t < trial_.steps; ++t) {
            if (step(t)) {
                diverged_at = t;
                break;
            }
            const std::uint32_t now = errors[t];
            if (now == 0) {
                continue;
            }
            const int group = group_of(now);
            const auto targets = g_.global(trial_.targets + t * w_.outputs, w_.outputs);
            if (g_.rank() < w_.outputs && network_.group_of_output[g_.rank()] == group) {
                const double error = static_cast<double>(z_[g_.rank()]) - targets[g_.rank()];
                squared_error()[g_.rank()] += error * error;
                terms()[g_.rank()] += 1;
            }
            if ((t + work_.odd) % 2 == 0) {
                if (open < 0) {
                    load_p(squares, group);
                    open = group;
                } else if (squares.updates == max_pending_updates) {
                    squares.rewrite();
                }
                learn(squares, group, targets);
            }
            const bool goes_on = t + 1 < trial_.steps && errors[t + 1] == now;
            if (open >= 0 && !goes_on) {
                squares.rewrite();
                store_p(squares, open);
                open = -1;
            }
        }
        if (g_.rank() == 0) {
            g_.global(arguments_.sums.diverged_at + g_.block(), 1)[0] = diverged_at;
        }
        if (diverged_at < 0) {
            store();
        }
    }

  private:
    SHOAL_DEVICE static int group_of(std::uint32_t bits) {
        int group = 0;
        while ((bits >> group & 1u) == 0) {
            ++group;
        }
        return group;
    }

    SHOAL_DEVICE void load() {
        const int n = w_.units;
        copy(readout_, network_.readout, w_.outputs * n);
        copy(input_, w_.input, w_.inputs * n);
        if (w_.feedback != nullptr) {
            copy(feedback_, w_.feedback, w_.outputs * n);
        }
        copy(z_, network_.output, w_.outputs);
        copy(drive_, trial_.inputs, w_.inputs);
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < 2 * Shape::columns; i += g_.size()) {
            rates_[i] = 0.0f;
        }
        g_.sync();
        if (own_ >= 0) {
            x_ = g_.global(network_.state, n)[own_];
            bias_ = w_.bias != nullptr ? g_.global(w_.bias, n)[own_] : 0.0f;
            rates_[own_] = rate_of(w_.cell, x_);
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

    SHOAL_DEVICE void store() {
        const auto state = g_.global(network_.state, w_.units);
        if (own_ >= 0) {
            state[own_] = x_;
        }
        const auto readout = g_.global(network_.readout, w_.outputs * w_.units);
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < w_.outputs * w_.units; i += g_.size()) {
            readout[i] = readout_[i];
        }
        const auto output = g_.global(network_.output, w_.outputs);
        SHOAL_UNROLL_BY(1) for (int o = g_.rank(); o < w_.outputs; o += g_.size()) {
            output[o] = z_[o];
        }
    }

    /// One Euler step. True in every thread if the network left the range.
    SHOAL_DEVICE bool step(int t) {
        const auto now = rates_ + current_ * Shape::columns;
        const auto next = rates_ + (1 - current_) * Shape::columns;
        current_ = 1 - current_;
        const float recurrent = tile_.multiply(g_, now);
        float r = 0.0f;
        bool out = false;
        if (own_ >= 0) {
            float a = w_.gain * recurrent;
            SHOAL_UNROLL_BY(1) for (int o = 0; w_.feedback != nullptr && o < w_.outputs; ++o) {
                a = fused(feedback_[o * w_.units + own_], z_[o], a);
            }
            SHOAL_UNROLL_BY(1) for (int i = 0; i < w_.inputs; ++i) {
                a = fused(input_[i * w_.units + own_], drive_[i], a);
            }
            a += bias_;
            x_ = next_state(w_.cell, x_, a, w_.step);
            r = rate_of(w_.cell, x_);
            next[own_] = r;
            out = !in_range(x_);
        }
        SHOAL_UNROLL_BY(1) for (int o = 0; o < w_.outputs; ++o) {
            const float part = g_.warp_sum(own_ >= 0 ? readout_[o * w_.units + own_] * r : 0.0f);
            if (g_.lane() == 0) {
                sums_[o * warp_size + g_.warp()] = part;
            }
        }
        g_.sync();
        SHOAL_UNROLL_BY(1) for (int o = g_.warp(); o < w_.outputs; o += g_.warps()) {
            const float z =
                g_.warp_sum(g_.lane() < g_.warps() ? sums_[o * warp_size + g_.lane()] : 0.0f);
            if (g_.lane() == 0) {
                z_[o] = z;
                out = out || !in_range(z);
            }
        }
        if (t + 1 < trial_.steps && g_.rank() < w_.inputs) {
            drive_[g_.rank()] =
                g_.global(trial_.inputs, trial_.steps * w_.inputs)[(t + 1) * w_.inputs + g_.rank()];
        }
        return g_.any(out);
    }

    template <class Squares, class Targets>
    SHOAL_DEVICE void learn(Squares& squares, int group, const Targets& targets) {
        float c = 1.0f;
        const float k = squares.append(rates_ + current_ * Shape::columns, c);
        SHOAL_UNROLL_BY(1) for (int o = 0; o < w_.outputs; ++o) {
            if (network_.group_of_output[o] == group && g_.rank() < w_.units) {
                const float factor = (z_[o] - static_cast<float>(targets[o])) / c;
                const int at = o * w_.units + g_.rank();
                readout_[at] = fused(-factor, k, readout_[at]);
            }
        }
        g_.sync();
    }

    template <class Squares>
    SHOAL_DEVICE void load_p(Squares& squares, int group) {
        copy(squares.p, network_.inverse_correlation + group * network_.group_size,
             triangle_row(w_.units));
        g_.sync();
    }

    template <class Squares>
    SHOAL_DEVICE void store_p(const Squares& squares, int group) {
        const auto to = g_.global(network_.inverse_correlation + group * network_.group_size,
                                  triangle_row(w_.units));
        SHOAL_UNROLL_BY(1) for (int i = g_.rank(); i < triangle_row(w_.units); i += g_.size()) {
            to[i] = squares.p[i];
        }
        g_.sync();
    }

    // Sums of the trial's errors, [output], each of the thread of that rank: in device memory,
    // because registers are scarce and they are touched at few steps.
    SHOAL_DEVICE auto squared_error() const {
        return g_.global(arguments_.sums.squared_error + g_.block() * arguments_.sums.outputs,
                         w_.outputs);
    }
    SHOAL_DEVICE auto terms() const {
        return g_.global(arguments_.sums.terms + g_.block() * arguments_.sums.outputs, w_.outputs);
    }
    SHOAL_DEVICE void begin_report() const {
        if (g_.rank() < w_.outputs) {
            squared_error()[g_.rank()] = 0.0;
            terms()[g_.rank()] = 0;
        }
    }

    const Group& g_;
    const ForceOnChipArguments& arguments_;
    const TrialWork work_;
    const ForceNetwork<float>& network_;
    const TrialData<float>& trial_;
    const Weights<float>& w_;
    const bool gains_in_shared_;
    const ForceSharedPlan plan_;
    const View rates_, readout_, feedback_, input_, z_, drive_, sums_;
    const RecurrentTile<Shape> tile_;
    const int own_;
    int current_ = 0;  // which half of rates_ holds r(t)
    float x_ = 0.0f;
    float bias_ = 0.0f;
};

/// Blocks: one a network of the launch. Threads: units / Shape::rows * Shape::lanes, rounded up to
/// whole warps. Shared memory: ForceSharedPlan. Designed for networks whose J fits the registers of
/// a block.
template <class Shape, class Group>
SHOAL_DEVICE void force_on_chip(const Group& g, const ForceOnChipArguments& arguments) {
    ForceOnChip<Shape, Group>(g, arguments).run();
}

}  // namespace shoal::cuda
