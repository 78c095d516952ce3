// SPDX-License-Identifier: MIT
#include "stats/effects.hpp"

#include <algorithm>
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {
namespace {

constexpr double smallest_p = 1e-12;

double normal_quantile(double confidence) {
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    const boost::math::normal standard;
    return boost::math::quantile(boost::math::complement(standard, 0.5 - confidence / 2));
}

bool leaves_out(const Interval& interval, double value) {
    return value < interval.low || value > interval.high;
}

/// Root of a function that is positive at `positive` and is not at `negative`.
template <class Function>
double bisect(Function&& function, double positive, double negative) {
    for (int step = 0; step < 60; ++step) {
        const double middle = 0.5 * (positive + negative);
        (function(middle) > 0.0 ? positive : negative) = middle;
    }
    return 0.5 * (positive + negative);
}

/// What superiority() needs of a stratum: the groups' sizes and the statistic.
struct Comparison {
    double m = 0.0;
    double n = 0.0;
    double theta = 0.0;
};

/// Mann-Whitney by one walk over both groups in order.
Comparison compare(Stratum stratum) {
    for (std::vector<double>* group : {&stratum.a, &stratum.b}) {
        std::erase_if(*group, [](double value) { return std::isnan(value); });
        std::sort(group->begin(), group->end());
    }
    Comparison comparison{static_cast<double>(stratum.a.size()),
                          static_cast<double>(stratum.b.size()), 0.0};
    double wins = 0.0;
    for (const double value : stratum.a) {
        const auto [first, last] = std::equal_range(stratum.b.begin(), stratum.b.end(), value);
        wins += static_cast<double>(first - stratum.b.begin());
        wins += 0.5 * static_cast<double>(last - first);
    }
    comparison.theta = wins / (comparison.m * comparison.n);
    return comparison;
}

double variance(const Comparison& c, double theta) {
    const double size = 0.5 * (c.m + c.n);
    const double spread = (1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta);
    return theta * (1.0 - theta) * (1.0 + (size - 1.0) * spread) / (c.m * c.n);
}

}  // namespace

double p_value(const IntervalAt& interval, double null) {
    const double estimate = interval(0.5).estimate;
    if (std::isnan(estimate) || estimate == null) {
        return 1.0;
    }
    const auto touches = [&](double p) { return !leaves_out(interval(1.0 - p), null); };
    if (!touches(smallest_p)) {
        return smallest_p;
    }
    if (touches(1.0 - smallest_p)) {
        return 1.0;
    }
    // On the scale of log p: p-values differ by orders of magnitude.
    const double log_p = bisect([&](double x) { return touches(std::exp(x)) ? 1.0 : -1.0; },
                                std::log(smallest_p), std::log(1.0 - smallest_p));
    return std::exp(log_p);
}

Interval share_difference(Count a, Count b, double confidence) {
    if (a.trials == 0 || b.trials == 0) {
        return {nan, -1.0, 1.0};
    }
    const Interval p = wilson_interval(a.successes, a.trials, confidence);
    const Interval q = wilson_interval(b.successes, b.trials, confidence);
    const double difference = p.estimate - q.estimate;
    return {difference, difference - std::hypot(p.estimate - p.low, q.high - q.estimate),
            difference + std::hypot(p.high - p.estimate, q.estimate - q.low)};
}

double fisher_exact(Count a, Count b) {
    const std::size_t successes = a.successes + b.successes;
    const std::size_t total = a.trials + b.trials;
    if (a.trials == 0 || b.trials == 0) {
        return 1.0;
    }
    const boost::math::hypergeometric_distribution<double> chance(static_cast<unsigned>(successes),
                                                                  static_cast<unsigned>(a.trials),
                                                                  static_cast<unsigned>(total));
    // Tables as likely as the one seen differ from it by rounding only.
    const double seen = boost::math::pdf(chance, static_cast<unsigned>(a.successes)) * (1.0 + 1e-7);
    const std::size_t first = successes > b.trials ? successes - b.trials : 0;
    const std::size_t last = std::min(a.trials, successes);
    double sum = 0.0;
    for (std::size_t k = first; k <= last; ++k) {
        const double likely = boost::math::pdf(chance, static_cast<unsigned>(k));
        sum += likely <= seen ? likely : 0.0;
    }
    return std::min(1.0, sum);
}

Interval superiority(std::vector<Stratum> strata, double confidence) {
    const double z = normal_quantile(confidence);
    std::vector<Comparison> comparisons;
    std::vector<double> weights;
    for (Stratum& stratum : strata) {
        const Comparison c = compare(std::move(stratum));
        if (c.m > 0.0 && c.n > 0.0) {
            comparisons.push_back(c);
            weights.push_back(c.m * c.n / (c.m + c.n + 1.0));
        }
    }
    if (comparisons.empty()) {
        return {nan, 0.0, 1.0};
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double estimate = 0.0;
    for (std::size_t s = 0; s < comparisons.size(); ++s) {
        estimate += weights[s] * comparisons[s].theta;
        weights[s] /= total;
    }
    estimate /= total;
    const auto reach = [&](double theta) {
        double sum = 0.0;
        for (std::size_t s = 0; s < comparisons.size(); ++s) {
            sum += weights[s] * weights[s] * variance(comparisons[s], theta);
        }
        return z * std::sqrt(sum);
    };
    const auto beyond = [&](double theta) { return std::abs(theta - estimate) - reach(theta); };
    return {estimate, estimate <= 0.0 ? 0.0 : bisect(beyond, 0.0, estimate),
            estimate >= 1.0 ? 1.0 : bisect(beyond, 1.0, estimate)};
}

std::optional<Interval> jackknife_interval(double estimate, const std::vector<double>& left_out,
                                           double confidence) {
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    const auto clusters = static_cast<double>(left_out.size());
    if (left_out.size() < 3 || !std::isfinite(estimate) ||
        !std::all_of(left_out.begin(), left_out.end(), [](double v) { return std::isfinite(v); })) {
        return std::nullopt;
    }
    const double mean = std::accumulate(left_out.begin(), left_out.end(), 0.0) / clusters;
    double squares = 0.0;
    for (const double value : left_out) {
        squares += (value - mean) * (value - mean);
    }
    const double error = std::sqrt((clusters - 1.0) / clusters * squares);
    const boost::math::students_t t(clusters - 1.0);
    const double half =
        error * boost::math::quantile(boost::math::complement(t, 0.5 - confidence / 2));
    return Interval{estimate, estimate - half, estimate + half};
}

std::vector<double> holm(const std::vector<double>& p_values) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
    std::vector<double> adjusted(p_values.size());
    double running = 0.0;
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        const auto left = static_cast<double>(p_values.size() - rank);
        running = std::max(running, std::min(1.0, left * p_values[order[rank]]));
        adjusted[order[rank]] = running;
    }
    return adjusted;
}

}  // namespace shoal
