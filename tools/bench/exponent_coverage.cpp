// SPDX-License-Identifier: MIT
// How often the 95 % intervals of Lyapunov exponents hold the true ones.
//
//   exponent_coverage [systems = 100] [times longer = 50] [first = 0]
//
// Random networks of 24 to 60 units, gains 2 to 4, as they are measured in an analysis, against
// runs that are so many times longer with another frame. They have several attractors, and chaos
// that ends: so the long run is first, and what is measured starts from where it ended, with noise
// of 0.1. Networks whose largest exponent is not above 0 by it are left out: on cycles and tori
// errors are tiny. Prints a line for each of the three largest exponents of each network, and the
// shares of intervals that hold.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "analysis/dynamics/lyapunov.hpp"
#include "analysis/dynamics/lyapunov_spectrum.hpp"

namespace {

using namespace shoal;

constexpr std::size_t compared = 3;

double normal(std::uint32_t system, std::uint32_t which, std::uint32_t index) {
    return standard_normal(random_bits({23, system}, Purpose::test, 0, which, index));
}

Dynamics network(std::uint32_t system) {
    const auto units = static_cast<Eigen::Index>(24 + 12 * (system % 4));
    const double gain = 2.0 + 0.5 * (system / 4 % 5);
    Eigen::MatrixXd weights(units, units);
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
        weights.data()[i] = gain / std::sqrt(static_cast<double>(units)) *
                            normal(system, 0, static_cast<std::uint32_t>(i));
    }
    return {Cell::current, 1.0, 0.1, weights, Eigen::VectorXd::Zero(units)};
}

Eigen::VectorXd state(const Dynamics& dynamics, std::uint32_t system, std::uint32_t which) {
    Eigen::VectorXd x(dynamics.units());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
        x[i] = normal(system, which, static_cast<std::uint32_t>(i));
    }
    return x;
}

/// Estimates in units of their errors.
struct Method {
    const char* name;
    std::vector<double> deviations;
    void add(double estimate, double error, double truth, double truth_error) {
        deviations.push_back((estimate - truth) / std::hypot(error, truth_error));
    }
    void print() const {
        const auto held = std::count_if(deviations.begin(), deviations.end(),
                                        [](double z) { return std::abs(z) <= exponent_student; });
        const auto below =
            std::count_if(deviations.begin(), deviations.end(), [](double z) { return z < 0.0; });
        fmt::print("{}: {} of {} intervals hold ({:.1f} %), {:.0f} % lie below the long run\n",
                   name, held, deviations.size(),
                   100.0 * static_cast<double>(held) / static_cast<double>(deviations.size()),
                   100.0 * static_cast<double>(below) / static_cast<double>(deviations.size()));
    }
};

}  // namespace

int main(int argc, char** argv) {
    const int systems = argc > 1 ? std::atoi(argv[1]) : 100;
    const double longer = argc > 2 ? std::atof(argv[2]) : 50.0;
    Method first{"level first", {}};
    Method full{"level full", {}};
    fmt::print("{:>6} {:>5} {:>3} {:>9} {:>8} {:>9} {:>8} {:>9} {:>8}\n", "system", "units", "no",
               "long", "error", "first", "error", "full", "error");
    auto system = static_cast<std::uint32_t>(argc > 3 ? std::atoi(argv[3]) : 0);
    for (int measured = 0; measured < systems; ++system) {
        const Dynamics dynamics = network(system);
        SpectrumRequest request;
        request.count = compared;
        request.most = compared;
        request.last_length = 2000.0;
        const LyapunovSpectrum tried =
            lyapunov_spectrum(dynamics, state(dynamics, system, 1), request, {31, system});
        if (tried.exponents.empty() || tried.exponents[0] < 3.0 * tried.errors[0]) {
            continue;
        }
        SpectrumRequest endless = request;
        endless.first_length = endless.last_length = longer * request.last_length;
        const LyapunovSpectrum truth =
            lyapunov_spectrum(dynamics, tried.end_state, endless, {31, system});
        if (truth.exponents[0] < 3.0 * truth.errors[0]) {
            continue;
        }
        const Eigen::VectorXd start = truth.end_state + 0.1 * state(dynamics, system, 2);
        const LyapunovSpectrum spectrum = lyapunov_spectrum(dynamics, start, request, {23, system});
        const LyapunovResult quick = lyapunov_exponents(dynamics, start, {29, system});
        ++measured;
        for (std::size_t i = 0; i < compared; ++i) {
            fmt::print("{:6} {:5} {:3} {:9.5f} {:8.5f} {:9.5f} {:8.5f} {:9.5f} {:8.5f}\n", system,
                       dynamics.units(), i + 1, truth.exponents[i], truth.errors[i],
                       quick.exponents[i], quick.errors[i], spectrum.exponents[i],
                       spectrum.errors[i]);
            first.add(quick.exponents[i], quick.errors[i], truth.exponents[i], truth.errors[i]);
            full.add(spectrum.exponents[i], spectrum.errors[i], truth.exponents[i],
                     truth.errors[i]);
        }
        std::fflush(stdout);
    }
    first.print();
    full.print();
    return 0;
}
