// SPDX-License-Identifier: MIT
#include "stats/survival.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.hpp"

namespace shoal {
namespace {

/// S^exp(+- z se) with se = sqrt(greenwood) / |log S|, greenwood = sum of d / (n (n - d)).
Interval log_log_interval(double surviving, double greenwood, double z) {
    const double logarithm = std::log(surviving);
    const double half = z * std::sqrt(greenwood) / std::abs(logarithm);
    return {surviving, std::exp(logarithm * std::exp(half)), std::exp(logarithm * std::exp(-half))};
}

/// First time at which `bound` of the curve is at most one half.
template <class Bound>
double half_time(const SurvivalCurve& curve, Bound&& bound) {
    for (std::size_t i = 0; i < curve.times.size(); ++i) {
        if (bound(curve.surviving[i]) <= 0.5) {
            return curve.times[i];
        }
    }
    return std::numeric_limits<double>::infinity();
}

}  // namespace

SurvivalCurve kaplan_meier(std::vector<Lifetime> lifetimes, double confidence) {
    check(confidence > 0.0 && confidence < 1.0, "0 < confidence < 1");
    std::erase_if(lifetimes, [](const Lifetime& life) { return !std::isfinite(life.time); });
    std::sort(lifetimes.begin(), lifetimes.end(),
              [](const Lifetime& a, const Lifetime& b) { return a.time < b.time; });
    const double tail = 0.5 - confidence / 2;
    const double z = boost::math::quantile(boost::math::complement(boost::math::normal(), tail));

    SurvivalCurve curve;
    curve.subjects = static_cast<int>(lifetimes.size());
    double surviving = 1.0;
    double greenwood = 0.0;
    int at_risk = curve.subjects;
    for (auto first = lifetimes.begin(); first != lifetimes.end();) {
        const auto end = std::find_if(
            first, lifetimes.end(), [&](const Lifetime& life) { return life.time != first->time; });
        const auto failures = static_cast<int>(
            std::count_if(first, end, [](const Lifetime& life) { return !life.censored; }));
        if (failures > 0) {
            const double left = at_risk - failures;
            surviving *= left / at_risk;
            greenwood += failures / (at_risk * left);
            curve.times.push_back(first->time);
            curve.at_risk.push_back(at_risk);
            curve.failures.push_back(failures);
            curve.surviving.push_back(
                left > 0.0 ? log_log_interval(surviving, greenwood, z)
                           : Interval{0.0, 0.0, 1.0 - std::pow(tail, 1.0 / curve.subjects)});
        }
        at_risk -= static_cast<int>(end - first);
        first = end;
    }
    curve.median = {half_time(curve, [](const Interval& s) { return s.estimate; }),
                    half_time(curve, [](const Interval& s) { return s.low; }),
                    half_time(curve, [](const Interval& s) { return s.high; })};
    return curve;
}

std::vector<MechanismSurvival> survival_by_mechanism(const std::vector<Mechanism>& mechanisms,
                                                     const std::vector<Lifetime>& lifetimes,
                                                     double confidence) {
    check(mechanisms.size() == lifetimes.size(), "one mechanism per lifetime");
    std::map<Mechanism, std::vector<Lifetime>> groups;
    for (std::size_t i = 0; i < mechanisms.size(); ++i) {
        groups[mechanisms[i]].push_back(lifetimes[i]);
    }
    std::vector<MechanismSurvival> curves;
    for (const auto& [mechanism, group] : groups) {
        curves.push_back({mechanism, kaplan_meier(group, confidence)});
    }
    return curves;
}

std::vector<MechanismRobustness> robustness_by_mechanism(
    const std::vector<Mechanism>& mechanisms, const std::vector<std::vector<double>>& failed_shares,
    double most_failed, double confidence) {
    check(mechanisms.size() == failed_shares.size(), "one mechanism per network");
    std::map<Mechanism, std::vector<const std::vector<double>*>> groups;
    for (std::size_t i = 0; i < mechanisms.size(); ++i) {
        if (!failed_shares[i].empty()) {
            groups[mechanisms[i]].push_back(&failed_shares[i]);
        }
    }
    std::vector<MechanismRobustness> curves;
    for (const auto& [mechanism, group] : groups) {
        MechanismRobustness curve{mechanism, static_cast<int>(group.size()), {}};
        for (std::size_t sigma = 0; sigma < group.front()->size(); ++sigma) {
            const auto survived =
                std::count_if(group.begin(), group.end(),
                              [&](const auto* shares) { return shares->at(sigma) <= most_failed; });
            curve.surviving.push_back(
                wilson_interval(static_cast<std::size_t>(survived), group.size(), confidence));
        }
        curves.push_back(std::move(curve));
    }
    return curves;
}

}  // namespace shoal
