// SPDX-License-Identifier: MIT
// Learning signals of families of networks before any training: what host/MATHEMATICS.md, B.1
// predicts.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "records/described.hpp"

namespace shoal {

struct SignalSystem {
    std::uint32_t replicate = 0;
    double exponent = 0.0;          ///< leading Lyapunov exponent of the run, per tau
    std::vector<double> log_norms;  ///< [lag]: log10 of the adjoint's RMS norm over directions
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, SignalSystem>
void describe(Record& record, Visit&& visit) {
    visit("replicate", record.replicate, Meaning{"number of the system in its family"});
    visit("exponent", record.exponent, Meaning{"leading Lyapunov exponent of the run, per tau"});
    visit("log_norms", record.log_norms,
          Meaning{"log10 of the adjoint's RMS norm over directions", {"lag"}});
}

/// One system, in a file that keeps it for a later session.
struct KeptSignal {
    std::string uid;  ///< says what was measured
    SignalSystem system;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, KeptSignal>
void describe(Record& record, Visit&& visit) {
    visit("uid", record.uid, Meaning{"says what was measured"});
    visit("system", record.system, Meaning{"what it gave"});
}

struct SignalFamily {
    std::string name;
    std::string prediction;    ///< what the theory says of learning signals there
    std::vector<double> lags;  ///< tau
    std::vector<SignalSystem> systems;
};

/// Names of the families, for those who look one up.
namespace signal_family {
inline constexpr const char* contracting = "gauss 0.5";
inline constexpr const char* quasi_periodic = "quasi-periodic";
inline constexpr const char* quasi_periodic_flow = "quasi-periodic-flow";
inline constexpr const char* chaotic = "chaotic (gauss 3)";
inline constexpr const char* perturbed_quasi_periodic = "quasi-periodic, perturbed";
inline constexpr const char* ring = "ring attractor";
inline constexpr const char* perturbed_ring = "ring attractor, perturbed";
inline constexpr const char* perturbed_oscillators = "two oscillators, perturbed";
}  // namespace signal_family

/// Whether a signal of length 1 is still of use at the longest lag: within [0.01, 100].
inline bool persists(const SignalSystem& system) {
    return system.log_norms.back() >= -2.0 && system.log_norms.back() <= 2.0;
}

}  // namespace shoal
