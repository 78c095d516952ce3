// SPDX-License-Identifier: MIT
// How far back learning signals reach in networks as they are initialised (host/MATHEMATICS.md,
// B.1): the theory of Park, Sagodi & Sokol 2023, class by class, without training.
//
// A network runs alone from a random state until its transient is over; then the adjoint of random
// unit directions is carried back along the run. At long lags its norm goes as exp(mu lag), mu the
// leading Lyapunov exponent of the attractor: it vanishes at fixed points, persists on cycles, tori
// and continua, explodes in chaos.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "records/signal_records.hpp"

namespace shoal {

struct SignalOptions {
    int units = 32;           ///< even; of every family that has no size of its own
    int chaotic_units = 200;  ///< of the chaotic family: smaller ones often settle
    int systems = 100;        ///< of each family; the ring and the oscillators take perturbations
    double transient = 5000;  ///< tau; of the chaotic family a tenth
    double lag = 5000;        ///< longest, tau; of the chaotic family a tenth
    int directions = 8;
    double perturbation = 0.01;  ///< relative, on every entry of the matrix (D-type)
    RandomKey key;               ///< system i has the replicate key.replicate + i
    int threads = 1;             ///< does not change any bit
};

/// A system among all.
struct SignalPlace {
    std::string family;
    std::size_t system = 0;  ///< in its family
    std::size_t of = 0;      ///< systems of all families
};

/// Who is asked and told of every system, from any thread. Either may be empty.
struct SignalHooks {
    /// What is known of it already, from a measurement with the same options.
    std::function<std::optional<SignalSystem>(const SignalPlace&)> known;
    std::function<void(const SignalPlace&, const SignalSystem&)> measured;
};

/// Initialisations of B.3 as maps and flows, a chaotic network, and, each with every weight
/// perturbed: quasi-periodic networks, a ring attractor and the two oscillators of B.2. Ends with
/// an error (exit 5) between two systems once a stop is asked for (core/stop.hpp).
std::vector<SignalFamily> learning_signals(const SignalOptions& options,
                                           const SignalHooks& hooks = {});

}  // namespace shoal
