// SPDX-License-Identifier: MIT
#include "papers/paper_data.hpp"

#include <algorithm>

#include "stats/quantile.hpp"
#include "stats/report_data.hpp"

namespace shoal {
namespace {

using nlohmann::json;

json quartiles(std::vector<double> values) {
    const std::vector<double> ascending = finite_sorted(std::move(values));
    json three = json::array();
    for (const double p : {0.25, 0.5, 0.75}) {
        three.push_back(rounded(sorted_quantile(ascending, p)));
    }
    return three;
}

json rounded_list(const std::vector<double>& values) {
    json list = json::array();
    for (const double value : values) {
        list.push_back(rounded(value));
    }
    return list;
}

json mean_data(const SeedMean& mean) {
    return json::array({rounded(mean.mean), rounded(mean.low), rounded(mean.high)});
}

}  // namespace

json signals_data(const std::vector<SignalFamily>& families) {
    json data = json::array();
    for (const SignalFamily& family : families) {
        json low = json::array(), median = json::array(), high = json::array();
        for (std::size_t lag = 0; lag < family.lags.size(); ++lag) {
            std::vector<double> norms;
            for (const SignalSystem& system : family.systems) {
                norms.push_back(system.log_norms[lag]);
            }
            const json three = quartiles(std::move(norms));
            low.push_back(three[0]);
            median.push_back(three[1]);
            high.push_back(three[2]);
        }
        std::vector<double> exponents;
        for (const SignalSystem& system : family.systems) {
            exponents.push_back(system.exponent);
        }
        data.push_back({{"name", family.name},
                        {"prediction", family.prediction},
                        {"lags", rounded_list(family.lags)},
                        {"low", low},
                        {"median", median},
                        {"high", high},
                        {"exponent", quartiles(std::move(exponents))},
                        {"systems", family.systems.size()},
                        {"persisting",
                         std::count_if(family.systems.begin(), family.systems.end(), persists)}});
    }
    return data;
}

json headings_data(const HeadDirectionResult& result) {
    json curves = json::array();
    for (const HeadingCurve& curve : result.curves) {
        curves.push_back({{"network", name_of(curve.network)},
                          {"perturbation", name_of(curve.perturbation)},
                          {"size", curve.size},
                          {"times", rounded_list(curve.times)},
                          {"error", rounded_list(curve.error)},
                          {"low", rounded_list(curve.error_low)},
                          {"high", rounded_list(curve.error_high)},
                          {"drift", mean_data(curve.drift)},
                          {"end_states", mean_data(curve.end_states)},
                          {"wandering", mean_data(curve.wandering)},
                          {"separation", mean_data(curve.separation)}});
    }
    return {{"headings", result.headings},
            {"seeds", result.seeds},
            {"hold", result.hold},
            {"ring_error", rounded(result.ring_error)},
            {"oscillator_error", rounded(result.oscillator_error)},
            {"curves", curves},
            {"limits", result.limits}};
}

}  // namespace shoal
