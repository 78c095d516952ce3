// SPDX-License-Identifier: MIT
// Head direction with and without a ring attractor, under equal perturbation.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/names.hpp"
#include "records/described.hpp"

namespace shoal {

enum class HeadingCode { ring, oscillators };
template <>
inline constexpr auto rows_of<HeadingCode> = std::to_array<Named<HeadingCode>>(
    {{HeadingCode::ring, "ring"}, {HeadingCode::oscillators, "oscillators"}});
/// state_noise: noise on every state (S-type); weights: relative noise on every weight,
/// new_weights: the same relative norm on every entry, so that what was uncoupled is coupled (both
/// D-type).
enum class HeadingPerturbation { state_noise, weights, new_weights };
template <>
inline constexpr auto rows_of<HeadingPerturbation> =
    std::to_array<Named<HeadingPerturbation>>({{HeadingPerturbation::state_noise, "state_noise"},
                                               {HeadingPerturbation::weights, "weights"},
                                               {HeadingPerturbation::new_weights, "new_weights"}});

/// A mean over seeds with its 95 % interval (Student's t; NaN with one seed).
struct SeedMean {
    double mean = 0.0;
    double low = 0.0;
    double high = 0.0;
};

/// The columns of a mean and of its interval, whose names begin with that of the field.
template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SeedMean>
void describe(Record& record, Visit&& visit) {
    visit("", record.mean, Meaning{""});
    visit("_low", record.low, Meaning{"its interval over seeds, 95 %"});
    visit("_high", record.high, Meaning{"its interval over seeds, 95 %"});
}

/// One network under one kind and size of perturbation. Angles in radians.
struct HeadingCurve {
    HeadingCode network = HeadingCode::ring;
    HeadingPerturbation perturbation = HeadingPerturbation::state_noise;
    double size = 0.0;
    std::vector<double> times;  ///< since the heading is held
    std::vector<double> error;  ///< RMS over headings of the decoded error, mean over seeds
    std::vector<double> error_low;
    std::vector<double> error_high;
    SeedMean integration_error;  ///< RMS over headings after following the velocity
    SeedMean drift;              ///< RMS over headings, per unit of time, over the whole hold
    SeedMean late_drift;         ///< the same over its second half
    /// Points on which the held headings end for good; not measured under state noise: -1
    SeedMean end_states;
    SeedMean wandering;   ///< share of headings that never come to rest; state noise: -1
    SeedMean separation;  ///< least gap between neighbours at the end over that at the start
    SeedMean coherence;   ///< length of what the readout sees at the end over that at the start
};

struct HeadDirectionResult {
    int headings = 0;
    int seeds = 0;
    int ring_units = 0;
    int oscillator_units = 0;
    double dt = 0.0;
    double hold = 0.0;         ///< time that headings are held
    double integration = 0.0;  ///< time that the velocity is followed
    double velocity = 0.0;     ///< largest |v| followed
    double frequency = 0.0;    ///< of the oscillators
    double ring_error = 0.0;  ///< unperturbed RMS error of following the velocity, largest of seeds
    double oscillator_error = 0.0;
    std::vector<HeadingCurve> curves;
    std::string limits;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, HeadingCurve>
void describe(Record& record, Visit&& visit) {
    visit("network", record.network, Meaning{"ring or oscillators"});
    visit("perturbation", record.perturbation, Meaning{"what is perturbed"});
    visit("size", record.size, Meaning{"of the perturbation"});
    visit("times", record.times, Meaning{"time since the heading is held", {"heading_time"}});
    visit("error", record.error,
          Meaning{"RMS over headings of the decoded error, rad", {"heading_time"}});
    visit("error_low", record.error_low, Meaning{"its interval over seeds", {"heading_time"}});
    visit("error_high", record.error_high, Meaning{"its interval over seeds", {"heading_time"}});
    visit("integration_error", record.integration_error,
          Meaning{"RMS error after following the velocity, rad"});
    visit("drift", record.drift, Meaning{"RMS drift of held headings, rad per time"});
    visit("late_drift", record.late_drift, Meaning{"the same over the second half"});
    visit("end_states", record.end_states,
          Meaning{"points on which held headings end, -1: not measured"});
    visit("wandering", record.wandering,
          Meaning{"share of headings that never rest, -1: not measured"});
    visit("separation", record.separation,
          Meaning{"least gap between neighbours at the end over that at the start"});
    visit("coherence", record.coherence,
          Meaning{"length of what the readout sees at the end over that at the start"});
}

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, HeadDirectionResult>
void describe(Record& record, Visit&& visit) {
    visit("headings", record.headings, Meaning{"headings held"});
    visit("seeds", record.seeds, Meaning{"seeds"});
    visit("ring_units", record.ring_units, Meaning{"units of the ring attractor"});
    visit("oscillator_units", record.oscillator_units, Meaning{"units of the oscillators"});
    visit("dt", record.dt, Meaning{"time step"});
    visit("hold", record.hold, Meaning{"time that headings are held"});
    visit("integration", record.integration, Meaning{"time that the velocity is followed"});
    visit("velocity", record.velocity, Meaning{"largest velocity, rad per time"});
    visit("frequency", record.frequency, Meaning{"of the oscillators, rad per time"});
    visit("ring_error", record.ring_error, Meaning{"unperturbed integration error, rad"});
    visit("oscillator_error", record.oscillator_error,
          Meaning{"unperturbed integration error, rad"});
    visit("curves", record.curves, Meaning{"of each network and perturbation", {"curve"}});
    visit("limits", record.limits, Meaning{"what cut work"});
}

}  // namespace shoal
