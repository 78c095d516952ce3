// SPDX-License-Identifier: MIT
// One network with plain loops: the equations of host/MATHEMATICS.md, A.2 and A.5, as they stand
// there.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "backend/backend.hpp"
#include "backend/readout_groups.hpp"
#include "core/error.hpp"
#include "model/equations.hpp"

namespace shoal::reference {

template <typename T>
std::vector<T> narrow(const std::vector<double>& values) {
    std::vector<T> result(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        result[i] = static_cast<T>(values[i]);
    }
    return result;
}

template <typename T>
std::vector<double> widen(const std::vector<T>& values) {
    return {values.begin(), values.end()};
}

/// tanh as the mathematical library has it, in either precision.
struct LibraryTanh {
    template <typename T>
    T operator()(T x) const {
        return std::tanh(x);
    }
};

/// Weights and state of one network; step() is one Euler step.
template <typename T>
class Network {
  public:
    Network(const NetworkModel& model)
        : n_(static_cast<std::size_t>(model.units)),
          inputs_(static_cast<std::size_t>(model.inputs)),
          outputs_(static_cast<std::size_t>(model.outputs)),
          cell_(model.cell),
          rate_(static_cast<T>(model.dt / model.tau)),
          gain_(static_cast<T>(model.gain)),
          recurrent_(n_ * n_),
          input_(narrow<T>(model.input)),
          feedback_(narrow<T>(model.feedback)),
          bias_(narrow<T>(model.bias)),
          readout_(narrow<T>(model.readout)) {
        std::vector<double> row(n_);
        for (std::size_t to = 0; to < n_; ++to) {
            model.recurrent->row(static_cast<int>(to), row);
            for (std::size_t from = 0; from < n_; ++from) {
                recurrent_[to * n_ + from] = static_cast<T>(row[from]);
            }
        }
        set_state(narrow<T>(model.initial_state));
    }

    /// Sets x; r follows, z = readout r.
    void set_state(std::vector<T> x) {
        x_ = std::move(x);
        r_.resize(n_);
        for (std::size_t i = 0; i < n_; ++i) {
            r_[i] = rate_of(cell_, x_[i], LibraryTanh{});
        }
        read_out();
    }
    void set_output(std::vector<T> z) { z_ = std::move(z); }
    void set_readout(std::vector<T> w) { readout_ = std::move(w); }

    /// x(t) -> x(t+1) under input u (nullptr: 0), then r and z. False if the state or an output
    /// left the range.
    bool step(const double* u) {
        next_.resize(n_);
        for (std::size_t to = 0; to < n_; ++to) {
            T sum = 0;
            for (std::size_t from = 0; from < n_; ++from) {
                sum += recurrent_[to * n_ + from] * r_[from];
            }
            T a = gain_ * sum;
            for (std::size_t o = 0; o < outputs_ && !feedback_.empty(); ++o) {
                a += feedback_[to * outputs_ + o] * z_[o];
            }
            for (std::size_t i = 0; i < inputs_ && u != nullptr; ++i) {
                a += input_[to * inputs_ + i] * static_cast<T>(u[i]);
            }
            if (!bias_.empty()) {
                a += bias_[to];
            }
            next_[to] = x_[to] + rate_ * (target_of(cell_, a, LibraryTanh{}) - x_[to]);
        }
        x_.swap(next_);
        bool in_range = true;
        for (std::size_t i = 0; i < n_; ++i) {
            r_[i] = rate_of(cell_, x_[i], LibraryTanh{});
            in_range = in_range && std::abs(x_[i]) <= static_cast<T>(divergence_limit);
        }
        read_out();
        for (const T z : z_) {
            in_range = in_range && std::abs(z) <= static_cast<T>(divergence_limit);
        }
        return in_range;
    }

    std::size_t units() const { return n_; }
    std::size_t inputs() const { return inputs_; }
    std::size_t outputs() const { return outputs_; }
    const std::vector<T>& state() const { return x_; }
    const std::vector<T>& rates() const { return r_; }
    const std::vector<T>& output() const { return z_; }
    std::vector<T>& readout() { return readout_; }
    const std::vector<T>& readout() const { return readout_; }

  private:
    void read_out() {
        z_.assign(outputs_, T{0});
        for (std::size_t o = 0; o < outputs_; ++o) {
            for (std::size_t i = 0; i < n_; ++i) {
                z_[o] += readout_[o * n_ + i] * r_[i];
            }
        }
    }

    std::size_t n_, inputs_, outputs_;
    Cell cell_;
    T rate_, gain_;
    std::vector<T> recurrent_, input_, feedback_, bias_, readout_;
    std::vector<T> x_, r_, z_, next_;
};

/// Recursive least squares of one readout group (host/MATHEMATICS.md, A.5), P rewritten once per
/// epoch.
template <typename T>
class LeastSquares {
  public:
    LeastSquares(std::size_t units, double alpha) : n_(units), p_(units * (units + 1) / 2, T{0}) {
        for (std::size_t i = 0; i < n_; ++i) {
            at(i, i) = static_cast<T>(1.0 / alpha);
        }
    }

    /// k = P r and c = 1 + r'k for the P that the updates so far make; keeps the update pending.
    /// Returns k; c is written.
    const std::vector<T>& gain(const std::vector<T>& r, T& c) {
        if (gains_.size() == static_cast<std::size_t>(max_pending_updates)) {
            rewrite();
        }
        std::vector<T> k(n_, T{0});
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < n_; ++j) {
                k[i] += at(i, j) * r[j];
            }
        }
        for (std::size_t m = 0; m < gains_.size(); ++m) {
            T projection = 0;
            for (std::size_t i = 0; i < n_; ++i) {
                projection += gains_[m][i] * r[i];
            }
            projection /= denominators_[m];
            for (std::size_t i = 0; i < n_; ++i) {
                k[i] -= gains_[m][i] * projection;
            }
        }
        c = 1;
        for (std::size_t i = 0; i < n_; ++i) {
            c += r[i] * k[i];
        }
        gains_.push_back(std::move(k));
        denominators_.push_back(c);
        return gains_.back();
    }

    /// P -= sum over pending updates of k k' / c.
    void rewrite() {
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                T sum = 0;
                for (std::size_t m = 0; m < gains_.size(); ++m) {
                    sum += gains_[m][i] * gains_[m][j] / denominators_[m];
                }
                at(i, j) -= sum;
            }
        }
        gains_.clear();
        denominators_.clear();
    }

    const std::vector<T>& packed() const { return p_; }
    std::vector<T>& packed() { return p_; }

  private:
    T& at(std::size_t i, std::size_t j) {
        return i >= j ? p_[i * (i + 1) / 2 + j] : p_[j * (j + 1) / 2 + i];
    }

    std::size_t n_;
    std::vector<T> p_;
    std::vector<std::vector<T>> gains_;
    std::vector<T> denominators_;
};

/// One network under FORCE training.
template <typename T>
class ForceNetwork {
  public:
    ForceNetwork(const NetworkModel& model, const ForceRule& rule, const ForceState* resume)
        : network_(model), groups_(rule.output_groups) {
        check(groups_.size() == network_.outputs(), "ForceRule: one group per output");
        for (int g = 0; g < group_count(rule); ++g) {
            squares_.emplace_back(network_.units(), rule.alpha);
        }
        if (resume != nullptr) {
            network_.set_readout(narrow<T>(resume->readout));
            network_.set_state(narrow<T>(resume->state));
            network_.set_output(narrow<T>(resume->output));
            for (std::size_t g = 0; g < squares_.size(); ++g) {
                squares_[g].packed() = narrow<T>(resume->inverse_correlation.at(g));
            }
        }
    }

    TrialOutcome run_trial(const Trial& trial, std::int64_t first_step) {
        const std::size_t outputs = network_.outputs();
        const std::size_t steps = trial.mask.size() / outputs;
        const auto x_before = network_.state();
        const auto z_before = network_.output();
        const auto w_before = network_.readout();

        TrialOutcome outcome;
        std::vector<double> squared(outputs, 0.0);
        std::vector<double> count(outputs, 0.0);
        for (std::size_t t = 0; t < steps; ++t) {
            const bool in_range = network_.step(trial.inputs.data() + t * network_.inputs());
            if (!in_range) {
                outcome.diverged_at = static_cast<int>(t);
                network_.set_readout(w_before);
                network_.set_state(x_before);
                network_.set_output(z_before);
                break;
            }
            const double* target = trial.targets.data() + t * outputs;
            const std::uint8_t* mask = trial.mask.data() + t * outputs;
            for (std::size_t o = 0; o < outputs; ++o) {
                if (mask[o] != 0) {
                    const double error = static_cast<double>(network_.output()[o]) - target[o];
                    squared[o] += error * error;
                    count[o] += 1.0;
                }
            }
            if ((first_step + static_cast<std::int64_t>(t)) % 2 == 0) {
                learn(target, mask);
            }
            const std::uint8_t* next_mask = t + 1 < steps ? mask + outputs : nullptr;
            rewrite_finished_epochs(next_mask);
        }
        for (std::size_t o = 0; o < outputs; ++o) {
            outcome.rms_error.push_back(count[o] > 0 ? std::sqrt(squared[o] / count[o]) : 0.0);
        }
        return outcome;
    }

    ForceState state(ForceSession::Parts parts) const {
        ForceState state{
            widen(network_.state()), widen(network_.readout()), widen(network_.output()), {}};
        if (parts == ForceSession::Parts::everything) {
            for (const auto& squares : squares_) {
                state.inverse_correlation.push_back(widen(squares.packed()));
            }
        }
        return state;
    }

  private:
    /// One RLS update of every group whose outputs have an error at this step.
    void learn(const double* target, const std::uint8_t* mask) {
        const std::size_t n = network_.units();
        const std::vector<T> z = network_.output();
        for (std::size_t g = 0; g < squares_.size(); ++g) {
            const std::vector<T>* k = nullptr;
            T c = 1;
            for (std::size_t o = 0; o < z.size(); ++o) {
                if (groups_[o] != static_cast<int>(g) || mask[o] == 0) {
                    continue;
                }
                if (k == nullptr) {
                    k = &squares_[g].gain(network_.rates(), c);
                }
                const T step = (z[o] - static_cast<T>(target[o])) / c;
                for (std::size_t i = 0; i < n; ++i) {
                    network_.readout()[o * n + i] -= step * (*k)[i];
                }
            }
        }
    }

    void rewrite_finished_epochs(const std::uint8_t* next_mask) {
        for (std::size_t g = 0; g < squares_.size(); ++g) {
            bool goes_on = false;
            for (std::size_t o = 0; o < groups_.size() && next_mask != nullptr; ++o) {
                goes_on = goes_on || (groups_[o] == static_cast<int>(g) && next_mask[o] != 0);
            }
            if (!goes_on) {
                squares_[g].rewrite();
            }
        }
    }

    Network<T> network_;
    std::vector<int> groups_;
    std::vector<LeastSquares<T>> squares_;
};

}  // namespace shoal::reference
