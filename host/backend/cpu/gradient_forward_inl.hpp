// SPDX-License-Identifier: MIT
// Gradient training, forward: a block of trials through all steps (host/MATHEMATICS.md, B.4).
#if defined(SHOAL_BACKEND_CPU_GRADIENT_FORWARD) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_GRADIENT_FORWARD
#undef SHOAL_BACKEND_CPU_GRADIENT_FORWARD
#else
#define SHOAL_BACKEND_CPU_GRADIENT_FORWARD
#endif

#include "backend/cpu/gradient_kernels.hpp"
#include "backend/cpu/gradient_product_inl.hpp"
#include "backend/cpu/normals.hpp"
#include "model/equations_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

/// Distances between steps of a pass's arrays.
template <typename T>
struct Strides {
    explicit Strides(const GradientPass<T>& pass)
        : row(pass.plan->stride),
          step(row * pass.trials),
          drive_row(pass.plan->shape.inputs + 1),
          drive_step(drive_row * pass.trials),
          output(trial_lanes(pass.trials)),
          output_step(output * pass.plan->shape.outputs) {}
    std::ptrdiff_t row, step, drive_row, drive_step, output, output_step;
};

/// Normals of the process noise of one step, 0 in padding.
template <typename T>
void draw_noise(const GradientPass<T>& pass, int t) {
    const GradientPlan& plan = *pass.plan;
    for (int i = 0; i < pass.trials; ++i) {
        T* row = pass.noise + i * plan.stride;
        const auto trial = static_cast<std::uint32_t>(pass.first_trial + i);
        standard_normals(pass.noise_key, Purpose::process_noise, trial,
                         static_cast<std::uint32_t>(t), plan.shape.units, row);
        std::fill(row + plan.shape.units, row + plan.padded, T{0});
    }
}

/// Where a step's rows of one tile stand: arrays [trial][stride] from the tile's first row and
/// column on.
template <typename T>
struct AdvanceRows {
    const T* rates;
    T* next_rates;
    T* states;   ///< of cells that squash them: the others' are the rates
    T* targets;  ///< of cells that squash drives: what backward() has slopes from
    const T* noise;
    std::ptrdiff_t stride;
    T step;
    T noise_factor;
};

/// From the drives of a tile to the states and rates that follow; whether all are in range.
template <Cell C, bool Noise, int W, typename T>
HWY_INLINE bool advance_rows(const AdvanceRows<T>& to, const T* drives, int rows) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    constexpr auto lanes = static_cast<std::ptrdiff_t>(hn::MaxLanes(Tag<T>()));
    const V step = hn::Set(d, to.step);
    const V limit = hn::Set(d, static_cast<T>(divergence_limit));
    auto good = hn::Eq(limit, limit);
    for_row_groups<W>(rows, [&](auto group, int first) HWY_ATTR {
        constexpr int count = decltype(group)::value * W;
        // Vector k stands in row k / W of the group.
        const auto place = [&](int k) { return (first + k / W) * to.stride + (k % W) * lanes; };
        V next[count], towards[count];
        SHOAL_UNROLL
        for (int k = 0; k < count; ++k) {
            towards[k] = hn::Load(d, drives + (first * W + k) * lanes);
        }
        to_targets(C, d, towards);
        SHOAL_UNROLL
        for (int k = 0; k < count; ++k) {
            const std::ptrdiff_t at = place(k);
            const V state = hn::Load(d, (squashes_state(C) ? to.states : to.rates) + at);
            next[k] = step_towards(state, towards[k], step);
            if constexpr (Noise) {
                next[k] =
                    hn::MulAdd(hn::Set(d, to.noise_factor), hn::Load(d, to.noise + at), next[k]);
            }
            good = hn::And(good, hn::Le(hn::Abs(next[k]), limit));
            if constexpr (squashes_drive(C)) {
                hn::Store(towards[k], d, to.targets + at);
            }
            if constexpr (squashes_state(C)) {
                hn::Store(next[k], d, to.states + at);
            }
        }
        to_rates(C, d, next);
        SHOAL_UNROLL
        for (int k = 0; k < count; ++k) {
            hn::Store(next[k], d, to.next_rates + place(k));
        }
    });
    return hn::AllTrue(d, good);
}

template <Cell C, bool Noise, typename T>
HWY_INLINE void forward_step(GradientPass<T>& pass, const Strides<T>& strides, int t) {
    const GradientPlan& plan = *pass.plan;
    HWY_ALIGN T tile[most_tile_rows * panel_vectors * block];
    const T* rates = pass.rates + t * strides.step;
    T* next_rates = pass.rates + (t + 1) * strides.step;
    T* targets = pass.deltas + t * strides.step;
    const Left<T> recurrent{rates, strides.row, 1, plan.shape.units};
    const Left<T> input{pass.drives + t * strides.drive_step, strides.drive_row, 1,
                        plan.shape.inputs + 1};
    bool good = true;
    for (const auto& panel : plan.panels) {
        const int columns = panel.width * plan.lanes;
        const Right<T> weights{pass.weights + panel.first * plan.forward_rows, columns};
        multiply_panel<Start::from_zero>(
            panel.width, pass.trials, recurrent, input, weights, Result<T>{tile, columns},
            [&](auto width, int row, int end) HWY_ATTR {
                const std::ptrdiff_t at = row * strides.row + panel.first;
                const AdvanceRows<T> to{rates + at,   next_rates + at,  pass.states + at,
                                        targets + at, pass.noise + at,  strides.row,
                                        pass.step,    pass.noise_factor};
                good &= advance_rows<C, Noise, decltype(width)::value>(to, tile, end - row);
            });
    }
    pass.in_range = pass.in_range && good;
}

/// outputs = readout r of one step's rates.
template <typename T>
HWY_INLINE void read_out(const GradientPass<T>& pass, const Strides<T>& strides, const T* rates) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    const GradientPlan& plan = *pass.plan;
    for (int o = 0; o < plan.shape.outputs; ++o) {
        const T* weights = pass.weights + plan.readout + static_cast<std::size_t>(o * plan.padded);
        for (int first = 0; first < pass.trials; first += strip) {
            // Rows beyond the last one repeat it; their results are not used.
            const T* row[strip];
            V sum[strip];
            for (int m = 0; m < strip; ++m) {
                row[m] = rates + HWY_MIN(first + m, pass.trials - 1) * strides.row;
                sum[m] = hn::Zero(d);
            }
            for (int i = 0; i < plan.padded; i += plan.lanes) {
                const V weight = hn::Load(d, weights + i);
                for (int m = 0; m < strip; ++m) {
                    sum[m] = hn::MulAdd(hn::Load(d, row[m] + i), weight, sum[m]);
                }
            }
            sum_lanes(sum, pass.outputs + o * strides.output + first);
        }
    }
}

/// Errors of a step from its outputs; adds twice its squared error to `loss`.
template <typename T, class V>
HWY_INLINE void squared_error(const GradientPass<T>& pass, std::ptrdiff_t at, int size, V& loss) {
    const Tag<T> d;
    for (int i = 0; i < size; i += pass.plan->lanes) {
        const V difference =
            hn::Sub(hn::Load(d, pass.outputs + i), hn::Load(d, pass.targets + at + i));
        const V error = hn::Mul(hn::Load(d, pass.scales + at + i), difference);
        loss = hn::MulAdd(error, difference, loss);
        hn::Store(error, d, pass.errors + at + i);
    }
}

/// The same for softmax and cross-entropy, all outputs of a few trials at a time.
template <typename T, class V>
HWY_INLINE void cross_entropy(const GradientPass<T>& pass, std::ptrdiff_t at,
                              const Strides<T>& strides, V& loss) {
    const Tag<T> d;
    const std::ptrdiff_t all = strides.output_step;
    for (std::ptrdiff_t i = 0; i < strides.output; i += pass.plan->lanes) {
        V largest = hn::Load(d, pass.outputs + i);
        for (std::ptrdiff_t o = i; o < all; o += strides.output) {
            largest = hn::Max(largest, hn::Load(d, pass.outputs + o));
        }
        V sum = hn::Zero(d);
        V right = hn::Zero(d);
        for (std::ptrdiff_t o = i; o < all; o += strides.output) {
            const V above = hn::Sub(hn::Load(d, pass.outputs + o), largest);
            right = hn::MulAdd(hn::Load(d, pass.targets + at + o), above, right);
            const V power = hn::Exp(d, above);
            sum = hn::Add(sum, power);
            hn::Store(power, d, pass.errors + at + o);
        }
        const V scale = hn::Load(d, pass.scales + at + i);
        loss = hn::MulAdd(scale, hn::Sub(hn::Log(d, sum), right), loss);
        for (std::ptrdiff_t o = i; o < all; o += strides.output) {
            const V p = hn::Div(hn::Load(d, pass.errors + at + o), sum);
            hn::Store(hn::Mul(scale, hn::Sub(p, hn::Load(d, pass.targets + at + o))), d,
                      pass.errors + at + o);
        }
    }
}

/// The readout's gradient += errors of one step times its rates.
template <typename T>
HWY_INLINE void add_readout_gradient(const GradientPass<T>& pass, const Strides<T>& strides,
                                     const T* errors, const T* rates) {
    const GradientPlan& plan = *pass.plan;
    const Left<T> left{errors, strides.output, 1, pass.trials};
    for (const auto& panel : plan.panels) {
        const Result<T> result{pass.gradient + plan.readout + static_cast<std::size_t>(panel.first),
                               plan.padded, plan.padded};
        multiply_panel<Start::from_result>(panel.width, plan.shape.outputs, left, Left<T>{},
                                           Right<T>{rates + panel.first, strides.row}, result,
                                           nothing);
    }
}

template <Cell C, bool Noise, typename T>
void forward_steps(GradientPass<T>& pass) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    const Strides<T> strides(pass);
    const auto size = static_cast<int>(strides.output_step);
    std::fill_n(pass.outputs, size, T{0});
    for (int t = 0; t < pass.plan->shape.steps; ++t) {
        if constexpr (Noise) {
            draw_noise(pass, t);
        }
        forward_step<C, Noise>(pass, strides, t);
        const T* rates = pass.rates + (t + 1) * strides.step;
        read_out(pass, strides, rates);
        V loss = hn::Zero(d);
        if (pass.task_loss == Loss::mse) {
            squared_error(pass, t * strides.output_step, size, loss);
        } else {
            cross_entropy(pass, t * strides.output_step, strides, loss);
        }
        const double factor = pass.task_loss == Loss::mse ? 0.5 : 1.0;
        pass.loss += factor * static_cast<double>(hn::GetLane(hn::SumOfLanes(d, loss)));
        if (pass.trained.readout) {
            add_readout_gradient(pass, strides, pass.errors + t * strides.output_step, rates);
        }
        if (pass.rate_factor != 0) {
            V squares = hn::Zero(d);
            for (int i = 0; i < pass.trials; ++i) {
                for (int c = 0; c < pass.plan->padded; c += pass.plan->lanes) {
                    const V r = hn::Load(d, rates + i * strides.row + c);
                    squares = hn::MulAdd(r, r, squares);
                }
            }
            pass.squares += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, squares)));
        }
    }
}

/// Rates of the initial state; its padding is 0.
template <typename T>
void set_initial_rates(GradientPass<T>& pass) {
    const Tag<T> d;
    const GradientPlan& plan = *pass.plan;
    const T* initial = pass.weights + plan.initial_state;
    for (int i = 0; i < pass.trials; ++i) {
        for (int c = 0; c < plan.padded; c += plan.lanes) {
            hn::Vec<Tag<T>> x[1] = {hn::Load(d, initial + c)};
            hn::Store(x[0], d, pass.states + i * plan.stride + c);
            to_rates(pass.cell, d, x);
            hn::Store(x[0], d, pass.rates + i * plan.stride + c);
        }
    }
}

template <typename T>
void forward(GradientPass<T>& pass) {
    set_initial_rates(pass);
    const bool noise = pass.noise_factor != 0;
    with_constant_cell(pass.cell, [&](auto cell) HWY_ATTR {
        noise ? forward_steps<cell(), true>(pass) : forward_steps<cell(), false>(pass);
    });
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_GRADIENT_FORWARD
