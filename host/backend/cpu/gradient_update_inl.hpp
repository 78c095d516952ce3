// SPDX-License-Identifier: MIT
// Gradient training, once per iteration: the backward matrix, factors of low rank, norms,
// optimisers (host/MATHEMATICS.md, B.4).
#if defined(SHOAL_BACKEND_CPU_GRADIENT_UPDATE) == \
    defined(HWY_TARGET_TOGGLE)  // included again for every instruction set
#ifdef SHOAL_BACKEND_CPU_GRADIENT_UPDATE
#undef SHOAL_BACKEND_CPU_GRADIENT_UPDATE
#else
#define SHOAL_BACKEND_CPU_GRADIENT_UPDATE
#endif

#include "backend/cpu/gradient_kernels.hpp"
#include "backend/cpu/simd_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

template <typename T>
void transpose(const GradientPlan& plan, const T* weights, T* backward) {
    const int units = plan.shape.units;
    for (const auto& from : plan.panels) {
        const int width = from.width * plan.lanes;
        T* out = backward + from.first * plan.backward_rows;
        for (const auto& to : plan.panels) {
            const int columns = to.width * plan.lanes;
            const T* in = weights + to.first * plan.forward_rows + from.first * columns;
            const int rows = HWY_MIN(columns, units - to.first);
            const int used = HWY_MIN(width, units - from.first);
            for (int j = 0; j < rows; ++j) {
                T* row = out + (to.first + j) * width;
                for (int i = 0; i < used; ++i) {
                    row[i] = in[i * columns + j];
                }
                std::fill(row + used, row + width, T{0});
            }
        }
        const T* readout = weights + plan.readout + static_cast<std::size_t>(from.first);
        for (int o = 0; o < plan.shape.outputs; ++o) {
            std::copy_n(readout + o * plan.padded, width, out + (units + o) * width);
        }
    }
}

/// row += factor * vector, over `size` numbers in whole vectors.
template <typename T>
HWY_INLINE void add_to_row(T factor, const T* vector, T* row, int size) {
    const Tag<T> d;
    const auto f = hn::Set(d, factor);
    for (int c = 0; c < size; c += static_cast<int>(hn::Lanes(d))) {
        hn::Store(hn::MulAdd(f, hn::Load(d, vector + c), hn::Load(d, row + c)), d, row + c);
    }
}

template <typename T>
void add_factors(const GradientPlan& plan, T* weights) {
    const T* u = weights + plan.factor_u;
    const T* v = weights + plan.factor_v;
    for (const auto& panel : plan.panels) {
        const int columns = panel.width * plan.lanes;
        for (int from = 0; from < plan.shape.units; ++from) {
            T* row = weights + panel.first * plan.forward_rows + from * columns;
            for (int k = 0; k < plan.shape.rank; ++k) {
                add_to_row(v[k * plan.padded + from], u + k * plan.padded + panel.first, row,
                           columns);
            }
        }
    }
}

template <typename T>
void factor_gradients(const GradientPlan& plan, const T* weights, T* gradient) {
    const Tag<T> d;
    for (const auto& panel : plan.panels) {
        const int columns = panel.width * plan.lanes;
        for (int from = 0; from < plan.shape.units; ++from) {
            T* slope = gradient + panel.first * plan.forward_rows + from * columns;
            for (int k = 0; k < plan.shape.rank; ++k) {
                const std::size_t row = static_cast<std::size_t>(k * plan.padded);
                const T* u = weights + plan.factor_u + row + panel.first;
                add_to_row(weights[plan.factor_v + row + static_cast<std::size_t>(from)], slope,
                           gradient + plan.factor_u + row + panel.first, columns);
                auto sum = hn::Zero(d);
                for (int c = 0; c < columns; c += plan.lanes) {
                    sum = hn::MulAdd(hn::Load(d, slope + c), hn::Load(d, u + c), sum);
                }
                gradient[plan.factor_v + row + static_cast<std::size_t>(from)] +=
                    hn::GetLane(hn::SumOfLanes(d, sum));
            }
            std::fill_n(slope, columns, T{0});
        }
    }
}

/// In double, so that no square overflows that is not the end of training anyway.
template <typename T>
double sum_of_squares(const T* values, std::size_t size) {
    constexpr std::size_t sums = 8;
    double sum[sums] = {};
    for (std::size_t i = 0; i < size; ++i) {
        const auto value = static_cast<double>(values[i]);
        sum[i % sums] = std::fma(value, value, sum[i % sums]);
    }
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

template <typename T>
void add_scaled(T factor, const T* weights, T* gradient, std::size_t size) {
    const Tag<T> d;
    const auto f = hn::Set(d, factor);
    for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
        hn::Store(hn::MulAdd(f, hn::Load(d, weights + i), hn::Load(d, gradient + i)), d,
                  gradient + i);
    }
}

/// adam_update() or sgd_update() of model/optimizer.hpp in vectors.
template <typename T>
void update(const UpdateStep<T>& step, T scale, const T* gradient, T* weights, T* first, T* second,
            std::size_t size) {
    const Tag<T> d;
    using V = hn::Vec<Tag<T>>;
    const V rate = hn::Set(d, step.rate);
    const V decay = hn::Set(d, step.decay);
    for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
        const V g = hn::Mul(hn::Set(d, scale), hn::Load(d, gradient + i));
        const V w = hn::Load(d, weights + i);
        V change = hn::Load(d, first + i);
        if (second != nullptr) {
            change = hn::MulAdd(hn::Set(d, step.keep_first), change,
                                hn::Mul(hn::Set(d, step.add_first), g));
            const V square = hn::Mul(hn::Mul(hn::Set(d, step.add_second), g), g);
            const V v = hn::MulAdd(hn::Set(d, step.keep_second), hn::Load(d, second + i), square);
            hn::Store(v, d, second + i);
            hn::Store(change, d, first + i);
            change = hn::Div(change, hn::MulAdd(hn::Sqrt(v), hn::Set(d, step.root_scale),
                                                hn::Set(d, step.epsilon)));
        } else {
            change = hn::MulAdd(hn::Set(d, step.keep_first), change, g);
            hn::Store(change, d, first + i);
        }
        hn::Store(hn::NegMulAdd(rate, change, hn::NegMulAdd(decay, w, w)), d, weights + i);
    }
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // SHOAL_BACKEND_CPU_GRADIENT_UPDATE
