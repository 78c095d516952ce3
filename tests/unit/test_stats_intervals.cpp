// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "core/numbers.hpp"
#include "stats/quantile.hpp"
#include "stats/table.hpp"

namespace shoal {
namespace {

TEST(Wilson, SolvesTheScoreEquation) {
    // Both ends p solve (k/n - p)^2 = z^2 p (1 - p) / n (Wilson 1927); each side is a sum of a few
    // terms of size at most 1, so rounding stays below 16 epsilon.
    for (const double confidence : {0.5, 0.95, 0.999}) {
        const double z = boost::math::quantile(
            boost::math::complement(boost::math::normal(), 0.5 - confidence / 2));
        for (const std::size_t n : {1u, 2u, 7u, 160u, 10000u}) {
            for (const std::size_t k : {std::size_t{0}, n / 3, n / 2, n}) {
                const Interval interval = wilson_interval(k, n, confidence);
                const double share = static_cast<double>(k) / static_cast<double>(n);
                EXPECT_EQ(interval.estimate, share);
                EXPECT_LE(interval.low, share);
                EXPECT_GE(interval.high, share);
                for (const double p : {interval.low, interval.high}) {
                    const double left = (share - p) * (share - p);
                    const double right = z * z * p * (1.0 - p) / static_cast<double>(n);
                    EXPECT_NEAR(left, right, 16 * std::numeric_limits<double>::epsilon())
                        << k << " of " << n << " at " << confidence;
                }
            }
        }
    }
}

TEST(Wilson, HandComputed) {
    // n = 10, k = 5, z^2 = 3.841459: centre 1/2, half = z sqrt(0.025 + z^2/400) / (1 + z^2/10)
    // = 1.959964 sqrt(0.0346036) / 1.3841459 = 0.2634; n = k = 4: low = n / (n + z^2).
    const Interval half = wilson_interval(5, 10);
    EXPECT_NEAR(half.low, 0.2366, 5e-5);
    EXPECT_NEAR(half.high, 0.7634, 5e-5);
    EXPECT_NEAR(wilson_interval(4, 4).low, 4.0 / (4.0 + 3.841459), 1e-6);
}

TEST(Wilson, EndsAndEmptySample) {
    EXPECT_EQ(wilson_interval(0, 9).low, 0.0);
    EXPECT_EQ(wilson_interval(9, 9).high, 1.0);
    const Interval none = wilson_interval(0, 0);
    EXPECT_TRUE(std::isnan(none.estimate));
    EXPECT_EQ(none.low, 0.0);
    EXPECT_EQ(none.high, 1.0);
    EXPECT_THROW(wilson_interval(3, 2), std::logic_error);
}

TEST(Wilson, CoversAsOftenAsItSays) {
    // Exact coverage: the binomial weight of all k whose interval holds p. For n = 50 and p away
    // from the ends it lies within 4 points of the nominal 95 % (Brown, Cai & DasGupta 2001, figure
    // 5).
    for (const double p : {0.2, 0.35, 0.5, 0.8}) {
        constexpr std::size_t n = 50;
        const boost::math::binomial binomial(n, p);
        double coverage = 0.0;
        for (std::size_t k = 0; k <= n; ++k) {
            const Interval interval = wilson_interval(k, n);
            if (interval.low <= p && p <= interval.high) {
                coverage += boost::math::pdf(binomial, static_cast<double>(k));
            }
        }
        EXPECT_NEAR(coverage, 0.95, 0.04) << "p = " << p;
    }
}

TEST(Quantile, KnownPlaces) {
    const std::vector<double> values = {1.0, 2.0, 4.0, 8.0};
    EXPECT_EQ(sorted_quantile(values, 0.0), 1.0);
    EXPECT_EQ(sorted_quantile(values, 0.5), 3.0);
    EXPECT_EQ(sorted_quantile(values, 0.25), 1.75);
    EXPECT_EQ(sorted_quantile(values, 1.0), 8.0);
    EXPECT_TRUE(std::isnan(sorted_quantile({}, 0.5)));
}

TEST(Bootstrap, SameKeySameBits) {
    std::vector<double> values;
    for (std::uint32_t i = 0; i < 37; ++i) {
        values.push_back(standard_normal(random_bits({3, 0}, Purpose::test, 0, 0, i)));
    }
    // So few resamples that their quantiles show which resamples were drawn.
    constexpr int resamples = 25;
    const Interval first = bootstrap_median(values, {1, 0}, 0.95, resamples);
    std::reverse(values.begin(), values.end());
    const Interval again = bootstrap_median(values, {1, 0}, 0.95, resamples);
    const Interval other = bootstrap_median(values, {2, 0}, 0.95, resamples);

    EXPECT_EQ(first.estimate, again.estimate);
    EXPECT_EQ(first.low, again.low);
    EXPECT_EQ(first.high, again.high);
    EXPECT_TRUE(other.low != first.low || other.high != first.high);
}

TEST(Bootstrap, OneValueNoValueAndValuesThatAreNotFinite) {
    const Interval one = bootstrap_median({2.5}, {1, 0});
    EXPECT_EQ(one.low, 2.5);
    EXPECT_EQ(one.high, 2.5);
    EXPECT_TRUE(std::isnan(bootstrap_median({}, {1, 0}).low));
    EXPECT_EQ(bootstrap_median({nan, 1.0, infinity, 3.0}, {1, 0}).estimate, 2.0);
}

TEST(Bootstrap, TwoValuesHaveAKnownDistribution) {
    // A resample of {0, 1} has median 0, 1/2 or 1 with probability 1/4, 1/2, 1/4, so the central 40
    // % of medians are 1/2 and the central 60 % reach 0 and 1.
    const Interval narrow = bootstrap_median({0.0, 1.0}, {1, 0}, 0.4);
    const Interval wide = bootstrap_median({0.0, 1.0}, {1, 0}, 0.6);
    EXPECT_EQ(narrow.low, 0.5);
    EXPECT_EQ(narrow.high, 0.5);
    EXPECT_EQ(wide.low, 0.0);
    EXPECT_EQ(wide.high, 1.0);
}

TEST(Bootstrap, CoversTheMedianOfANormalSample) {
    // 400 samples of 41 standard normals, median 0. The count of intervals that hold it is
    // binomial; at a true coverage between 93 and 97 % it leaves [0.89, 1] with probability below
    // 1e-3.
    constexpr std::uint32_t samples = 400;
    int held = 0;
    for (std::uint32_t sample = 0; sample < samples; ++sample) {
        std::vector<double> values;
        for (std::uint32_t i = 0; i < 41; ++i) {
            values.push_back(standard_normal(random_bits({5, 0}, Purpose::test, sample, 0, i)));
        }
        const Interval interval = bootstrap_median(values, {7, sample}, 0.95, 400);
        held += interval.low <= 0.0 && 0.0 <= interval.high ? 1 : 0;
    }
    EXPECT_GE(held, 0.89 * samples);
    EXPECT_LT(held, 0.995 * samples);
}

TEST(MedianInterval, SmallSamplesAreResampled) {
    std::vector<double> values;
    for (std::size_t i = 0; i < bootstrap_limit; ++i) {
        values.push_back(standard_normal(
            random_bits({9, 0}, Purpose::test, 0, 0, static_cast<std::uint32_t>(i))));
    }
    const Interval here = median_interval(values, {1, 0});
    const Interval bootstrap = bootstrap_median(values, {1, 0});
    EXPECT_EQ(here.estimate, bootstrap.estimate);
    EXPECT_EQ(here.low, bootstrap.low);
    EXPECT_EQ(here.high, bootstrap.high);
    EXPECT_TRUE(std::isnan(median_interval({nan}, {1, 0}).estimate));
}

TEST(MedianInterval, RanksOfLargeSamplesHaveTheirExactCoverage) {
    // Of 1 ... n the bounds are their own ranks. P(l <= Bin(n, 1/2) <= n - l) is the coverage: at
    // least what was asked for, and less than that with the next rank inwards.
    for (const std::size_t n : {201u, 202u, 1000u, 99999u}) {
        std::vector<double> values;
        for (std::size_t i = n; i > 0; --i) {
            values.push_back(static_cast<double>(i));
        }
        for (const double confidence : {0.5, 0.95, 0.999}) {
            const Interval interval = median_interval(values, {1, 0}, confidence);
            const boost::math::binomial binomial(static_cast<double>(n), 0.5);
            const auto coverage = [&](double rank) {
                return 1.0 - 2.0 * boost::math::cdf(binomial, rank - 1.0);
            };
            EXPECT_EQ(interval.estimate, (static_cast<double>(n) + 1.0) / 2.0);
            EXPECT_EQ(interval.high, static_cast<double>(n) + 1.0 - interval.low);
            EXPECT_GE(coverage(interval.low), confidence) << n;
            EXPECT_LT(coverage(interval.low + 1.0), confidence) << n;
        }
    }
}

TEST(MedianInterval, TheTwoDefinitionsAgreeWhereTheyMeet) {
    // Standard deviation of a normal sample's median of n: about 1.25 / sqrt(n). Neighbouring
    // values are sd / 8 apart there, so that a few ranks are half of it.
    std::vector<double> values;
    for (std::uint32_t i = 0; i < bootstrap_limit + 1; ++i) {
        values.push_back(standard_normal(random_bits({11, 0}, Purpose::test, 0, 0, i)));
    }
    const Interval ranks = median_interval(values, {1, 0});
    const Interval bootstrap = bootstrap_median(values, {1, 0});
    const double sd = 1.25 / std::sqrt(static_cast<double>(values.size()));
    EXPECT_NEAR(ranks.low, bootstrap.low, 0.5 * sd);
    EXPECT_NEAR(ranks.high, bootstrap.high, 0.5 * sd);
}

}  // namespace
}  // namespace shoal
