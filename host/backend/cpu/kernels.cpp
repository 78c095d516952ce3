// SPDX-License-Identifier: MIT
// Compiled once per instruction set by Highway: foreach_target.h includes this file again for each.
#include "backend/cpu/kernels.hpp"

#include "backend/cpu/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// clang-format on

#include "backend/cpu/least_squares_inl.hpp"
#include "backend/cpu/step_inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal::cpu::HWY_NAMESPACE {

template <typename T>
Kernels<T> table() {
    return {
        hwy::TargetName(HWY_TARGET), group_width<T>(), columns_at_once<T>(), &step<T>, &settle<T>,
        &append_update<T>,           &rewrite<T>,      &subtract<T>};
}
Kernels<float> float_table() {
    return table<float>();
}
Kernels<double> double_table() {
    return table<double>();
}

}  // namespace shoal::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shoal::cpu {

HWY_EXPORT(float_table);
HWY_EXPORT(double_table);

template <>
const Kernels<float>& kernels<float>() {
    static const Kernels<float> table = HWY_DYNAMIC_DISPATCH(float_table)();
    return table;
}

template <>
const Kernels<double>& kernels<double>() {
    static const Kernels<double> table = HWY_DYNAMIC_DISPATCH(double_table)();
    return table;
}

#if defined(__x86_64__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | 0x8040u);
}
FlushDenormals::~FlushDenormals() {
    _mm_setcsr(saved_);
}
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() = default;
#endif

}  // namespace shoal::cpu
#endif  // HWY_ONCE