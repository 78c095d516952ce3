// SPDX-License-Identifier: MIT
// What a network is looked at as.
#pragma once

#include <array>

#include "core/names.hpp"

namespace shoal {

/// The flow dx/dt = F(x), which Euler steps approximate, or the map x -> x + dt F(x) of the step
/// itself (host/MATHEMATICS.md, A.2). Both have the same fixed points, and not the same stability.
enum class SystemKind { flow, map };

template <>
inline constexpr auto rows_of<SystemKind> =
    std::to_array<Named<SystemKind>>({{SystemKind::flow, "flow"}, {SystemKind::map, "map"}});

/// What a network is unless somebody asks for the other: with dt = tau nothing of the state is left
/// after a step but what the units make of it, a map in its own right.
constexpr SystemKind system_of(double tau, double dt) {
    return dt == tau ? SystemKind::map : SystemKind::flow;
}

/// Length of the Euler steps that runs of the network are made of: its own dt, but for a flow with
/// dt = tau, which a step of tau does not approximate: tau / 10, the step of the published networks
/// (ours).
constexpr double step_of(SystemKind as, double tau, double dt) {
    return as == SystemKind::flow && system_of(tau, dt) == SystemKind::map ? tau / 10.0 : dt;
}

}  // namespace shoal
