// SPDX-License-Identifier: MIT
#include "papers/claims_learning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "stats/pairs.hpp"
#include "stats/quantile.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

/// Of the systems whose learning signals are said to persist.
constexpr double nearly_all = 0.9;
constexpr const char* our_init = "quasi-periodic";

using Left = std::optional<std::uint32_t>;

// ---- learning signals -------------------------------------------------------------------------

const SignalFamily* find(const std::vector<SignalFamily>& families, const std::string& name) {
    const auto found = std::find_if(families.begin(), families.end(),
                                    [&](const SignalFamily& f) { return f.name == name; });
    return found == families.end() ? nullptr : &*found;
}

Count persisting(const SignalFamily* family) {
    Count count;
    if (family != nullptr) {
        count.trials = family->systems.size();
        count.successes = static_cast<std::size_t>(
            std::count_if(family->systems.begin(), family->systems.end(), persists));
    }
    return count;
}

std::string family_text(const SignalFamily* family) {
    if (family == nullptr) {
        return "";
    }
    std::vector<double> exponents;
    std::vector<double> norms;
    for (const SignalSystem& system : family->systems) {
        exponents.push_back(system.exponent);
        norms.push_back(system.log_norms.back());
    }
    const Count count = persisting(family);
    return fmt::format("{}: {} of {} persist, median exponent {:.3g}, norm 1e{:.2g} at lag {:g}",
                       family->name, count.successes, count.trials,
                       sorted_quantile(finite_sorted(exponents), 0.5),
                       sorted_quantile(finite_sorted(norms), 0.5), family->lags.back());
}

/// Systems are drawn one by one: no clusters.
Claim signal_claim(std::string id, std::string statement, std::string hypothesis) {
    Claim claim;
    claim.id = std::move(id);
    claim.statement = std::move(statement);
    claim.hypothesis = std::move(hypothesis) +
                       " (a signal persists if the adjoint's norm is within [0.01, 100] at the "
                       "longest lag)";
    return claim;
}

Claim share_above(Claim claim, const SignalFamily* family) {
    const Count count = persisting(family);
    claim.effect = "share persisting";
    claim.range = {0.0, 0.0, 1.0};
    claim.null = nearly_all;
    claim.subjects = count.trials;
    claim.measured = family_text(family);
    claim.interval = [count](Left, double confidence) {
        return wilson_interval(count.successes, count.trials, confidence);
    };
    return claim;
}

Claim difference(Claim claim, const SignalFamily* more, const SignalFamily* fewer) {
    const Count a = persisting(more);
    const Count b = persisting(fewer);
    claim.effect = "difference of shares persisting";
    claim.range = {0.0, -1.0, 1.0};
    claim.least_p = fisher_exact(a, b);
    claim.subjects = a.trials + b.trials;
    claim.measured = family_text(more) + "; " + family_text(fewer);
    claim.interval = [a, b](Left, double confidence) { return share_difference(a, b, confidence); };
    return claim;
}

// ---- initialisations --------------------------------------------------------------------------

struct InitComparison {
    std::map<std::string, std::map<std::string, Rows>> cells;  ///< [init][task]
    std::set<std::uint32_t> replicates;
    bool tuned = false;
};

std::string axis_with(const std::vector<std::string>& axes, const std::string& key) {
    for (const std::string& axis : axes) {
        if (("," + axis + ",").find(key + ",") != std::string::npos) {
            return axis;
        }
    }
    throw usage_error(fmt::format("the sweep has no {}: that claim cannot be tested on it", key));
}

/// Accepted networks of one initialisation in a task, or in all of them together.
Count solved(const InitComparison& comparison, const std::string& init, const std::string& task,
             Left without) {
    Count sum;
    for (const auto& [name, all] : comparison.cells.at(init)) {
        if (!task.empty() && name != task) {
            continue;
        }
        Rows left;
        std::copy_if(all.begin(), all.end(), std::back_inserter(left), [&](const PopulationRow* r) {
            return !without || r->spec.replicate != *without;
        });
        Count count;
        if (comparison.tuned) {
            count = tuned_count(left, tuned_axis, comparison.replicates);
        } else {
            for (const PopulationRow* row : left) {
                count.trials += row->status != Status::pending ? 1 : 0;
                count.successes += is_accepted(*row) ? 1 : 0;
            }
        }
        sum.trials += count.trials;
        sum.successes += count.successes;
    }
    return sum;
}

double share(const Count& count) {
    return count.trials == 0
               ? -1.0
               : static_cast<double>(count.successes) / static_cast<double>(count.trials);
}

bool is_ours(const std::string& init) {
    return init.starts_with(our_init);
}

/// Ours and the best of the others.
std::pair<Count, Count> contenders(const InitComparison& comparison, const std::string& task,
                                   Left without) {
    Count ours;
    Count best;
    for (const auto& [init, cells] : comparison.cells) {
        const Count count = solved(comparison, init, task, without);
        Count& place = is_ours(init) ? ours : best;
        if (share(count) > share(place)) {
            place = count;
        }
    }
    return {ours, best};
}

Claim initialisation_claim(const std::shared_ptr<const InitComparison>& comparison,
                           const std::string& task, std::string id, const std::string& where) {
    Claim claim;
    claim.id = std::move(id);
    claim.statement =
        "An initialisation based on quasi-periodic attractors outperforms standard ones where "
        "temporal dynamics must be learned.";
    claim.hypothesis = fmt::format(
        "{}, quasi-periodic networks are solved more often than those of the best other "
        "initialisation{}",
        where,
        comparison->tuned ? ", each at the rate of learning that was best on the other half "
                            "of the replicates"
                          : "");
    claim.effect = "difference of shares solved";
    claim.range = {0.0, -1.0, 1.0};
    const auto [all_ours, all_best] = contenders(*comparison, task, {});
    claim.least_p = fisher_exact(all_ours, all_best);
    claim.clusters.assign(comparison->replicates.begin(), comparison->replicates.end());
    for (const auto& [init, cells] : comparison->cells) {
        const Count count = solved(*comparison, init, task, {});
        claim.subjects += count.trials;
        claim.measured += fmt::format("{}{} {}/{}", claim.measured.empty() ? "" : ", ", init,
                                      count.successes, count.trials);
    }
    claim.interval = [comparison, task](Left without, double confidence) {
        const auto [ours, best] = contenders(*comparison, task, without);
        return share_difference(ours, best, confidence);
    };
    return claim;
}

std::string text_of(const PopulationRow& row, const std::string& axis) {
    const std::optional<SweepValue> value = swept_value(row, axis);
    return value ? to_string(*value) : std::string();
}

/// The time over which a task's network must remember.
double delay_of(const NetworkSpec& spec) {
    return spec.task.kind == TaskKind::copy || spec.task.kind == TaskKind::interval
               ? spec.task.delay
               : spec.task.duration;
}

// ---- headings ---------------------------------------------------------------------------------

/// Difference of two means over the same number of seeds, from their intervals (Welch).
Interval mean_difference(const SeedMean& a, const SeedMean& b, int seeds, double confidence) {
    if (seeds < 2 || !std::isfinite(a.mean) || !std::isfinite(b.mean)) {
        return {nan, nan, nan};
    }
    const double each = seeds - 1;
    const double quantile = boost::math::quantile(boost::math::students_t(each), 0.975);
    const double va = std::pow(0.5 * (a.high - a.low) / quantile, 2);
    const double vb = std::pow(0.5 * (b.high - b.low) / quantile, 2);
    const double difference = a.mean - b.mean;
    if (va + vb == 0.0) {
        return {difference, difference, difference};
    }
    const double freedom = (va + vb) * (va + vb) / ((va * va + vb * vb) / each);
    const double half =
        std::sqrt(va + vb) * boost::math::quantile(boost::math::complement(
                                 boost::math::students_t(freedom), 0.5 - confidence / 2));
    return {difference, difference - half, difference + half};
}

const HeadingCurve* curve_of(const HeadDirectionResult& result, HeadingCode code,
                             HeadingPerturbation perturbation) {
    const HeadingCurve* largest = nullptr;
    for (const HeadingCurve& curve : result.curves) {
        if (curve.network == code && curve.perturbation == perturbation &&
            (largest == nullptr || curve.size > largest->size)) {
            largest = &curve;
        }
    }
    return largest;
}

std::string mean_text(const SeedMean& mean) {
    return fmt::format("{:.2g} [{:.2g}, {:.2g}]", mean.mean, mean.low, mean.high);
}

Claim heading_claim(const HeadDirectionResult& result, HeadingPerturbation perturbation,
                    std::string id, std::string hypothesis, std::string effect,
                    SeedMean HeadingCurve::*measure, int side) {
    Claim claim;
    claim.id = std::move(id);
    claim.statement = "Head direction can be integrated and held without a ring attractor.";
    claim.effect = std::move(effect);
    claim.side = side;
    claim.subjects = static_cast<std::size_t>(2 * result.seeds);
    const HeadingCurve* oscillators = curve_of(result, HeadingCode::oscillators, perturbation);
    const HeadingCurve* ring = curve_of(result, HeadingCode::ring, perturbation);
    if (oscillators == nullptr || ring == nullptr) {
        claim.hypothesis = std::move(hypothesis);
        claim.interval = [](Left, double) { return Interval{nan, nan, nan}; };
        return claim;
    }
    claim.hypothesis = fmt::format("{} (size {:g}, the largest tried)", hypothesis, ring->size);
    const SeedMean a = oscillators->*measure;
    const SeedMean b = ring->*measure;
    claim.measured = fmt::format(
        "oscillators {}, ring {}; drift, rad per time: oscillators {}, ring {}", mean_text(a),
        mean_text(b), mean_text(oscillators->drift), mean_text(ring->drift));
    if (ring->end_states.mean >= 0.0) {
        claim.measured +=
            fmt::format("; points where headings end: ring {}, oscillators {}",
                        mean_text(ring->end_states), mean_text(oscillators->end_states));
    }
    claim.interval = [a, b, seeds = result.seeds](Left, double confidence) {
        return mean_difference(a, b, seeds, confidence);
    };
    return claim;
}

}  // namespace

std::vector<Claim> signal_claims(const std::vector<SignalFamily>& families) {
    namespace name = signal_family;
    const auto family = [&](const char* wanted) { return find(families, wanted); };
    return {
        difference(signal_claim("fixed_points_lose_signals",
                                "Working memory at stable attractors need not give a useful "
                                "learning signal.",
                                "signals persist in quasi-periodic networks more often than at "
                                "the stable fixed points of gain 0.5"),
                   family(name::quasi_periodic), family(name::contracting)),
        share_above(signal_claim("quasi_periodic_signals_persist",
                                 "Quasi-periodic attractors support learning arbitrarily long "
                                 "temporal relations.",
                                 "signals persist in more than 90 % of quasi-periodic networks"),
                    family(name::quasi_periodic)),
        share_above(signal_claim("flow_signals_persist",
                                 "Quasi-periodic attractors support learning arbitrarily long "
                                 "temporal relations.",
                                 "the same of the initialisation for continuous time"),
                    family(name::quasi_periodic_flow)),
        share_above(signal_claim("no_fine_tuning",
                                 "Quasi-periodic attractors do not suffer from fine tuning.",
                                 "signals persist in more than 90 % of quasi-periodic networks "
                                 "with every weight perturbed by 1 %"),
                    family(name::perturbed_quasi_periodic)),
        difference(signal_claim("continua_are_fine_tuned",
                                "Quasi-periodic attractors do not suffer from fine tuning, "
                                "continuous attractors do.",
                                "signals persist in two oscillators perturbed by 1 % more often "
                                "than in a ring attractor perturbed as much"),
                   family(name::perturbed_oscillators), family(name::perturbed_ring)),
        difference(
            signal_claim("chaos_explodes", "Chaos gives no useful learning signal either (theory).",
                         "signals persist in quasi-periodic networks for continuous time "
                         "more often than in chaotic ones"),
            family(name::quasi_periodic_flow), family(name::chaotic)),
    };
}

std::vector<Claim> initialisation_claims(const std::vector<PopulationRow>& rows,
                                         const std::vector<std::string>& axes) {
    const std::string init_axis = axis_with(axes, "network.init");
    const std::string task_axis = axis_with(axes, "task.kind");
    const auto comparison = std::make_shared<InitComparison>();
    comparison->tuned = std::find(axes.begin(), axes.end(), tuned_axis) != axes.end();
    std::map<TaskKind, std::pair<double, std::string>> longest;
    for (const PopulationRow& row : rows) {
        const std::string task = text_of(row, task_axis);
        comparison->cells[text_of(row, init_axis)][task].push_back(&row);
        comparison->replicates.insert(row.spec.replicate);
        auto& [delay, name] = longest[row.spec.task.kind];
        if (name.empty() || delay_of(row.spec) > delay) {
            delay = delay_of(row.spec);
            name = task;
        }
    }
    std::vector<Claim> claims;
    for (const auto& [kind, cell] : longest) {
        std::string id = fmt::format("outperforms_in_{}", name_of(kind));
        std::replace(id.begin(), id.end(), '-', '_');
        claims.push_back(
            initialisation_claim(comparison, cell.second, std::move(id),
                                 fmt::format("in the task {} with the longest delay ({:g})",
                                             name_of(kind), cell.first)));
    }
    claims.push_back(initialisation_claim(comparison, "", "outperforms_in_all",
                                          "over all tasks and delays together"));
    return claims;
}

std::vector<Claim> heading_claims(const HeadDirectionResult& result) {
    using enum HeadingPerturbation;
    return {
        heading_claim(result, weights, "headings_stay_apart",
                      "with noise on every weight that is there, the least gap between held "
                      "headings that is left at the end is larger with two oscillators than with a "
                      "ring attractor",
                      "difference of what is left of the gap", &HeadingCurve::separation, 1),
        heading_claim(result, new_weights, "headings_stay_apart_coupled",
                      "the same with noise on every entry of the matrix, which couples the "
                      "oscillators",
                      "difference of what is left of the gap", &HeadingCurve::separation, 1),
        heading_claim(result, state_noise, "headings_under_noise",
                      "with equal noise on every state, held headings drift less with two "
                      "oscillators than with a ring attractor",
                      "difference of drift", &HeadingCurve::drift, -1),
    };
}

}  // namespace shoal
