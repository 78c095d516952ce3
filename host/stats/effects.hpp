// SPDX-License-Identifier: MIT
// Sizes of effects with intervals that hold for small and for lopsided samples, and p-values that
// belong to them: a p-value here is the level at which the interval just touches the null value, so
// that test and interval never disagree.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// The interval of one effect at any confidence in (0, 1).
using IntervalAt = std::function<Interval(double confidence)>;

/// Two-sided p-value of `null`: 1 - the largest confidence at which the interval still leaves it
/// out. Between 1e-12 (or less) and 1; 1 if the estimate is the null value or is not a number.
double p_value(const IntervalAt& interval, double null);

struct Count {
    std::size_t successes = 0;
    std::size_t trials = 0;
};

/// a's share less b's (Newcombe 1998, Statist. Med. 17, 873, method 10: from two Wilson intervals).
/// Either without trials: estimate NaN, [-1, 1].
Interval share_difference(Count a, Count b, double confidence = 0.95);

/// Two-sided p-value of equal shares by Fisher's exact test: the chance of a table at most as
/// likely as the one seen, its margins given. 1 if either has no trials. Newcombe's interval is no
/// test for groups of two or three.
double fisher_exact(Count a, Count b);

/// Two groups within one stratum.
struct Stratum {
    std::vector<double> a;
    std::vector<double> b;
};

/// P(a > b) + P(a = b) / 2 of one from each group of the same stratum (the Mann-Whitney statistic
/// over the number of pairs): 1/2 if neither tends to be larger. Infinite values compare as such,
/// NaN do not count. Strata are weighted by m n / (m + n + 1) (van Elteren 1960). Interval: those
/// theta with |theta - estimate| <= z sd(theta), with sd^2 of a stratum as in Newcombe 2006,
/// Statist. Med. 25, 559, method 5; it stays within [0, 1] and does not shrink to a point where the
/// groups are apart. No stratum with both groups: estimate NaN, [0, 1].
Interval superiority(std::vector<Stratum> strata, double confidence = 0.95);

/// Interval of an effect if clusters (and not single subjects) are what was drawn: `left_out[i]` is
/// the estimate without cluster i. Delete-one jackknife with Student's t (Efron & Tibshirani 1993,
/// chapter 11). Nothing with fewer than three clusters or an estimate that is not a number.
std::optional<Interval> jackknife_interval(double estimate, const std::vector<double>& left_out,
                                           double confidence = 0.95);

/// Holm 1979: p-values adjusted so that comparing each with a level keeps the chance of any false
/// rejection at that level. In the order given; never below the unadjusted ones, never above 1.
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace shoal
