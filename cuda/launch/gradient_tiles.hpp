// SPDX-License-Identifier: MIT
// From a precision and a route to the tile that kernels are made for.
#pragma once

#include "core/error.hpp"
#include "launch/gradient_operations.hpp"
#include "launch/gradient_policy.hpp"

namespace shoal::cuda {

template <class A, class Visit>
auto visit_gradient_route(GradientRoute route, Visit visit) {
    switch (route) {
        case GradientRoute::small:
            return visit(SmallGradient<A>{});
        case GradientRoute::medium:
            return visit(MediumGradient<A>{});
        case GradientRoute::large:
            return visit(LargeGradient<A>{});
        default:
            return visit(HugeGradient<A>{});
    }
}

/// Calls visit(Tile{}).
template <class Visit>
auto visit_gradient_tile(Precision precision, GradientRoute route, Visit visit) {
    check(precision != Precision::fp64, "gradient tiles: none for fp64");
    switch (precision) {
        case Precision::tf32:
            return visit_gradient_route<Tf32>(route, visit);
        case Precision::bf16:
            return visit_gradient_route<Bf16>(route, visit);
        default:
            return visit_gradient_route<Fp32>(route, visit);
    }
}

}  // namespace shoal::cuda
