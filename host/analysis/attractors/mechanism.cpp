// SPDX-License-Identifier: MIT
#include "analysis/attractors/mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace shoal {

namespace {

constexpr std::size_t shown_exponents = 3;

std::string exponents_text(const Evidence& evidence) {
    std::string text = "Lyapunov exponents";
    for (std::size_t i = 0; i < std::min(shown_exponents, evidence.exponents.size()); ++i) {
        text += fmt::format("{} {:.4f} +- {:.4f}", i == 0 ? "" : ",", evidence.exponents[i],
                            evidence.exponent_errors[i]);
    }
    return text + " per time";
}

MechanismVerdict decide_settled(const Evidence& evidence, const VerdictThresholds& thresholds) {
    const auto runs = static_cast<int>(evidence.fates.size());
    const auto settled = std::count(evidence.fates.begin(), evidence.fates.end(), RunFate::settled);
    const int direct_from = std::max(2, std::min(thresholds.direct_from, runs));
    const bool direct = evidence.fixed_points >= direct_from;
    const std::string drifting =
        settled < runs ? fmt::format(", the others only drift; {} distinct", evidence.fixed_points)
                       : fmt::format(": {} distinct", evidence.fixed_points);
    return {direct ? Mechanism::direct : Mechanism::slow_manifold,
            fmt::format("{} of {} runs settle on stable fixed points{} (direct from {}).", settled,
                        runs, drifting, direct_from)};
}

MechanismVerdict decide_moving(const Evidence& evidence, const VerdictThresholds& thresholds) {
    if (evidence.exponents.empty()) {
        return {Mechanism::none, "No run settles, and the exponents could not be measured."};
    }
    const ExponentSigns signs = exponent_signs(evidence.exponents, evidence.exponent_errors,
                                               evidence.tau, thresholds.zero_exponents);
    const int zeros = signs.zeros + signs.open;
    const std::string start = fmt::format("No run settles; {}: ", exponents_text(evidence));
    const std::string recurrence =
        evidence.period > 0.0 ? fmt::format(", the state recurs after {:.4g}", evidence.period)
                              : std::string();
    if (signs.positive) {
        return {Mechanism::chaotic, start + "the largest is positive."};
    }
    if (evidence.refined_cycle) {
        return {Mechanism::limit_cycle,
                start + fmt::format("on a stable cycle of period {:.6g}{}.", evidence.period,
                                    evidence.flow_period > 0.0
                                        ? fmt::format(" ({:.6g} as a flow)", evidence.flow_period)
                                        : std::string())};
    }
    if (signs.undecided()) {
        return {Mechanism::undecided,
                start + fmt::format("{} are zero within errors that are too wide to tell a torus "
                                    "from weak chaos.",
                                    zeros)};
    }
    if (zeros >= 2) {
        return {Mechanism::torus, start + fmt::format("{} are zero within error.", zeros)};
    }
    if (zeros == 1) {
        return {Mechanism::limit_cycle, start + "one is zero within error" + recurrence + "."};
    }
    if (evidence.period > 0.0) {
        return {Mechanism::limit_cycle, start + "none is zero" + recurrence + "."};
    }
    return {Mechanism::slow_manifold,
            start + "all are negative and the state does not recur: the runs still converge."};
}

}  // namespace

bool has_arrived(const LastLook& look, const VerdictThresholds& thresholds) {
    return look.move < thresholds.settled_move && look.root_distance <= thresholds.settled_distance;
}

bool keeps_moving(const LastLook& look, const VerdictThresholds& thresholds) {
    return look.later_move > (1.0 - thresholds.slowing) * look.earlier_move &&
           look.later_move > thresholds.moving_move;
}

MechanismVerdict decide_mechanism(const Evidence& evidence, const VerdictThresholds& thresholds) {
    check(evidence.exponents.size() == evidence.exponent_errors.size(), "an error per exponent");
    const auto& fates = evidence.fates;
    const auto runs = std::ssize(fates);
    const auto diverged = std::count(fates.begin(), fates.end(), RunFate::diverged);
    const auto moving = std::count(fates.begin(), fates.end(), RunFate::moving);
    if (runs == 0) {
        return {Mechanism::none, "There is no run to judge by."};
    }
    if (diverged > 0) {
        return {Mechanism::far,
                fmt::format("{} of {} runs left the range of numbers.", diverged, runs)};
    }
    if (!(evidence.largest_output <= thresholds.far_output)) {
        return {Mechanism::far, fmt::format("|z_o| reaches {:.3g}, beyond {:g}.",
                                            evidence.largest_output, thresholds.far_output)};
    }
    if (moving == 0) {
        return decide_settled(evidence, thresholds);
    }
    if (moving == runs) {
        return decide_moving(evidence, thresholds);
    }
    const auto settled = std::count(fates.begin(), fates.end(), RunFate::settled);
    return {
        Mechanism::mixed,
        fmt::format("{} of {} runs settle on stable fixed points ({} distinct), {} keep moving{}.",
                    settled, runs, evidence.fixed_points, moving,
                    evidence.exponents.empty() ? "" : " (" + exponents_text(evidence) + ")")};
}

}  // namespace shoal
