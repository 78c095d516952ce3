// SPDX-License-Identifier: MIT
// Gradient training, backward: a block of trials from the last step to the first, and the gradients
// of recurrent and input weights, bias and initial state (host/MATHEMATICS.md, B.4).
#if defined(SHOAL_BACKEND_CPU_GRADIENT_BACKWARD) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_GRADIENT_BACKWARD
#undef SHOAL_BACKEND_CPU_GRADIENT_BACKWARD
#else
#define SHOAL_BACKEND_CPU_GRADIENT_BACKWARD
#endif

#include "backend/cpu/gradient_forward_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

/// As AdvanceRows.
template <typename T>
struct RetreatRows {
    const T* rates;
    T* states;  ///< dL/d(state(t + 1)) becomes that of t
    T* deltas;  ///< dL/d(drive(t - 1)) in place of its target, if that is squashed; null: t is 0
    std::ptrdiff_t stride;
    T step;
    T penalty;  ///< derivative of the rate penalty is penalty r
};

/// From dL/dr(t), less the rate penalty's part, of a tile.
template <Cell C, bool Penalty, int W, typename T>
HWY_INLINE void retreat_rows(const RetreatRows<T>& to, const T* slopes, int rows) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    constexpr auto lanes = static_cast<std::ptrdiff_t>(hn::MaxLanes(Tag<T>()));
    const V step = hn::Set(d, to.step);
    for_row_groups<W>(rows, [&](auto group, int first) HWY_ATTR {
        constexpr int count = decltype(group)::value * W;
        SHOAL_UNROLL
        for (int k = 0; k < count; ++k) {
            const std::ptrdiff_t at = (first + k / W) * to.stride + (k % W) * lanes;
            V slope = hn::Load(d, slopes + (first * W + k) * lanes);
            V state = hn::Load(d, to.states + at);
            state = hn::NegMulAdd(step, state, state);
            if constexpr (Penalty) {
                slope = hn::MulAdd(hn::Set(d, to.penalty), hn::Load(d, to.rates + at), slope);
            }
            state = add_through_rate(C, d, state, slope, hn::Load(d, to.rates + at));
            hn::Store(state, d, to.states + at);
            if (to.deltas != nullptr) {
                const V target = hn::Load(d, to.deltas + at);
                hn::Store(through_target(C, d, hn::Mul(step, state), target), d, to.deltas + at);
            }
        }
    });
}

/// The state at time t from that at t + 1; t = steps starts with nothing behind it.
template <Cell C, typename T>
HWY_INLINE void backward_step(GradientPass<T>& pass, const Strides<T>& strides, int t) {
    const GradientPlan& plan = *pass.plan;
    HWY_ALIGN T tile[most_tile_rows * panel_vectors * block];
    const bool last = t == plan.shape.steps;
    const Left<T> drives{pass.deltas + (last ? 0 : t) * strides.step, strides.row, 1,
                         last ? 0 : plan.shape.units};
    // z(t - 1) reads r(t).
    const Left<T> errors{pass.errors + (t - (t > 0)) * strides.output_step, 1, strides.output,
                         t > 0 ? plan.shape.outputs : 0};
    T* deltas = t > 0 ? pass.deltas + (t - 1) * strides.step : nullptr;
    const T* rates = pass.rates + t * strides.step;
    for (const auto& panel : plan.panels) {
        const int columns = panel.width * plan.lanes;
        const T* weights = pass.backward_weights + panel.first * plan.backward_rows;
        const Right<T> right{last ? weights + plan.shape.units * columns : weights, columns};
        multiply_panel<Start::from_zero>(
            panel.width, pass.trials, drives, errors, right, Result<T>{tile, columns},
            [&](auto width, int row, int end) HWY_ATTR {
                constexpr int w = decltype(width)::value;
                const std::ptrdiff_t at = row * strides.row + panel.first;
                const RetreatRows<T> to{
                    rates + at,  pass.states + at, t > 0 ? deltas + at : nullptr,
                    strides.row, pass.step,        pass.rate_factor};
                if (t > 0 && pass.rate_factor != 0) {
                    retreat_rows<C, true, w>(to, tile, end - row);
                } else {
                    retreat_rows<C, false, w>(to, tile, end - row);
                }
            });
    }
}

/// The gradients of the forward matrix += those of steps [begin, end).
template <typename T>
HWY_INLINE void add_weight_gradient(const GradientPass<T>& pass, const Strides<T>& strides,
                                    int begin, int end) {
    const GradientPlan& plan = *pass.plan;
    const int rows = (end - begin) * pass.trials;
    const Left<T> rates{pass.rates + begin * strides.step, 1, strides.row, rows};
    const Left<T> drives{pass.drives + begin * strides.drive_step, 1, strides.drive_row, rows};
    for (const auto& panel : plan.panels) {
        const int columns = panel.width * plan.lanes;
        const Right<T> deltas{pass.deltas + begin * strides.step + panel.first, strides.row};
        T* gradient = pass.gradient + panel.first * plan.forward_rows;
        if (pass.trained.recurrent) {
            multiply_panel<Start::from_result>(panel.width, plan.shape.units, rates, Left<T>{},
                                               deltas, Result<T>{gradient, columns, columns},
                                               nothing);
        }
        if (pass.trained.input || pass.trained.bias) {
            multiply_panel<Start::from_result>(
                panel.width, plan.shape.inputs + 1, drives, Left<T>{}, deltas,
                Result<T>{gradient + plan.shape.units * columns, columns, columns}, nothing);
        }
    }
}

template <Cell C, typename T>
HWY_INLINE void backward_steps(GradientPass<T>& pass) {
    const Tag<T> d;
    const GradientPlan& plan = *pass.plan;
    const Strides<T> strides(pass);
    std::fill_n(pass.states, strides.step, T{0});
    int done = plan.shape.steps;  // weight gradients of steps from here on are added
    for (int t = plan.shape.steps; t > 0; --t) {
        backward_step<C>(pass, strides, t);
        if (done - (t - 1) == plan.weight_steps || t == 1) {
            add_weight_gradient(pass, strides, t - 1, done);
            done = t - 1;
        }
    }
    if (pass.trained.initial_state) {
        backward_step<C>(pass, strides, 0);
        T* gradient = pass.gradient + plan.initial_state;
        for (int c = 0; c < plan.padded; c += plan.lanes) {
            auto sum = hn::Load(d, gradient + c);
            for (int i = 0; i < pass.trials; ++i) {
                sum = hn::Add(sum, hn::Load(d, pass.states + i * strides.row + c));
            }
            hn::Store(sum, d, gradient + c);
        }
    }
}

template <typename T>
void backward(GradientPass<T>& pass) {
    with_constant_cell(pass.cell, [&](auto cell) HWY_ATTR { backward_steps<cell()>(pass); });
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_GRADIENT_BACKWARD
