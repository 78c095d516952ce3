// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "backend/cpu/gradient_kernels.hpp"
#include "backend/gradient.hpp"

namespace shoal::cpu {

/// Memory of one iteration, kept by one thread and used by one network after the other.
template <typename T>
class GradientScratch {
  public:
    /// Numbers that a plan asks for.
    static std::size_t size_of(const GradientPlan& plan) {
        std::size_t size = 0;
        GradientScratch parts;
        parts.place(plan, [&](T*&, std::size_t part) { size += part; });
        return size;
    }

    void prepare(const GradientPlan& plan) {
        if (memory_.size() < size_of(plan)) {
            memory_ = AlignedArray<T>(size_of(plan));
        }
        T* next = memory_.data();
        place(plan, [&](T*& part, std::size_t size) {
            part = next;
            next += size;
        });
    }

    /// A batch was packed last as a network of this shape and loss wants it: others like it need
    /// not pack it again. forget_batch() before batches change.
    bool holds(const TrialBatch& batch, const GradientRule& rule) const {
        return batch_ == &batch && shape_ == rule.shape && loss_ == rule.training.loss;
    }
    void now_holds(const TrialBatch& batch, const GradientRule& rule) {
        batch_ = &batch;
        shape_ = rule.shape;
        loss_ = rule.training.loss;
    }
    void forget_batch() { batch_ = nullptr; }

    T *gradient = nullptr, *backward_weights = nullptr;
    T *drives = nullptr, *rates = nullptr, *deltas = nullptr, *states = nullptr, *noise = nullptr;
    T *targets = nullptr, *scales = nullptr, *errors = nullptr, *outputs = nullptr;

  private:
    /// Calls put(part, size) for every part, sizes in whole cache lines.
    template <class Put>
    void place(const GradientPlan& plan, const Put& put) {
        const auto n = [](int value) { return static_cast<std::size_t>(value); };
        const std::size_t steps = n(plan.shape.steps);
        const std::size_t trials = n(plan.block_trials);
        const std::size_t rows = trials * n(plan.stride);
        const std::size_t step_outputs = n(plan.shape.outputs) * n(trial_lanes(plan.block_trials));
        put(gradient, rounded(plan.size));
        put(backward_weights, rounded(plan.backward_size()));
        put(drives, rounded(n(plan.blocks) * steps * trials * n(plan.shape.inputs + 1)));
        put(rates, rounded((steps + 1) * rows));
        put(deltas, rounded(steps * rows));
        put(states, rounded(rows));
        put(noise, rounded(rows));
        put(targets, rounded(n(plan.blocks) * steps * step_outputs));
        put(scales, rounded(n(plan.blocks) * steps * step_outputs));
        put(errors, rounded(steps * step_outputs));
        put(outputs, rounded(step_outputs));
    }
    static std::size_t rounded(std::size_t size) {
        constexpr std::size_t whole = block;
        return (size + whole - 1) / whole * whole;
    }
    AlignedArray<T> memory_;
    const TrialBatch* batch_ = nullptr;
    GradientShape shape_;
    Loss loss_ = Loss::mse;
};

}  // namespace shoal::cpu
