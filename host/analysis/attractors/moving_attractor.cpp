// SPDX-License-Identifier: MIT
#include "analysis/attractors/moving_attractor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "analysis/attractors/limit_cycle.hpp"
#include "analysis/attractors/mechanism.hpp"
#include "analysis/attractors/torus.hpp"
#include "analysis/dynamics/tangent.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr double period_tolerance = 0.4;  // share that the flow's may differ from the steps'
constexpr double measured_periods = 40;   // of an orbit at most, for its exponents
constexpr double long_step = 0.25;        // tau; below it, steps are as good as the flow
constexpr double fine_step = 0.025;       // tau
constexpr int fine_rounds = 20;
constexpr double place_tolerance = 0.2;  // of the orbit's extent, likewise

void take_frequencies(const Dynamics& dynamics, const Eigen::VectorXd& state, int count,
                      Motion& motion) {
    AttractorRecord& record = motion.record;
    const BaseFrequencies base = base_frequencies(dynamics, state, count);
    record.frequencies = base.frequencies;
    record.rotation_numbers = base.rotation_numbers;
    record.rotation_errors = base.rotation_errors;
    add_limit(record.limits, base.limits);
    if (count != 2 || dynamics.is_map() || base.rotation_numbers.size() != 1) {
        return;
    }
    const auto locking = find_locking(base.rotation_numbers[0], base.rotation_errors[0]);
    if (locking &&
        refine_motion(dynamics, state,
                      locking->rounds * 2.0 * std::numbers::pi / base.frequencies[0], motion)) {
        add_limit(record.limits, fmt::format("Locked {} : {}.", locking->turns, locking->rounds));
    }
}

double main_period(const AttractorRecord& record) {
    return record.frequencies.empty() ? -1.0 : 2.0 * std::numbers::pi / record.frequencies[0];
}

// Period of the run itself, in its steps.
void take_period(const Dynamics& dynamics, const Eigen::VectorXd& state, double about,
                 AttractorRecord& record) {
    const MeanPeriod mean = mean_period(dynamics, state, about);
    record.period = mean.period;
    record.period_error = mean.error;
}

bool is_that_cycle(const Dynamics& dynamics, const RefinedCycle& cycle, double period,
                   const std::optional<ClosedOrbit>& orbit) {
    if (!cycle.converged || cycle.unstable > 0 || cycle.neutral > 0 ||
        std::abs(cycle.period - period) > period_tolerance * period) {
        return false;
    }
    const double step = dynamics.is_map() ? 0.0 : std::numbers::pi * dynamics.dt() / cycle.period;
    return !orbit || distance_from(dynamics, *orbit, dynamics.rates(cycle.state)) <=
                         (place_tolerance + step) * orbit->extent;
}

// Where the flow itself goes from a state of a run in long steps, whose cycle is too far from the
// flow's to be a guess of it.
struct FlowGuess {
    Eigen::VectorXd state;
    double period;
};
std::optional<FlowGuess> as_a_flow(const Dynamics& dynamics, const Eigen::VectorXd& state,
                                   double period) {
    if (dynamics.is_map() || dynamics.dt() < long_step * dynamics.tau()) {
        return std::nullopt;
    }
    const Dynamics fine(dynamics.cell(), dynamics.tau(), fine_step * dynamics.tau(),
                        dynamics.weights(), dynamics.drive(), SystemKind::flow);
    const int round = static_cast<int>(std::ceil(period / fine.dt()));
    TangentStepper stepper(fine, state, Eigen::MatrixXd(dynamics.units(), 0));
    stepper.advance_flow(fine_rounds * round, fine.dt());
    const auto orbit = trace_orbit(fine, stepper.state(), 2 * round);
    return orbit ? std::optional<FlowGuess>({stepper.state(), orbit->period}) : std::nullopt;
}

}  // namespace

bool refine_motion(const Dynamics& dynamics, const Eigen::VectorXd& state, double period,
                   Motion& motion) {
    RefinedCycle cycle = refine_cycle(dynamics, state, period);
    if (!is_that_cycle(dynamics, cycle, period, motion.orbit)) {
        const auto closer = as_a_flow(dynamics, state, period);
        cycle = closer ? refine_cycle(dynamics, closer->state, closer->period) : RefinedCycle();
        if (!is_that_cycle(dynamics, cycle, period, motion.orbit)) {
            return false;
        }
    }
    AttractorRecord& record = motion.record;
    record.kind = AttractorKind::limit_cycle;
    record.state = values_of(cycle.state);
    if (dynamics.is_map()) {
        record.period = cycle.period;
        record.period_error = 0.0;
    } else {
        take_period(dynamics, state, period, record);
        record.flow_period = cycle.period;
        record.flow_period_error = cycle.period_error;
    }
    record.residual = cycle.residual;
    record.trivial_multiplier_error = dynamics.is_map() ? -1.0 : cycle.trivial_error;
    for (const ProductEigenvalue& multiplier : cycle.multipliers) {
        record.multipliers.insert(record.multipliers.end(),
                                  {multiplier.value.real(), multiplier.value.imag()});
        record.multiplier_logs.push_back(multiplier.log_modulus);
    }
    add_limit(record.limits, cycle.limits);
    return true;
}

void measure_exponents(const Dynamics& dynamics, const Eigen::VectorXd& state,
                       const SpectrumRequest& request, RandomKey key, Motion& motion) {
    AttractorRecord& record = motion.record;
    SpectrumRequest enough = request;
    if (motion.orbit) {
        // Batches shorter than a period tell its phases apart, and take that for an error.
        enough.last_length =
            std::max(request.last_length, measured_periods * motion.orbit->period / dynamics.tau());
    }
    const LyapunovSpectrum spectrum = lyapunov_spectrum(dynamics, state, enough, key);
    if (record.state.empty()) {
        record.state = values_of(spectrum.end_state);
    }
    record.exponents = spectrum.exponents;
    record.exponent_errors = spectrum.errors;
    record.adjoint_exponents = spectrum.adjoint_exponents;
    record.mean_trace = spectrum.mean_trace;
    record.kaplan_yorke = spectrum.kaplan_yorke;
    record.neutral_exponent = spectrum.neutral_exponent;
    record.neutral_is_zero = spectrum.neutral_is_zero;
    add_limit(record.limits, spectrum.limits);
    if (!dynamics.is_map() && !spectrum.exponents.empty() && !spectrum.neutral_is_zero &&
        spectrum.exponents.back() < 0.0) {
        add_limit(record.limits,
                  fmt::format("No exponent is 0, as that along the velocity of a flow is: the one "
                              "next to it is {:.2g} per time, by what steps of {:g} change.",
                              spectrum.neutral_exponent, dynamics.dt()));
    }
    motion.exponents_known = spectrum.half_width * dynamics.tau() <= request.half_width;
}

bool is_chaotic(const AttractorRecord& record, double tau) {
    return !record.exponents.empty() &&
           record.exponents.front() > exponent_resolution(record.exponent_errors.front(), tau);
}

bool name_motion(const Dynamics& dynamics, const Eigen::VectorXd& state, Motion& motion) {
    AttractorRecord& record = motion.record;
    const ExponentSigns signs =
        exponent_signs(record.exponents, record.exponent_errors, dynamics.tau());
    const int zeros = signs.zeros + signs.open;
    if (zeros == 0 && !motion.orbit) {
        return false;
    }
    // Of a map, one is enough for chaos.
    if (signs.undecided() || (dynamics.is_map() && signs.top_open)) {
        record.kind = AttractorKind::undecided;
        add_limit(record.limits,
                  fmt::format("A torus or weak chaos: the exponents, the largest {:.2g} +- {:.2g} "
                              "per time after at most {:g} tau, do not tell.",
                              record.exponents[0], record.exponent_errors[0], longest_run));
        return true;
    }
    if (zeros >= 2) {
        record.kind = AttractorKind::torus;
        take_frequencies(dynamics, state, zeros, motion);
        return true;
    }
    record.kind = AttractorKind::limit_cycle;
    if (dynamics.is_map()) {
        take_frequencies(dynamics, state, 1, motion);
        record.period = main_period(record);
        add_limit(record.limits, "A closed curve that the map turns along, no periodic orbit.");
        return true;
    }
    if (motion.orbit) {
        take_period(dynamics, state, motion.orbit->period, record);
    } else {
        take_frequencies(dynamics, state, 1, motion);
        record.period = main_period(record);
        if (record.period > 0.0 && refine_motion(dynamics, state, record.period, motion)) {
            return true;
        }
    }
    add_limit(record.limits,
              motion.orbit ? "The Euler map's; refining it reached no isolated stable cycle of "
                             "the flow."
                           : fmt::format("No return within {} trial lengths: not refined.",
                                         recurrence_lengths));
    return true;
}

}  // namespace shoal
