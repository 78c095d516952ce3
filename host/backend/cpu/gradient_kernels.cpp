// SPDX-License-Identifier: MIT
// Compiled once per instruction set, as kernels.cpp.
#include "backend/cpu/gradient_kernels.hpp"

#include <algorithm>
#include <cmath>

#include "backend/backend.hpp"
#include "backend/cpu/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gradient_kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// clang-format on

#include "backend/cpu/gradient_backward_inl.hpp"
#include "backend/cpu/gradient_forward_inl.hpp"
#include "backend/cpu/gradient_update_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

template <typename T>
GradientKernels<T> gradient_table() {
    return {{static_cast<int>(hn::Lanes(Tag<T>())), panel_vectors},
            &forward<T>,
            &backward<T>,
            &transpose<T>,
            &add_factors<T>,
            &factor_gradients<T>,
            &sum_of_squares<T>,
            &add_scaled<T>,
            &update<T>};
}
GradientKernels<float> float_gradient_table() {
    return gradient_table<float>();
}
GradientKernels<double> double_gradient_table() {
    return gradient_table<double>();
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace shoal::cpu {

HWY_EXPORT(float_gradient_table);
HWY_EXPORT(double_gradient_table);

template <>
const GradientKernels<float>& gradient_kernels<float>() {
    static const GradientKernels<float> table = HWY_DYNAMIC_DISPATCH(float_gradient_table)();
    return table;
}

template <>
const GradientKernels<double>& gradient_kernels<double>() {
    static const GradientKernels<double> table = HWY_DYNAMIC_DISPATCH(double_gradient_table)();
    return table;
}

}  // namespace shoal::cpu
#endif  // HWY_ONCE
