// SPDX-License-Identifier: MIT
// The two published labels, which look at the response output z_o alone (Ghazizadeh & Ching 2021,
// code):
//   rule B, unperturbed: autonomous runs from the conclusions; converged if the variance of z_o
//     over the last two trial lengths is below 1e-6; n distinct end values after rounding to 2
//     decimals;
//   rule A, perturbed: origin and conclusions, 20 copies each with N(0, 0.5^2) added to the state;
//     variance below 1e-9, 4 decimals.
// far: any |z_o| above 4 in those two trial lengths, or a run that left the range of numbers.
// Otherwise, all converged: direct if n >= 3 (rule A: 6), else manifold; none converged:
// limit_cycle; else mixed.
#pragma once

#include <span>
#include <vector>

#include "records/records.hpp"

namespace shoal {

struct Rule {
    double variance;  ///< a run below it has converged
    int decimals;     ///< to which end values are rounded
    int direct_from;  ///< distinct end values of "direct"
};

inline constexpr Rule rule_a{1e-9, 4, 6};
inline constexpr Rule rule_b{1e-6, 2, 3};
inline constexpr double far_output = 4.0;

struct RuleOutcome {
    RuleLabel label = RuleLabel::not_run;
    int distinct = 0;                 ///< rounded end values of the converged runs
    double largest_output = 0.0;      ///< max |z_o|; infinity if a run diverged
    std::vector<double> end_outputs;  ///< [run]
    std::vector<double> variances;    ///< [run]
};

/// Labels a network by z_o over the last two trial lengths of its runs, outputs[run, step].
/// diverged_at[run] >= 0 marks runs that left the range; their outputs are not read.
RuleOutcome apply_rule(const Rule& rule, std::span<const double> outputs,
                       std::span<const int> diverged_at);

/// Label and distinct end values that an outcome's end outputs, variances and largest output mean.
void decide_rule(const Rule& rule, double far, RuleOutcome& outcome);

}  // namespace shoal
