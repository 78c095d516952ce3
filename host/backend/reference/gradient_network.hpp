// SPDX-License-Identifier: MIT
// Backpropagation through time for one network, in plain loops: the ground truth
// (host/MATHEMATICS.md, B.4). With a = dt / tau, r = h (rate) or tanh(x) (current), and r(0) that
// of the initial state:
//
//   p(t)   = W r(t) + W_in u(t) + b
//   rate:     h(t+1) = h(t) + a (tanh(p(t)) - h(t)) + sqrt(a) sigma xi(t)
//   current:  x(t+1) = x(t) + a (p(t) - x(t)) + sqrt(a) sigma xi(t)
//   z(t)   = W_out r(t+1)
//
// Backwards, with lambda(t+1) = dL / d state(t+1) and g(t) = dL / d r(t) from z(t-1), the rate
// penalty and W' d(t):
//   rate:     d(t) = a (1 - tanh(p(t))^2) lambda(t+1),  lambda(t) = (1 - a) lambda(t+1) + g(t)
//   current:  d(t) = a lambda(t+1),  lambda(t) = (1 - a) lambda(t+1) + (1 - r(t)^2) g(t)
//   dW += d(t) r(t)',  dW_in += d(t) u(t)',  db += d(t),  dW_out += dz(t) r(t+1)'
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "backend/gradient.hpp"
#include "core/error.hpp"
#include "model/equations.hpp"
#include "model/optimizer.hpp"

namespace shoal::reference {

template <typename T>
class GradientNetwork {
  public:
    GradientNetwork(const NetworkModel& model, const GradientRule& rule,
                    const GradientState* resume)
        : rule_(rule),
          at_(rule.shape),
          cell_(model.cell),
          leak_(static_cast<T>(model.dt / model.tau)),
          noise_(static_cast<T>(std::sqrt(model.dt / model.tau) * rule.training.noise)),
          ranges_(trained_ranges(rule)) {
        const std::vector<double> initial = initial_weights(model, rule);
        base_.assign(initial.begin(), initial.begin() + static_cast<std::ptrdiff_t>(at_.input));
        weights_.assign(initial.begin(), initial.end());
        first_.assign(at_.size, 0);
        const bool adam = rule.training.optimizer == Optimizer::adam;
        second_.assign(adam ? at_.size : 0, 0);
        if (resume != nullptr) {
            check(resume->weights.size() == at_.size && resume->first_moment.size() == at_.size &&
                      resume->second_moment.size() == second_.size(),
                  "gradient state does not fit its network");
            weights_.assign(resume->weights.begin(), resume->weights.end());
            first_.assign(resume->first_moment.begin(), resume->first_moment.end());
            second_.assign(resume->second_moment.begin(), resume->second_moment.end());
        }
    }

    IterationOutcome run_iteration(const TrialBatch& batch, int iteration) {
        const IterationOutcome outcome = differentiate(batch);
        if (!outcome.diverged) {
            update(outcome.gradient_norm, iteration);
        }
        return outcome;
    }

    IterationOutcome gradient(const TrialBatch& batch, std::vector<double>& gradient) {
        const IterationOutcome outcome = differentiate(batch);
        gradient.assign(at_.size, 0.0);
        for (const WeightRange range : ranges_) {
            for (std::size_t i = range.begin; i < range.end; ++i) {
                gradient[i] = static_cast<double>(gradient_[i]);
            }
        }
        return outcome;
    }

    GradientState state() const {
        return {{weights_.begin(), weights_.end()},
                {first_.begin(), first_.end()},
                {second_.begin(), second_.end()}};
    }

  private:
    /// One trial's history: [time] states and rates 0 ... steps, and of every step what the states
    /// are drawn to and the output errors.
    struct History {
        std::vector<T> state, rate, target, output;
    };

    /// Gradient of loss and penalties at the current weights, into gradient_.
    IterationOutcome differentiate(const TrialBatch& batch) {
        gradient_.assign(at_.size, 0);
        matrix_gradient_.assign(at_.input, 0);
        const double terms =
            error_terms(error_weight(batch), rule_.training.loss, batch.shape.outputs);
        IterationOutcome outcome;
        double rates = 0.0;
        History history;
        for (int b = 0; b < batch.trials && !outcome.diverged; ++b) {
            outcome.diverged = !forward(batch, b, history);
            outcome.loss += loss_and_slope(batch, b, terms, history);
            for (std::size_t i = at_.units; i < history.rate.size(); ++i) {
                rates +=
                    static_cast<double>(history.rate[i]) * static_cast<double>(history.rate[i]);
            }
            backward(batch, b, history);
        }
        gather_recurrent();
        const double rate_terms =
            static_cast<double>(batch.trials) * batch.shape.steps * static_cast<double>(at_.units);
        outcome.penalty = rule_.training.rate_penalty * rates / rate_terms + add_l2();
        outcome.gradient_norm = norm();
        outcome.diverged = outcome.diverged || !std::isfinite(outcome.loss + outcome.penalty) ||
                           !std::isfinite(outcome.gradient_norm);
        return outcome;
    }

    std::size_t inputs() const { return static_cast<std::size_t>(rule_.shape.inputs); }
    std::size_t outputs() const { return static_cast<std::size_t>(rule_.shape.outputs); }
    bool classes() const { return rule_.training.loss == Loss::cross_entropy; }

    /// Place of row (time, trial) in a batch's arrays of this width.
    static std::size_t row(const TrialBatch& batch, std::size_t t, int b, std::size_t width) {
        return (t * static_cast<std::size_t>(batch.trials) + static_cast<std::size_t>(b)) * width;
    }

    /// Runs trial b; false if a state left the range.
    bool forward(const TrialBatch& batch, int b, History& h) const {
        const std::size_t n = at_.units;
        const auto steps = static_cast<std::size_t>(batch.shape.steps);
        h.state.resize((steps + 1) * n);
        h.rate.resize((steps + 1) * n);
        h.target.resize(steps * n);
        h.output.resize(steps * outputs());
        std::copy_n(weights_.begin() + static_cast<std::ptrdiff_t>(at_.initial_state), n,
                    h.state.begin());
        for (std::size_t i = 0; i < n; ++i) {
            h.rate[i] = rate_of(cell_, h.state[i]);
        }
        bool good = true;
        for (std::size_t t = 0; t < steps; ++t) {
            const double* u = batch.inputs.data() + row(batch, t, b, inputs());
            const T* r = h.rate.data() + t * n;
            for (std::size_t i = 0; i < n; ++i) {
                T drive = weights_[at_.bias + i];
                for (std::size_t c = 0; c < inputs(); ++c) {
                    drive =
                        fused(weights_[at_.input + i * inputs() + c], static_cast<T>(u[c]), drive);
                }
                for (std::size_t j = 0; j < n; ++j) {
                    drive = fused(weights_[i * n + j], r[j], drive);
                }
                const T x = h.state[t * n + i];
                const T target = target_of(cell_, drive);
                T next = step_towards(x, target, leak_);
                if (noise_ != 0) {
                    next = fused(noise_, draw(batch, b, t, i), next);
                }
                h.target[t * n + i] = target;
                h.state[(t + 1) * n + i] = next;
                h.rate[(t + 1) * n + i] = rate_of(cell_, next);
                good = good && in_range(next);
            }
            for (std::size_t o = 0; o < outputs(); ++o) {
                T z = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    z = fused(weights_[at_.readout + o * n + i], h.rate[(t + 1) * n + i], z);
                }
                h.output[t * outputs() + o] = z;
            }
        }
        return good;
    }

    T draw(const TrialBatch& batch, int b, std::size_t t, std::size_t unit) const {
        const std::uint32_t bits = random_bits(
            rule_.key, Purpose::process_noise, static_cast<std::uint32_t>(batch.first_trial + b),
            static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(unit));
        return static_cast<T>(standard_normal(bits));
    }

    /// This trial's part of the loss; outputs are replaced by dL/dz.
    double loss_and_slope(const TrialBatch& batch, int b, double terms, History& h) const {
        double loss = 0.0;
        for (std::size_t t = 0; t < static_cast<std::size_t>(batch.shape.steps); ++t) {
            const std::size_t at = row(batch, t, b, outputs());
            const double* target = batch.targets.data() + at;
            const std::uint8_t* mask = batch.mask.data() + at;
            const double* weights = batch.weights_at(at);
            T* z = h.output.data() + t * outputs();
            loss += classes() ? cross_entropy(z, target, mask, weights, terms)
                              : squared_error(z, target, mask, weights, terms);
        }
        return loss;
    }

    double squared_error(T* z, const double* target, const std::uint8_t* mask,
                         const double* weights, double terms) const {
        double loss = 0.0;
        for (std::size_t o = 0; o < outputs(); ++o) {
            const T error = mask[o] != 0 ? z[o] - static_cast<T>(target[o]) : T{0};
            const double weight = weights != nullptr ? weights[o] : 1.0;
            loss += weight * static_cast<double>(error) * static_cast<double>(error) / terms;
            z[o] = static_cast<T>(2.0 * weight / terms) * error;
        }
        return loss;
    }

    double cross_entropy(T* z, const double* target, const std::uint8_t* mask,
                         const double* weights, double terms) const {
        if (mask[0] == 0) {
            std::fill_n(z, outputs(), T{0});
            return 0.0;
        }
        const double weight = weights != nullptr ? weights[0] : 1.0;
        const T largest = *std::max_element(z, z + outputs());
        double sum = 0.0;
        double right = 0.0;
        for (std::size_t o = 0; o < outputs(); ++o) {
            const double above = static_cast<double>(z[o] - largest);
            right += target[o] * above;
            sum += std::exp(above);
        }
        for (std::size_t o = 0; o < outputs(); ++o) {
            const double p = std::exp(static_cast<double>(z[o] - largest)) / sum;
            z[o] = static_cast<T>(weight * (p - target[o]) / terms);
        }
        return weight * (std::log(sum) - right) / terms;
    }

    void backward(const TrialBatch& batch, int b, const History& h) {
        const std::size_t n = at_.units;
        const double rate_terms =
            static_cast<double>(batch.trials) * batch.shape.steps * static_cast<double>(n);
        const T rate_slope = static_cast<T>(2.0 * rule_.training.rate_penalty / rate_terms);
        std::vector<T> from_drive(n, 0);  // W' d(t) of the step behind
        std::vector<T> lambda(n, 0);
        std::vector<T> drive(n, 0);
        for (auto t = static_cast<std::size_t>(batch.shape.steps); t-- > 0;) {
            const double* u = batch.inputs.data() + row(batch, t, b, inputs());
            const T* slope = h.output.data() + t * outputs();
            const T* next_rate = h.rate.data() + (t + 1) * n;
            const T* rate = h.rate.data() + t * n;
            for (std::size_t i = 0; i < n; ++i) {
                T g = fused(rate_slope, next_rate[i], from_drive[i]);
                for (std::size_t o = 0; o < outputs(); ++o) {
                    g = fused(weights_[at_.readout + o * n + i], slope[o], g);
                    T& total = gradient_[at_.readout + o * n + i];
                    total = fused(slope[o], next_rate[i], total);
                }
                lambda[i] += through_rate(cell_, g, next_rate[i]);
                drive[i] = leak_ * target_slope(cell_, h.target[t * n + i]) * lambda[i];
                lambda[i] -= leak_ * lambda[i];
            }
            std::fill(from_drive.begin(), from_drive.end(), T{0});
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    from_drive[j] = fused(weights_[i * n + j], drive[i], from_drive[j]);
                    T& total = matrix_gradient_[i * n + j];
                    total = fused(drive[i], rate[j], total);
                }
                for (std::size_t c = 0; c < inputs(); ++c) {
                    T& total = gradient_[at_.input + i * inputs() + c];
                    total = fused(drive[i], static_cast<T>(u[c]), total);
                }
                gradient_[at_.bias + i] += drive[i];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            gradient_[at_.initial_state + i] +=
                lambda[i] + through_rate(cell_, from_drive[i], h.rate[i]);
        }
    }

    /// dW to the recurrent weights, or to the factors of their change: dU = dW V, dV = dW' U.
    void gather_recurrent() {
        const auto rank = static_cast<std::size_t>(rule_.shape.rank);
        if (rank == 0) {
            std::copy(matrix_gradient_.begin(), matrix_gradient_.end(), gradient_.begin());
            return;
        }
        const std::size_t n = at_.units;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const T slope = matrix_gradient_[i * n + j];
                for (std::size_t k = 0; k < rank; ++k) {
                    T& u = gradient_[at_.factor_u + i * rank + k];
                    T& v = gradient_[at_.factor_v + j * rank + k];
                    u = fused(slope, weights_[at_.factor_v + j * rank + k], u);
                    v = fused(slope, weights_[at_.factor_u + i * rank + k], v);
                }
            }
        }
    }

    /// Adds the slope of l2 sum w^2 over trained weights; returns that sum.
    double add_l2() {
        const T slope = static_cast<T>(2.0 * rule_.training.l2);
        double squares = 0.0;
        for (const WeightRange range : ranges_) {
            for (std::size_t i = range.begin; i < range.end; ++i) {
                squares += static_cast<double>(weights_[i]) * static_cast<double>(weights_[i]);
                gradient_[i] = fused(slope, weights_[i], gradient_[i]);
            }
        }
        return rule_.training.l2 * squares;
    }

    double norm() const {
        double squares = 0.0;
        for (const WeightRange range : ranges_) {
            for (std::size_t i = range.begin; i < range.end; ++i) {
                squares += static_cast<double>(gradient_[i]) * static_cast<double>(gradient_[i]);
            }
        }
        return std::sqrt(squares);
    }

    void update(double gradient_norm, int iteration) {
        const double clip = rule_.training.clip;
        const T scale =
            static_cast<T>(clip > 0.0 && gradient_norm > clip ? clip / gradient_norm : 1.0);
        const UpdateStep<T> step = update_step<T>(rule_.training, iteration);
        for (const WeightRange range : ranges_) {
            for (std::size_t i = range.begin; i < range.end; ++i) {
                if (second_.empty()) {
                    sgd_update(step, scale * gradient_[i], weights_[i], first_[i]);
                } else {
                    adam_update(step, scale * gradient_[i], weights_[i], first_[i], second_[i]);
                }
            }
        }
        const auto rank = static_cast<std::size_t>(rule_.shape.rank);
        const std::size_t n = at_.units;
        for (std::size_t i = 0; i < n && rank > 0; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                T w = base_[i * n + j];
                for (std::size_t k = 0; k < rank; ++k) {
                    w = fused(weights_[at_.factor_u + i * rank + k],
                              weights_[at_.factor_v + j * rank + k], w);
                }
                weights_[i * n + j] = w;
            }
        }
    }

    GradientRule rule_;
    WeightLayout at_;
    Cell cell_;
    T leak_;   ///< a = dt / tau
    T noise_;  ///< sqrt(a) sigma
    std::vector<WeightRange> ranges_;
    std::vector<T> base_;  ///< gain J
    std::vector<T> weights_, first_, second_;
    std::vector<T> gradient_, matrix_gradient_;
};

}  // namespace shoal::reference
