// SPDX-License-Identifier: MIT
#include "analysis/dynamics/recurrence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "analysis/dynamics/tangent.hpp"

namespace shoal {

namespace {

constexpr double map_tolerance = 1e-6;

double distance_from_chord(const Eigen::VectorXd& point, const Eigen::VectorXd& from,
                           const Eigen::VectorXd& to) {
    const Eigen::VectorXd chord = to - from;
    const double length = chord.squaredNorm();
    const double along = length > 0.0 ? chord.dot(point - from) / length : 0.0;
    return rms(point - from - std::clamp(along, 0.0, 1.0) * chord);
}

// What a chord misses of an arc of twice the curvature of a circle as wide as the extent.
double missed_by(const Eigen::VectorXd& from, const Eigen::VectorXd& to, double extent) {
    const double length = std::min(rms(to - from), extent);
    return extent > 0.0 ? length * length / (2.0 * extent) : 0.0;
}

}  // namespace

std::optional<ClosedOrbit> trace_orbit(const Dynamics& dynamics, const Eigen::VectorXd& start,
                                       int steps) {
    ClosedOrbit orbit;
    const Eigen::VectorXd start_rates = dynamics.rates(start);
    orbit.rates.push_back(start_rates);
    const Eigen::VectorXd normal = dynamics.velocity(start);
    TangentStepper stepper(dynamics, start, Eigen::MatrixXd(dynamics.units(), 0));
    Eigen::VectorXd state = start;
    double side = 0.0;  // signed distance from the plane, in units of 1 / |normal|
    for (int step = 1; step <= steps; ++step) {
        stepper.advance(1);
        const Eigen::VectorXd next = stepper.state();
        const double next_side = (next - start).dot(normal);
        orbit.rates.push_back(dynamics.rates(next));
        const double next_distance = rms(orbit.rates.back() - start_rates);
        if (dynamics.is_map()) {
            if (next_distance <= map_tolerance * std::max(orbit.extent, next_distance)) {
                orbit.period = step * dynamics.dt();
                return orbit;
            }
        } else if (step > 1 && side < 0.0 && next_side >= 0.0) {
            const double part = -side / (next_side - side);
            const Eigen::VectorXd crossing = state + part * (next - state);
            const double missed =
                missed_by(orbit.rates[orbit.rates.size() - 2], orbit.rates.back(), orbit.extent);
            if (rms(dynamics.rates(crossing) - start_rates) <=
                orbit_tolerance * orbit.extent + missed) {
                orbit.period = (step - 1 + part) * dynamics.dt();
                return orbit;
            }
        }
        orbit.extent = std::max(orbit.extent, next_distance);
        state = next;
        side = next_side;
    }
    return std::nullopt;
}

std::vector<double> return_distances(const Dynamics& dynamics, const ClosedOrbit& orbit,
                                     const Eigen::VectorXd& start, int rounds) {
    const double around = orbit.period / dynamics.dt();  // steps
    const double allowed = dynamics.is_map() ? 0.5 : std::max(1.0, 0.1 * around);
    const auto last = static_cast<int>(std::floor(rounds * around + allowed));
    const Eigen::VectorXd start_rates = dynamics.rates(start);
    std::vector<double> distances(static_cast<std::size_t>(rounds),
                                  std::numeric_limits<double>::infinity());
    TangentStepper stepper(dynamics, start, Eigen::MatrixXd(dynamics.units(), 0));
    Eigen::VectorXd rates = start_rates;
    for (int step = 1; step <= last; ++step) {
        stepper.advance(1);
        const Eigen::VectorXd next = dynamics.rates(stepper.state());
        const double passed =
            std::clamp(std::round(step / around), 1.0, static_cast<double>(rounds));
        if (std::abs(step - passed * around) <= allowed) {
            double& least = distances[static_cast<std::size_t>(passed) - 1];
            least =
                std::min(least, dynamics.is_map() ? rms(next - start_rates)
                                                  : distance_from_chord(start_rates, rates, next));
        }
        rates = next;
    }
    return distances;
}

double distance_from(const Dynamics& dynamics, const ClosedOrbit& orbit,
                     const Eigen::VectorXd& rates) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i + 1 < orbit.rates.size(); ++i) {
        const Eigen::VectorXd& from = orbit.rates[i];
        const Eigen::VectorXd& to = orbit.rates[i + 1];
        least = std::min(least, dynamics.is_map()
                                    ? rms(rates - from)
                                    : std::max(0.0, distance_from_chord(rates, from, to) -
                                                        missed_by(from, to, orbit.extent)));
    }
    return least;
}

bool lies_on(const Dynamics& dynamics, const ClosedOrbit& orbit, const Eigen::VectorXd& rates) {
    return distance_from(dynamics, orbit, rates) <= orbit_tolerance * orbit.extent;
}

}  // namespace shoal
