// SPDX-License-Identifier: MIT
#include "analysis/attractors/rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/error.hpp"

namespace shoal {

namespace {

double variance_of(std::span<const double> values) {
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double sum = 0.0;
    for (const double value : values) {
        sum += (value - mean) * (value - mean);
    }
    return sum / count;
}

}  // namespace

RuleOutcome apply_rule(const Rule& rule, std::span<const double> outputs,
                       std::span<const int> diverged_at) {
    const std::size_t runs = diverged_at.size();
    check(runs > 0 && !outputs.empty() && outputs.size() % runs == 0, "outputs of every run");
    const std::size_t steps = outputs.size() / runs;

    RuleOutcome outcome;
    for (std::size_t run = 0; run < runs; ++run) {
        if (diverged_at[run] >= 0) {
            outcome.largest_output = std::numeric_limits<double>::infinity();
            outcome.end_outputs.push_back(std::numeric_limits<double>::quiet_NaN());
            outcome.variances.push_back(std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        const auto series = outputs.subspan(run * steps, steps);
        for (const double value : series) {
            outcome.largest_output = std::max(outcome.largest_output, std::abs(value));
        }
        outcome.end_outputs.push_back(series.back());
        outcome.variances.push_back(variance_of(series));
    }
    decide_rule(rule, far_output, outcome);
    return outcome;
}

void decide_rule(const Rule& rule, double far, RuleOutcome& outcome) {
    const std::size_t runs = outcome.variances.size();
    std::set<double> distinct;  // whole numbers: end values in units of the last decimal kept
    std::size_t converged = 0;
    const double scale = std::pow(10.0, rule.decimals);
    for (std::size_t run = 0; run < runs; ++run) {
        if (outcome.variances[run] < rule.variance) {  // not where a run diverged: NaN
            ++converged;
            distinct.insert(std::nearbyint(outcome.end_outputs[run] * scale));
        }
    }
    outcome.distinct = static_cast<int>(distinct.size());
    if (outcome.largest_output > far) {
        outcome.label = RuleLabel::far;
    } else if (converged == runs) {
        outcome.label =
            outcome.distinct >= rule.direct_from ? RuleLabel::direct : RuleLabel::manifold;
    } else {
        outcome.label = converged == 0 ? RuleLabel::limit_cycle : RuleLabel::mixed;
    }
}

}  // namespace shoal
