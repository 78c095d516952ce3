// SPDX-License-Identifier: MIT
// One network in gradient training on the CPU.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/cpu/gradient_kernels.hpp"
#include "backend/cpu/gradient_scratch.hpp"
#include "backend/cpu/kernels.hpp"
#include "core/error.hpp"

namespace shoal::cpu {

template <typename T>
class GradientNetwork {
  public:
    GradientNetwork(const NetworkModel& model, const GradientRule& rule,
                    const GradientState* resume)
        : rule_(rule),
          plan_(rule.shape, gradient_kernels<T>().vectors, sizeof(T)),
          cell_(model.cell),
          step_(static_cast<T>(model.dt / model.tau)),
          noise_(static_cast<T>(std::sqrt(model.dt / model.tau) * rule.training.noise)),
          weights_(plan_.size),
          first_(plan_.size),
          second_(rule.training.optimizer == Optimizer::adam ? plan_.size : 0) {
        add_trained_ranges();
        const std::vector<double> initial = initial_weights(model, rule);
        load(initial, weights_);
        if (rule.shape.rank > 0) {
            base_ = AlignedArray<T>(plan_.readout);
            std::copy_n(weights_.data(), plan_.readout, base_.data());
        }
        if (resume != nullptr) {
            check(resume->weights.size() == initial.size() &&
                      resume->first_moment.size() == initial.size() &&
                      resume->second_moment.size() == (second_.size() > 0 ? initial.size() : 0),
                  "gradient state does not fit its network");
            load(resume->weights, weights_);
            load(resume->first_moment, first_);
            if (second_.size() > 0) {
                load(resume->second_moment, second_);
            }
        }
    }

    IterationOutcome run_iteration(const TrialBatch& batch, int iteration,
                                   GradientScratch<T>& scratch) {
        const FlushDenormals guard;
        const IterationOutcome outcome = differentiate(batch, scratch);
        if (!outcome.diverged) {
            update(outcome.gradient_norm, iteration, scratch.gradient);
        }
        return outcome;
    }

    IterationOutcome gradient(const TrialBatch& batch, GradientScratch<T>& scratch,
                              std::vector<double>& gradient) const {
        const FlushDenormals guard;
        const IterationOutcome outcome = differentiate(batch, scratch);
        const std::vector<double> all = unloaded(scratch.gradient);
        gradient.assign(all.size(), 0.0);
        for (const WeightRange range : trained_ranges(rule_)) {
            std::copy(all.begin() + static_cast<std::ptrdiff_t>(range.begin),
                      all.begin() + static_cast<std::ptrdiff_t>(range.end),
                      gradient.begin() + static_cast<std::ptrdiff_t>(range.begin));
        }
        return outcome;
    }

    GradientState state() const {
        return {unloaded(weights_.data()), unloaded(first_.data()),
                second_.size() > 0 ? unloaded(second_.data()) : std::vector<double>{}};
    }

  private:
    using Kernels = GradientKernels<T>;

    /// Loss and gradient at the current weights, into scratch.gradient.
    IterationOutcome differentiate(const TrialBatch& batch, GradientScratch<T>& scratch) const {
        check(batch.trials == plan_.shape.batch && batch.shape.steps == plan_.shape.steps &&
                  batch.shape.inputs == plan_.shape.inputs &&
                  batch.shape.outputs == plan_.shape.outputs,
              "trial batch does not fit its network");
        scratch.prepare(plan_);
        std::fill_n(scratch.gradient, plan_.size, T{0});
        kernels_.transpose(plan_, weights_.data(), scratch.backward_weights);
        const double values = static_cast<double>(batch.trials) * plan_.shape.steps *
                              static_cast<double>(plan_.shape.units);
        GradientPass<T> pass = first_pass(scratch);
        pass.rate_factor = static_cast<T>(2.0 * rule_.training.rate_penalty / values);
        if (!scratch.holds(batch, rule_)) {
            pack(batch, scratch);
        }
        for (int b = 0; b < plan_.blocks; ++b) {
            const int first = plan_.first_trial(b);
            pass.first_trial = batch.first_trial + first;
            pass.trials = plan_.first_trial(b + 1) - first;
            pass.drives = scratch.drives + drives_before(b);
            pass.targets = scratch.targets + outputs_before(b);
            pass.scales = scratch.scales + outputs_before(b);
            kernels_.forward(pass);
            kernels_.backward(pass);
        }
        if (plan_.shape.rank > 0) {
            kernels_.factor_gradients(plan_, weights_.data(), scratch.gradient);
        }
        IterationOutcome outcome;
        outcome.loss = pass.loss;
        outcome.penalty = rule_.training.rate_penalty * pass.squares / values;
        double squares = 0.0;
        double weight_squares = 0.0;
        for (const WeightRange range : ranges_) {
            const std::size_t size = range.end - range.begin;
            if (rule_.training.l2 != 0.0) {
                const T* w = weights_.data() + range.begin;
                weight_squares += kernels_.sum_of_squares(w, size);
                kernels_.add_scaled(static_cast<T>(2.0 * rule_.training.l2), w,
                                    scratch.gradient + range.begin, size);
            }
            squares += kernels_.sum_of_squares(scratch.gradient + range.begin, size);
        }
        outcome.penalty += rule_.training.l2 * weight_squares;
        outcome.gradient_norm = std::sqrt(squares);
        outcome.diverged = !pass.in_range || !std::isfinite(outcome.loss + outcome.penalty) ||
                           !std::isfinite(outcome.gradient_norm);
        return outcome;
    }

    GradientPass<T> first_pass(GradientScratch<T>& scratch) const {
        GradientPass<T> pass;
        pass.plan = &plan_;
        pass.cell = cell_;
        pass.task_loss = rule_.training.loss;
        pass.trained = rule_.training.parts;
        pass.step = step_;
        pass.noise_factor = noise_;
        pass.noise_key = rule_.key;
        pass.weights = weights_.data();
        pass.backward_weights = scratch.backward_weights;
        pass.gradient = scratch.gradient;
        pass.rates = scratch.rates;
        pass.deltas = scratch.deltas;
        pass.states = scratch.states;
        pass.noise = scratch.noise;
        pass.errors = scratch.errors;
        pass.outputs = scratch.outputs;
        return pass;
    }

    /// Where block b's drives, and its targets and scales, start.
    std::size_t drives_before(int b) const {
        return GradientPlan::size_of(plan_.shape.steps) *
               GradientPlan::size_of(plan_.shape.inputs + 1) *
               GradientPlan::size_of(plan_.first_trial(b));
    }
    std::size_t outputs_before(int b) const {
        return GradientPlan::size_of(b) * GradientPlan::size_of(plan_.shape.steps) *
               GradientPlan::size_of(plan_.shape.outputs) *
               GradientPlan::size_of(trial_lanes(plan_.block_trials));
    }

    /// Inputs, targets and masks of a batch, as passes want them.
    void pack(const TrialBatch& batch, GradientScratch<T>& scratch) const {
        const double terms =
            error_terms(error_weight(batch), rule_.training.loss, plan_.shape.outputs);
        const double factor = (rule_.training.loss == Loss::mse ? 2.0 : 1.0) / terms;
        for (int b = 0; b < plan_.blocks; ++b) {
            const int first = plan_.first_trial(b);
            const int end = plan_.first_trial(b + 1);
            pack_inputs(batch, first, end, scratch.drives + drives_before(b));
            pack_targets(batch, first, end, static_cast<T>(factor),
                         scratch.targets + outputs_before(b), scratch.scales + outputs_before(b));
        }
        scratch.now_holds(batch, rule_);
    }

    /// [step][trial][inputs and a 1] of trials [first, end)
    void pack_inputs(const TrialBatch& batch, int first, int end, T* drive) const {
        const int inputs = plan_.shape.inputs;
        for (int t = 0; t < plan_.shape.steps; ++t) {
            const double* u = batch.inputs.data() +
                              (GradientPlan::size_of(t) * GradientPlan::size_of(batch.trials) +
                               GradientPlan::size_of(first)) *
                                  GradientPlan::size_of(inputs);
            for (int i = first; i < end; ++i) {
                for (int k = 0; k < inputs; ++k) {
                    *drive++ = static_cast<T>(*u++);
                }
                *drive++ = T{1};
            }
        }
    }

    /// [step][output][trial lanes] of trials [first, end); lanes without a trial have no error.
    void pack_targets(const TrialBatch& batch, int first, int end, T factor, T* target,
                      T* scale) const {
        const auto trials = GradientPlan::size_of(end - first);
        const auto outputs = GradientPlan::size_of(plan_.shape.outputs);
        const auto lanes = GradientPlan::size_of(trial_lanes(end - first));
        for (int t = 0; t < plan_.shape.steps; ++t) {
            const std::size_t at = (GradientPlan::size_of(t) * GradientPlan::size_of(batch.trials) +
                                    GradientPlan::size_of(first)) *
                                   outputs;
            for (std::size_t o = 0; o < outputs; ++o) {
                for (std::size_t i = 0; i < trials; ++i) {
                    target[i] = static_cast<T>(batch.targets[at + i * outputs + o]);
                    const std::size_t from = at + i * outputs + o;
                    scale[i] = batch.mask[from] != 0 ? factor : T{0};
                    if (!batch.weights.empty()) {
                        scale[i] *= static_cast<T>(batch.weights[from]);
                    }
                }
                std::fill(target + trials, target + lanes, T{0});
                std::fill(scale + trials, scale + lanes, T{0});
                target += lanes;
                scale += lanes;
            }
        }
    }

    void update(double norm, int iteration, const T* gradient) {
        const double clip = rule_.training.clip;
        const auto scale = static_cast<T>(clip > 0.0 && norm > clip ? clip / norm : 1.0);
        const UpdateStep<T> step = update_step<T>(rule_.training, iteration);
        for (const WeightRange range : ranges_) {
            const std::size_t at = range.begin;
            kernels_.update(step, scale, gradient + at, weights_.data() + at, first_.data() + at,
                            second_.size() > 0 ? second_.data() + at : nullptr, range.end - at);
        }
        if (plan_.shape.rank > 0) {
            restore_base();
            kernels_.add_factors(plan_, weights_.data());
        }
    }

    /// Recurrent weights back to gain J.
    void restore_base() {
        for (const auto& panel : plan_.panels) {
            const auto at = GradientPlan::size_of(panel.first * plan_.forward_rows);
            const auto size = GradientPlan::size_of(plan_.shape.units * panel.width * plan_.lanes);
            std::copy_n(base_.data() + at, size, weights_.data() + at);
        }
    }

    /// Ranges of plan order that training changes, whole vectors all.
    void add_trained_ranges() {
        const TrainedParts& parts = rule_.training.parts;
        const auto add = [&](bool trained, std::size_t begin, std::size_t end) {
            if (trained && begin < end) {
                ranges_.push_back({begin, end});
            }
        };
        for (const auto& panel : plan_.panels) {
            const auto row = GradientPlan::size_of(panel.width * plan_.lanes);
            const auto start = GradientPlan::size_of(panel.first * plan_.forward_rows);
            const auto input = start + row * GradientPlan::size_of(plan_.shape.units);
            const auto bias = input + row * GradientPlan::size_of(plan_.shape.inputs);
            add(parts.recurrent && plan_.shape.rank == 0, start, input);
            add(parts.input, input, bias);
            add(parts.bias, bias, bias + row);
        }
        add(parts.readout, plan_.readout, plan_.initial_state);
        add(parts.initial_state, plan_.initial_state, plan_.factor_u);
        add(parts.recurrent, plan_.factor_u, plan_.size);
    }

    /// Calls visit(place in WeightLayout, place in plan order) for every weight.
    template <class Visit>
    void for_each_weight(const Visit& visit) const {
        const WeightLayout at(rule_.shape);
        const auto n = [](int value) { return static_cast<std::size_t>(value); };
        const std::size_t units = at.units;
        const std::size_t inputs = n(plan_.shape.inputs);
        const std::size_t outputs = n(plan_.shape.outputs);
        const std::size_t rank = n(plan_.shape.rank);
        const std::size_t padded = n(plan_.padded);
        for (const auto& panel : plan_.panels) {
            const std::size_t row = n(panel.width * plan_.lanes);
            const std::size_t first = n(panel.first);
            for (std::size_t to = first; to < std::min(first + row, units); ++to) {
                const std::size_t column = first * n(plan_.forward_rows) + to - first;
                for (std::size_t from = 0; from < units; ++from) {
                    visit(to * units + from, column + from * row);
                }
                for (std::size_t k = 0; k < inputs; ++k) {
                    visit(at.input + to * inputs + k, column + (units + k) * row);
                }
                visit(at.bias + to, column + (units + inputs) * row);
            }
        }
        for (std::size_t i = 0; i < units; ++i) {
            for (std::size_t o = 0; o < outputs; ++o) {
                visit(at.readout + o * units + i, plan_.readout + o * padded + i);
            }
            visit(at.initial_state + i, plan_.initial_state + i);
            for (std::size_t k = 0; k < rank; ++k) {
                visit(at.factor_u + i * rank + k, plan_.factor_u + k * padded + i);
                visit(at.factor_v + i * rank + k, plan_.factor_v + k * padded + i);
            }
        }
    }
    void load(const std::vector<double>& values, AlignedArray<T>& to) const {
        for_each_weight(
            [&](std::size_t from, std::size_t place) { to[place] = static_cast<T>(values[from]); });
    }
    std::vector<double> unloaded(const T* values) const {
        std::vector<double> out(WeightLayout(rule_.shape).size);
        for_each_weight([&](std::size_t to, std::size_t place) {
            out[to] = static_cast<double>(values[place]);
        });
        return out;
    }

    const Kernels& kernels_ = gradient_kernels<T>();
    GradientRule rule_;
    GradientPlan plan_;
    Cell cell_;
    T step_;
    T noise_;
    AlignedArray<T> weights_, first_, second_;
    AlignedArray<T> base_;  ///< forward matrix with gain J, of networks with factors
    std::vector<WeightRange> ranges_;
};

}  // namespace shoal::cpu
