// SPDX-License-Identifier: MIT
// What a search that starts at random may have missed.
//
// Capture and recapture, for each kind of drawn start by itself: the law that starts are drawn from
// decides which roots they can end at, and random starts of a structured network may all end at
// one root of many. n starts ended at roots; f1 roots were hit by one of them, f2 by two. With
// the chances of the roots unknown and unequal, the bias-corrected Chao1 estimate of those never
// hit is a lower bound in expectation (Chao, Scand. J. Stat. 11, 1984; Chiu et al., Biometrics 70,
// 2014),
//   f0 = (n - 1) / n  f1 (f1 - 1) / (2 (f2 + 1)),
// with the variance of Chao (1987) and, as f0 has a long tail, the log-normal interval f0 / K to
// f0 K, K = exp(1.96 sqrt(log(1 + var / f0^2))). With f1 <= 1 the estimate and its interval are 0;
// what may still be missed has a chance of at most 1 - coverage. Good and Turing: the chance that a
// further start ends at a root that was hit is about C = 1 - f1 / n (Good, Biometrika 40, 1953),
// with the variance (f1 (1 - f1 / n) + 2 f2) / n^2 (Esty, Ann. Stat. 11, 1983); the lower end is at
// most the exact 1 - 3 / n of f1 = 0 (rule of three).
//
// Topology. On the box |x_i| <= R, R > sum over j |W_ij| + |c_i|, -F points outward: the homotopy
// x - s (W tanh(x) + c), 0 <= s <= 1, has no zero on its boundary, so the Brouwer degree of -F is
// that of the identity. If all zeros are regular, their indices sign det(-DF) therefore sum to 1;
// all lie in the box, as |x_i| <= sum |W_ij| + |c_i| at a zero. (Rate cells: the zeros correspond
// with equal indices, zero_form.hpp.) Another sum proves that a root is missing; the sum 1 proves
// nothing, since pairs of roots can be missing.
#pragma once

#include <string>
#include <vector>

#include "records/search_records.hpp"

namespace shoal {

struct Recapture {
    int hits = 0;         ///< n
    double missed = 0.0;  ///< f0
    double low = 0.0;
    double high = 0.0;
    double coverage = 0.0;
    double coverage_low = 0.0;
};

/// From the number of starts that ended at each root; roots without a hit, found by other means,
/// are taken off the estimate.
Recapture recapture(const std::vector<int>& hits);

/// Whether drawn starts say that none is missing that they might end at: of every kind less than
/// half a root is estimated to be missed, and a further start ends at a known root with a
/// probability of at least 0.98, with 95 % confidence.
bool all_caught(const std::vector<StartKindEvidence>& kinds);

/// The kind that says most roots are missed, and of those that say the same the one that covers
/// least; check: there is one.
const StartKindEvidence& weakest_of(const std::vector<StartKindEvidence>& kinds);

/// The verdict from all that the summary says but it and the limits: its status, and in words, the
/// weakest evidence first. There is "no sign of a missing root" only where indices, all kinds of
/// drawn starts and runs agree.
void judge_completeness(SearchSummary& summary);

}  // namespace shoal
