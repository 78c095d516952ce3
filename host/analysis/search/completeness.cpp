// SPDX-License-Identifier: MIT
#include "analysis/search/completeness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"

namespace shoal {

Recapture recapture(const std::vector<int>& hits) {
    const double n = std::accumulate(hits.begin(), hits.end(), 0.0);
    Recapture result;
    result.hits = static_cast<int>(n);
    if (n == 0.0) {
        return result;
    }
    const auto f1 = static_cast<double>(std::count(hits.begin(), hits.end(), 1));
    const auto f2 = static_cast<double>(std::count(hits.begin(), hits.end(), 2));
    const double a = (n - 1.0) / n;
    const double f = f2 + 1.0;
    result.missed = f1 > 1.0 ? a * f1 * (f1 - 1.0) / (2.0 * f) : 0.0;
    if (result.missed > 0.0) {
        const double variance =
            a * f1 * (f1 - 1.0) / (2.0 * f) +
            a * a * f1 * std::pow(2.0 * f1 - 1.0, 2) / (4.0 * f * f) +
            a * a * f1 * f1 * f2 * std::pow(f1 - 1.0, 2) / (4.0 * std::pow(f, 4));
        const double ratio = variance / (result.missed * result.missed);
        const double spread = std::exp(1.96 * std::sqrt(std::log1p(ratio)));
        result.low = result.missed / spread;
        result.high = result.missed * spread;
    }
    // Roots that were found without a hit are not missed.
    const auto unhit = static_cast<double>(std::count(hits.begin(), hits.end(), 0));
    for (double* count : {&result.missed, &result.low, &result.high}) {
        *count = std::max(0.0, *count - unhit);
    }
    result.coverage = 1.0 - f1 / n;
    const double deviation = std::sqrt(f1 * (1.0 - f1 / n) + 2.0 * f2) / n;
    const double low = std::min(result.coverage - 1.96 * deviation, 1.0 - 3.0 / n);
    result.coverage_low = std::max(0.0, low);
    return result;
}

bool all_caught(const std::vector<StartKindEvidence>& kinds) {
    return std::all_of(kinds.begin(), kinds.end(), [](const StartKindEvidence& kind) {
        return kind.missed_estimate < 0.5 && kind.coverage_low >= 0.98;
    });
}

const StartKindEvidence& weakest_of(const std::vector<StartKindEvidence>& kinds) {
    check(!kinds.empty(), "starts that were drawn");
    return *std::min_element(kinds.begin(), kinds.end(),
                             [](const StartKindEvidence& a, const StartKindEvidence& b) {
                                 return std::pair(-a.missed_estimate, a.coverage_low) <
                                        std::pair(-b.missed_estimate, b.coverage_low);
                             });
}

namespace {

/// What the indices of the roots say, if it is nothing good.
std::string doubts_of_indices(const SearchSummary& summary) {
    if (summary.continua > 0) {
        return "The index sum says nothing: there is a continuum.";
    }
    if (summary.proved < summary.roots) {
        return fmt::format("The index sum says nothing: {} of {} roots are not proved.",
                           summary.roots - summary.proved, summary.roots);
    }
    return {};
}

std::string words_of(const StartKindEvidence& weakest) {
    return fmt::format(
        "Recapture among {} starts: about {:.1f} roots missed (95 % {:.1f} to {:.1f}); a "
        "further one ends at a known root with probability {:.3f} (at least {:.3f}).",
        name_of(weakest.start), weakest.missed_estimate, weakest.missed_low, weakest.missed_high,
        weakest.coverage, weakest.coverage_low);
}

}  // namespace

void judge_completeness(SearchSummary& summary) {
    std::vector<std::string> sentences;
    if (summary.roots == 0 && summary.continua == 0) {
        sentences.emplace_back("Incomplete: every network has a root, none was found.");
    } else if (summary.reached_only > 0) {
        sentences.push_back(
            fmt::format("Incomplete: runs ended on {} stable points that are no proved roots.",
                        summary.reached_only));
    }
    const std::string doubts = doubts_of_indices(summary);
    if (doubts.empty() && summary.index_sum != 1 && summary.roots > 0) {
        sentences.push_back(fmt::format("Incomplete: the indices of the roots sum to {}, not to 1.",
                                        summary.index_sum));
    }
    if (!sentences.empty()) {
        summary.status = SearchStatus::incomplete;
    } else if (summary.exhausted) {
        summary.status = SearchStatus::proved;
        sentences.push_back(fmt::format(
            "Complete, proved: the roots follow from an equation in {} unknown{}, and none of {} "
            "boxes that cover them has another.",
            summary.unknowns, summary.unknowns == 1 ? "" : "s", summary.boxes));
    } else {
        summary.status = SearchStatus::unknown;
    }
    if (!doubts.empty() && !summary.exhausted) {
        sentences.push_back(doubts);
    }
    if (summary.kinds.empty() && !summary.exhausted) {
        sentences.emplace_back("No start was drawn at random, so nothing is known of other roots.");
    } else if (!summary.exhausted) {
        const bool directed = std::any_of(
            summary.kinds.begin(), summary.kinds.end(),
            [](const StartKindEvidence& kind) { return kind.start == SearchStart::directed; });
        if (sentences.empty() && directed && all_caught(summary.kinds)) {
            summary.status = SearchStatus::no_sign;
            sentences.emplace_back("No sign of a missing root: the indices sum to 1.");
        } else if (sentences.empty()) {
            sentences.emplace_back(
                directed ? "Roots may be missing, though the indices sum to 1."
                         : "The indices sum to 1; random starts hardly reach the roots of low-rank "
                           "networks, and no others were drawn.");
        }
        sentences.push_back(words_of(weakest_of(summary.kinds)));
    }
    summary.completeness = fmt::format("{}", fmt::join(sentences, " "));
}

}  // namespace shoal
