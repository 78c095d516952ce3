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
    const auto interval = [&](const char* mean, const char* low, const char* high, auto& value,
                              const char* text) {
        visit(mean, value.mean, Meaning{text});
        visit(low, value.low, Meaning{"its interval over seeds, 95 %"});
        visit(high, value.high, Meaning{"its interval over seeds, 95 %"});
    };
    interval("integration_error", "integration_error_low", "integration_error_high",
             record.integration_error, "RMS error after following the velocity, rad");
    interval("drift", "drift_low", "drift_high", record.drift,
             "RMS drift of held headings, rad per time");
    interval("late_drift", "late_drift_low", "late_drift_high", record.late_drift,
             "the same over the second half");
    interval("end_states", "end_states_low", "end_states_high", record.end_states,
             "points on which held headings end, -1: not measured");
    interval("wandering", "wandering_low", "wandering_high", record.wandering,
             "share of headings that never rest, -1: not measured");
    interval("separation", "separation_low", "separation_high", record.separation,
             "least gap between neighbours at the end over that at the start");
    interval("coherence", "coherence_low", "coherence_high", record.coherence,
             "length of what the readout sees at the end over that at the start");
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
    visit("limits", record.limits, Meaning{"what cut work"});
}

}  // namespace shoal
