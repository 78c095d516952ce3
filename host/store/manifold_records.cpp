// SPDX-License-Identifier: MIT
#include "store/manifold_records.hpp"

#include "core/error.hpp"

namespace shoal {

const char* name_of(StateSpace value) {
    switch (value) {
        case StateSpace::before_tanh:
            return "before_tanh";
        case StateSpace::rates:
            return "rates";
    }
    check(false, "known value of StateSpace");
    return "";
}

const char* name_of(VerdictThreshold value) {
    switch (value) {
        case VerdictThreshold::far:
            return "far";
        case VerdictThreshold::distinct:
            return "distinct";
        case VerdictThreshold::settled_distance:
            return "settled_distance";
        case VerdictThreshold::settled_move:
            return "settled_move";
        case VerdictThreshold::moving_move:
            return "moving_move";
        case VerdictThreshold::slowing:
            return "slowing";
        case VerdictThreshold::exponent_floor:
            return "exponent_floor";
        case VerdictThreshold::exponent_errors:
            return "exponent_errors";
        case VerdictThreshold::direct_from:
            return "direct_from";
        case VerdictThreshold::rule_b_variance:
            return "rule_b_variance";
        case VerdictThreshold::rule_b_decimals:
            return "rule_b_decimals";
        case VerdictThreshold::rule_b_direct_from:
            return "rule_b_direct_from";
    }
    check(false, "known value of VerdictThreshold");
    return "";
}

const char* name_of(RunFate value) {
    switch (value) {
        case RunFate::settled:
            return "settled";
        case RunFate::drifting:
            return "drifting";
        case RunFate::moving:
            return "moving";
        case RunFate::diverged:
            return "diverged";
    }
    check(false, "known value of RunFate");
    return "";
}

std::span<const RunFate> enumerators(RunFate) {
    static constexpr RunFate values[] = {RunFate::settled, RunFate::drifting, RunFate::moving,
                                         RunFate::diverged};
    return values;
}

std::span<const StateSpace> enumerators(StateSpace) {
    static constexpr StateSpace values[] = {StateSpace::before_tanh, StateSpace::rates};
    return values;
}

}  // namespace shoal
