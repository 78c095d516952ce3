// SPDX-License-Identifier: MIT
#include "analysis/attractors/sensitivity.hpp"

#include <algorithm>
#include <cstddef>

#include "analysis/dynamics/spectrum.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {

namespace {

constexpr double threshold_factors[] = {0.1, 0.3, 1.0, 3.0, 10.0};
constexpr int shifts[] = {-1, 0, 1};
// Index of the pair (i, j), i < j, of n in the order (0,1) (0,2) ... (1,2) ...
std::size_t pair_index(std::size_t i, std::size_t j, std::size_t n) {
    return i * n - i * (i + 1) / 2 + j - i - 1;
}

// Distances between the rates of every two states; infinity where one is missing (empty).
std::vector<double> separations(const Dynamics& dynamics,
                                const std::vector<Eigen::VectorXd>& states) {
    std::vector<double> result;
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (std::size_t j = i + 1; j < states.size(); ++j) {
            const bool both = states[i].size() > 0 && states[j].size() > 0;
            result.push_back(both ? rms(dynamics.rates(states[i]) - dynamics.rates(states[j]))
                                  : infinity);
        }
    }
    return result;
}

bool is_stable(const Dynamics& dynamics, const Eigen::VectorXd& root) {
    const auto eigenvalues = spectrum(dynamics.flow_jacobian(root));
    return eigenvalues && euler_map(*eigenvalues, dynamics.dt()).unstable() == 0;
}

// How many of the listed items are distinct: each is one with the first kept before it that is no
// further than `distance` away.
int count_distinct(const std::vector<std::size_t>& items, const std::vector<double>& pairs,
                   std::size_t count, double distance) {
    std::vector<std::size_t> kept;
    for (const std::size_t item : items) {
        if (std::none_of(kept.begin(), kept.end(), [&](std::size_t other) {
                return pairs[pair_index(std::min(other, item), std::max(other, item), count)] <=
                       distance;
            })) {
            kept.push_back(item);
        }
    }
    return static_cast<int>(kept.size());
}

// Points on which the given runs end. Runs that had settled were put on common points at the
// default distance; above it these are told apart, with the roots of runs that settle only now;
// below it every run's own root.
int count_points(const VerdictEvidence& stored, const std::vector<RunFate>& fates,
                 double distance) {
    const std::size_t runs = fates.size();
    std::vector<std::size_t> settled;  // one run of each point
    std::vector<int> seen;
    const bool finer = distance < VerdictThresholds{}.distinct_distance;
    for (std::size_t run = 0; run < runs; ++run) {
        const int point = stored.points[run];
        if (fates[run] != RunFate::settled ||
            (!finer && point >= 0 && std::find(seen.begin(), seen.end(), point) != seen.end())) {
            continue;
        }
        seen.push_back(point);
        settled.push_back(run);
    }
    if (distance == VerdictThresholds{}.distinct_distance &&
        std::all_of(settled.begin(), settled.end(),
                    [&](std::size_t run) { return stored.points[run] >= 0; })) {
        return static_cast<int>(settled.size());
    }
    return count_distinct(settled, stored.root_separations, runs, distance);
}

struct Variant {
    double factor;
    double value;
    bool moved;
    VerdictThresholds thresholds;
};

double* number_of(VerdictThresholds& t, VerdictThreshold which) {
    switch (which) {
        case VerdictThreshold::far:
            return &t.far_output;
        case VerdictThreshold::distinct:
            return &t.distinct_distance;
        case VerdictThreshold::settled_distance:
            return &t.settled_distance;
        case VerdictThreshold::settled_move:
            return &t.settled_move;
        case VerdictThreshold::moving_move:
            return &t.moving_move;
        case VerdictThreshold::slowing:
            return &t.slowing;
        case VerdictThreshold::exponent_floor:
            return &t.zero_exponents.floor;
        case VerdictThreshold::exponent_errors:
            return &t.zero_exponents.errors;
        case VerdictThreshold::rule_b_variance:
            return &t.rule_b.variance;
        case VerdictThreshold::direct_from:
        case VerdictThreshold::rule_b_decimals:
        case VerdictThreshold::rule_b_direct_from:
            break;
    }
    return nullptr;
}

int* count_of(VerdictThresholds& t, VerdictThreshold which) {
    return which == VerdictThreshold::direct_from       ? &t.direct_from
           : which == VerdictThreshold::rule_b_decimals ? &t.rule_b.decimals
                                                        : &t.rule_b.direct_from;
}

std::vector<Variant> variants(VerdictThreshold which) {
    std::vector<Variant> result;
    VerdictThresholds thresholds;
    if (const double* number = number_of(thresholds, which)) {
        const double standard = *number;
        for (const double factor : threshold_factors) {
            *number_of(thresholds, which) = factor * standard;
            result.push_back({factor, factor * standard, factor != 1.0, thresholds});
        }
    } else {
        const int standard = *count_of(thresholds, which);
        for (const int shift : shifts) {
            *count_of(thresholds, which) = standard + shift;
            result.push_back({static_cast<double>(shift), static_cast<double>(standard + shift),
                              shift != 0, thresholds});
        }
    }
    return result;
}

bool moves_the_rule_alone(VerdictThreshold which) {
    return which == VerdictThreshold::rule_b_variance ||
           which == VerdictThreshold::rule_b_decimals ||
           which == VerdictThreshold::rule_b_direct_from;
}

}  // namespace

VerdictEvidence collect_evidence(const Dynamics& dynamics, const Settling& settling,
                                 const Evidence& evidence, const RuleOutcome& outcome,
                                 bool followed) {
    VerdictEvidence stored;
    const VerdictThresholds standard;
    std::vector<Eigen::VectorXd> roots;
    for (std::size_t i = 0; i < settling.runs().size(); ++i) {
        const FollowedRun& run = settling.runs()[i];
        const LastLook look = settling.last_look(i);
        stored.fates.push_back(static_cast<int>(evidence.fates[i]));
        stored.points.push_back(run.point);
        stored.moves.push_back(look.move);
        stored.earlier_moves.push_back(look.earlier_move);
        stored.later_moves.push_back(look.later_move);
        stored.root_distances.push_back(look.root_distance);
        const bool settled = run.fate == RunFate::settled;
        // A run that has arrived and yet is not settled was not found to be near a stable root.
        const bool may_settle =
            look.root_distance <= threshold_factors[4] * standard.settled_distance &&
            !has_arrived(look);
        stored.root_stable.push_back(settled || (may_settle && is_stable(dynamics, run.root)) ? 1
                                                                                              : 0);
        roots.push_back(run.root);
    }
    stored.root_separations = separations(dynamics, roots);
    stored.largest_output = evidence.largest_output;
    stored.followed = followed;
    stored.exponents = evidence.exponents;
    stored.exponent_errors = evidence.exponent_errors;
    stored.period = evidence.period;
    stored.flow_period = evidence.flow_period;
    stored.tau = evidence.tau;
    stored.end_outputs = outcome.end_outputs;
    stored.output_variances = outcome.variances;
    stored.largest_output_seen = outcome.largest_output;
    return stored;
}

Evidence evidence_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds) {
    Evidence evidence;
    for (std::size_t run = 0; run < stored.fates.size(); ++run) {
        const auto fate = static_cast<RunFate>(stored.fates[run]);
        const LastLook look{stored.moves[run], stored.earlier_moves[run], stored.later_moves[run],
                            stored.root_distances[run]};
        if (fate == RunFate::settled || fate == RunFate::diverged) {
            evidence.fates.push_back(fate);
        } else if (stored.root_stable[run] != 0 && has_arrived(look, thresholds)) {
            evidence.fates.push_back(RunFate::settled);
        } else {
            evidence.fates.push_back(keeps_moving(look, thresholds) ? RunFate::moving
                                                                    : RunFate::drifting);
        }
    }
    evidence.largest_output = stored.largest_output;
    evidence.fixed_points = count_points(stored, evidence.fates, thresholds.distinct_distance);
    evidence.exponents = stored.exponents;
    evidence.exponent_errors = stored.exponent_errors;
    evidence.period = stored.period;
    evidence.flow_period = stored.flow_period;
    evidence.tau = stored.tau;
    evidence.refined_cycle = stored.refined_cycle;
    return evidence;
}

Mechanism mechanism_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds) {
    const Mechanism mechanism =
        decide_mechanism(evidence_under(stored, thresholds), thresholds).mechanism;
    return mechanism != Mechanism::far && !stored.followed ? Mechanism::none : mechanism;
}

RuleLabel rule_b_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds) {
    RuleOutcome outcome;
    outcome.end_outputs = stored.end_outputs;
    outcome.variances = stored.output_variances;
    outcome.largest_output = stored.largest_output_seen;
    decide_rule(thresholds.rule_b, thresholds.far_output, outcome);
    return outcome.label;
}

SensitivityMap sensitivity_map(const VerdictEvidence& stored) {
    const Mechanism mechanism = mechanism_under(stored, {});
    const RuleLabel label = rule_b_under(stored, {});
    SensitivityMap map;
    int moved = 0;
    int kept = 0;
    int moved_rule = 0;
    int kept_rule = 0;
    for (const VerdictThreshold which : enumerators(VerdictThreshold{})) {
        for (const Variant& variant : variants(which)) {
            const SensitivityRow row{which, variant.factor, variant.value,
                                     mechanism_under(stored, variant.thresholds),
                                     rule_b_under(stored, variant.thresholds)};
            map.rows.push_back(row);
            const bool rule = moves_the_rule_alone(which);
            if (variant.moved && !rule) {
                ++moved;
                kept += row.mechanism == mechanism ? 1 : 0;
            }
            if (variant.moved && (rule || which == VerdictThreshold::far)) {
                ++moved_rule;
                kept_rule += row.rule_b == label ? 1 : 0;
            }
        }
    }
    map.robust = static_cast<double>(kept) / moved;
    map.robust_rule_b = static_cast<double>(kept_rule) / moved_rule;
    return map;
}

}  // namespace shoal
