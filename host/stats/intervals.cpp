// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "stats/quantile.hpp"
#include "stats/table.hpp"

namespace shoal {
namespace {

/// Median of a resample with replacement, found by counting how often each value was taken.
struct ResampleMedian {
    const std::vector<double>& ascending;
    std::vector<std::uint32_t> counts;

    double operator()(RandomKey key, std::uint32_t resample) {
        const auto n = static_cast<std::uint32_t>(ascending.size());
        std::fill(counts.begin(), counts.end(), 0u);
        for (std::uint32_t first = 0; first < n; first += 4) {
            const PhiloxWords words = random_block(key, Purpose::bootstrap, resample, 0, first / 4);
            const std::uint32_t last = std::min(n - first, 4u);
            for (std::uint32_t i = 0; i < last; ++i) {
                ++counts[uniform_index(words.word[i], n)];
            }
        }
        const double lower = order_statistic((n - 1) / 2);
        return n % 2 == 1 ? lower : 0.5 * (lower + order_statistic(n / 2));
    }

    double order_statistic(std::uint32_t rank) const {
        std::uint64_t below = 0;
        std::size_t i = 0;
        while (below + counts[i] <= rank) {
            below += counts[i++];
        }
        return ascending[i];
    }
};

}  // namespace

double sorted_quantile(const std::vector<double>& ascending, double p) {
    if (ascending.empty()) {
        return nan;
    }
    const double place = p * static_cast<double>(ascending.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    if (below + 1 >= ascending.size()) {
        return ascending.back();
    }
    const double weight = place - static_cast<double>(below);
    return (1.0 - weight) * ascending[below] + weight * ascending[below + 1];
}

std::vector<double> finite_sorted(std::vector<double> values) {
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    std::sort(values.begin(), values.end());
    return values;
}

Interval wilson_interval(std::size_t successes, std::size_t trials, double confidence) {
    check(successes <= trials, "successes <= trials");
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    if (trials == 0) {
        return {nan, 0.0, 1.0};
    }
    const boost::math::normal standard;
    const double z = boost::math::quantile(boost::math::complement(standard, 0.5 - confidence / 2));
    const auto n = static_cast<double>(trials);
    const double share = static_cast<double>(successes) / n;
    const double scale = 1.0 / (1.0 + z * z / n);
    const double centre = scale * (share + z * z / (2.0 * n));
    const double half = scale * z * std::sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
    // The ends below are exactly 0 and 1 in real arithmetic; rounding must not move them.
    return {share, successes == 0 ? 0.0 : centre - half, successes == trials ? 1.0 : centre + half};
}

Interval bootstrap_median(std::vector<double> values, RandomKey key, double confidence,
                          int resamples) {
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    check(resamples > 0, "resamples > 0");
    const std::vector<double> ascending = finite_sorted(std::move(values));
    if (ascending.empty()) {
        return {nan, nan, nan};
    }
    ResampleMedian median{ascending, std::vector<std::uint32_t>(ascending.size())};
    std::vector<double> medians(static_cast<std::size_t>(resamples));
    for (std::size_t i = 0; i < medians.size(); ++i) {
        medians[i] = median(key, static_cast<std::uint32_t>(i));
    }
    std::sort(medians.begin(), medians.end());
    return {sorted_quantile(ascending, 0.5), sorted_quantile(medians, 0.5 - confidence / 2),
            sorted_quantile(medians, 0.5 + confidence / 2)};
}

Interval median_interval(std::vector<double> values, RandomKey key, double confidence) {
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    std::vector<double> ascending = finite_sorted(std::move(values));
    const std::size_t n = ascending.size();
    if (n <= bootstrap_limit) {
        return bootstrap_median(std::move(ascending), key, confidence);
    }
    using Downwards = boost::math::policies::policy<
        boost::math::policies::discrete_quantile<boost::math::policies::integer_round_up>>;
    const boost::math::binomial_distribution<double, Downwards> below(static_cast<double>(n), 0.5);
    // The smallest k with P(Bin <= k) >= tail: the largest rank l with P(Bin < l) < tail, or <= it.
    const double tail = 0.5 - confidence / 2;
    const auto rank = static_cast<std::size_t>(boost::math::quantile(below, tail));
    check(rank >= 1 && rank <= n / 2, "ranks within the sample");
    return {sorted_quantile(ascending, 0.5), ascending[rank - 1], ascending[n - rank]};
}

}  // namespace shoal
