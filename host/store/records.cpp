// SPDX-License-Identifier: MIT
#include "store/records.hpp"

#include "core/error.hpp"

namespace shoal {

const char* name_of(Status value) {
    switch (value) {
        case Status::pending:
            return "pending";
        case Status::trained:
            return "trained";
        case Status::diverged:
            return "diverged";
    }
    check(false, "known status");
    return "";
}

const char* name_of(Mechanism value) {
    switch (value) {
        case Mechanism::none:
            return "none";
        case Mechanism::direct:
            return "direct";
        case Mechanism::slow_manifold:
            return "slow_manifold";
        case Mechanism::limit_cycle:
            return "limit_cycle";
        case Mechanism::torus:
            return "torus";
        case Mechanism::mixed:
            return "mixed";
        case Mechanism::chaotic:
            return "chaotic";
        case Mechanism::far:
            return "far";
    }
    check(false, "known mechanism");
    return "";
}

const char* name_of(RuleLabel value) {
    switch (value) {
        case RuleLabel::not_run:
            return "";
        case RuleLabel::direct:
            return "direct";
        case RuleLabel::manifold:
            return "manifold";
        case RuleLabel::limit_cycle:
            return "limit_cycle";
        case RuleLabel::mixed:
            return "mixed";
        case RuleLabel::far:
            return "far";
    }
    check(false, "known rule label");
    return "";
}

const char* name_of(PointLabel value) {
    switch (value) {
        case PointLabel::proved:
            return "proved";
        case PointLabel::converged:
            return "converged";
        case PointLabel::slow:
            return "slow";
    }
    check(false, "known point label");
    return "";
}

std::span<const Status> enumerators(Status) {
    static constexpr Status values[] = {Status::pending, Status::trained, Status::diverged};
    return values;
}

std::span<const PointLabel> enumerators(PointLabel) {
    static constexpr PointLabel values[] = {PointLabel::proved, PointLabel::converged,
                                            PointLabel::slow};
    return values;
}

std::span<const Mechanism> enumerators(Mechanism) {
    static constexpr Mechanism values[] = {
        Mechanism::none,  Mechanism::direct, Mechanism::slow_manifold, Mechanism::limit_cycle,
        Mechanism::torus, Mechanism::mixed,  Mechanism::chaotic,       Mechanism::far};
    return values;
}

std::span<const RuleLabel> enumerators(RuleLabel) {
    static constexpr RuleLabel values[] = {RuleLabel::not_run,  RuleLabel::direct,
                                           RuleLabel::manifold, RuleLabel::limit_cycle,
                                           RuleLabel::mixed,    RuleLabel::far};
    return values;
}

}  // namespace shoal
