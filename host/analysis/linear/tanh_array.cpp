// SPDX-License-Identifier: MIT
#include "analysis/linear/tanh_array.hpp"

#include "core/error.hpp"

// Highway compiles this file once per instruction set and picks one when the program runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/linear/tanh_array.cpp"
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace shoal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR void tanh_all(double* values, std::size_t count) {
    const hn::CappedTag<double, 8> d;
    for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
        hn::StoreU(hn::Tanh(d, hn::LoadU(d, values + i)), d, values + i);
    }
}

}  // namespace shoal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(tanh_all);

void tanh_in_place(double* values, std::size_t count) {
    check(count % 8 == 0, "whole vectors");
    HWY_DYNAMIC_DISPATCH(tanh_all)(values, count);
}

}  // namespace shoal
#endif
