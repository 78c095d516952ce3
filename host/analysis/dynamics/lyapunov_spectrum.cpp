// SPDX-License-Identifier: MIT
#include "analysis/dynamics/lyapunov_spectrum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "analysis/dynamics/adjoint.hpp"
#include "analysis/dynamics/growth.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr double pilot_length = 100.0;           // tau
const double largest_spread = 7 * std::log(10);  // digits that a frame may lose in an interval
const double singular = -14 * std::log(10);      // growth in an interval that rounding hides

std::size_t intervals_of(const TangentGrowth& growth, double length, double tau) {
    return static_cast<std::size_t>(std::ceil(length * tau / growth.interval()));
}

double sum_of(const TangentGrowth& growth) {
    double sum = 0.0;
    for (const std::vector<double>& rates : growth.rates()) {
        sum += birkhoff_mean(rates.data(), rates.size());
    }
    return sum;
}

// A run past its start with enough tangents and short enough intervals; null: numbers left the
// range.
std::unique_ptr<TangentGrowth> prepare(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                       const SpectrumRequest& request, RandomKey key) {
    const Eigen::Index units = dynamics.units();
    const Eigen::Index first = std::clamp<Eigen::Index>(request.count, 1, units);
    const Eigen::Index most = std::clamp<Eigen::Index>(request.most, first, units);
    Eigen::Index count = first;
    int interval = tau_steps(dynamics);
    Eigen::VectorXd state = start;
    while (true) {
        auto growth = std::make_unique<TangentGrowth>(dynamics, state, count, key, interval);
        if (!growth->extend_to(intervals_of(*growth, pilot_length, dynamics.tau()))) {
            return nullptr;
        }
        const bool too_long = interval > 1 && growth->largest_spread() > largest_spread;
        const bool too_few = count < most && sum_of(*growth) >= 0.0;
        if (!too_long && !too_few) {
            return growth;
        }
        state = growth->state();
        interval = too_long ? interval / 2 : interval;
        count = too_few ? std::min(2 * count, most) : count;
    }
}

void measure(const TangentGrowth& growth, double tau, LyapunovSpectrum& spectrum) {
    const std::size_t skip = growth.intervals() / 5;
    const auto mean = [&](const std::vector<double>& values) {
        return birkhoff_mean(values.data() + skip, values.size() - skip);
    };
    spectrum.exponents.clear();
    spectrum.errors.clear();
    for (const std::vector<double>& rates : growth.rates()) {
        spectrum.exponents.push_back(mean(rates));
        spectrum.errors.push_back(batch_error(rates, skip));
    }
    spectrum.half_width =
        exponent_student * *std::max_element(spectrum.errors.begin(), spectrum.errors.end());
    spectrum.duration = static_cast<double>(growth.intervals() - skip) * growth.interval();
    spectrum.mean_trace = mean(growth.traces());

    std::vector<double> resolutions;
    for (const double error : spectrum.errors) {
        resolutions.push_back(exponent_resolution(error, tau));
    }
    spectrum.kaplan_yorke = kaplan_yorke_dimension(spectrum.exponents, resolutions);
    const auto nearest =
        std::min_element(spectrum.exponents.begin(), spectrum.exponents.end(),
                         [](double a, double b) { return std::abs(a) < std::abs(b); });
    const auto at = static_cast<std::size_t>(nearest - spectrum.exponents.begin());
    spectrum.neutral_exponent = *nearest;
    spectrum.neutral_error = spectrum.errors[at];
    spectrum.neutral_is_zero = std::abs(*nearest) <= resolutions[at];
    spectrum.zeros = 0;
    for (std::size_t i = 0; i < resolutions.size(); ++i) {
        spectrum.zeros += std::abs(spectrum.exponents[i]) <= resolutions[i] ? 1 : 0;
    }
}

std::string limits_of(const LyapunovSpectrum& spectrum, const SpectrumRequest& request,
                      const Dynamics& dynamics, double interval) {
    std::string limits;
    const double tau = dynamics.tau();
    if (spectrum.half_width * tau > request.half_width) {
        add_limit(limits, fmt::format("Exponents are known to {:.2g} per tau after {:.0f} tau, "
                                      "{:.2g} was asked for.",
                                      spectrum.half_width * tau, spectrum.duration / tau,
                                      request.half_width));
    }
    if (spectrum.kaplan_yorke < 0.0) {
        add_limit(limits, fmt::format("The Kaplan-Yorke dimension is above the {} exponents that "
                                      "were measured.",
                                      spectrum.exponents.size()));
    }
    const auto hidden =
        std::find_if(spectrum.exponents.begin(), spectrum.exponents.end(),
                     [&](double exponent) { return !(exponent * interval >= singular); });
    if (hidden != spectrum.exponents.end()) {
        add_limit(limits, fmt::format("From number {} on exponents are below what rounding "
                                      "resolves: the Jacobian is singular, or nearly so.",
                                      hidden - spectrum.exponents.begin() + 1));
    }
    return limits;
}

}  // namespace

double kaplan_yorke_dimension(const std::vector<double>& exponents,
                              const std::vector<double>& resolutions) {
    double sum = 0.0;
    for (std::size_t i = 0; i < exponents.size(); ++i) {
        const double exponent = std::abs(exponents[i]) <= resolutions[i] ? 0.0 : exponents[i];
        if (sum + exponent < 0.0) {
            return static_cast<double>(i) - sum / exponent;
        }
        sum += exponent;
    }
    return -1.0;
}

LyapunovSpectrum lyapunov_spectrum(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                   const SpectrumRequest& request, RandomKey key) {
    LyapunovSpectrum spectrum;
    const auto growth = prepare(dynamics, start, request, key);
    const double tau = dynamics.tau();
    if (growth) {
        growth->keep_slopes(intervals_of(*growth, request.adjoint_length, tau));
        double length = std::min(request.first_length, request.last_length);
        while (growth->extend_to(intervals_of(*growth, length, tau))) {
            measure(*growth, tau, spectrum);
            const bool enough =
                spectrum.half_width * tau <= request.half_width || length >= request.last_length;
            const bool decided = length >= request.longest ||
                                 !longer_run_decides(spectrum.exponents, spectrum.errors, tau,
                                                     request.longest / length);
            if (enough && decided) {
                const LinearizedRun run(dynamics, growth->slopes(), growth->state());
                spectrum.adjoint_exponents =
                    adjoint_exponents(run, static_cast<int>(spectrum.exponents.size()), key);
                spectrum.end_state = growth->state();
                spectrum.limits = limits_of(spectrum, request, dynamics, growth->interval());
                return spectrum;
            }
            length = std::min(2.0 * length, enough ? request.longest : request.last_length);
        }
    }
    spectrum = {};
    spectrum.limits = "The run along which exponents are measured left the range of numbers.";
    return spectrum;
}

}  // namespace shoal
