// SPDX-License-Identifier: MIT
// Where the runs of one autonomous network end, and what is there.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "analysis/attractors/settling.hpp"
#include "analysis/dynamics/lyapunov_spectrum.hpp"
#include "records/attractor_records.hpp"

namespace shoal {

struct CensusStart {
    StartKind kind = StartKind::random;
    Eigen::VectorXd state;
};
/// One start a column.
std::vector<CensusStart> starts_of(StartKind kind, const Eigen::MatrixXd& states);

/// A fixed point found before.
struct KnownPoint {
    Eigen::VectorXd state;
    bool stable = false;  ///< no direction grows under the Euler map
    bool proved = false;  ///< then it is an attractor, whether or not a run ends there
};

struct CensusInput {
    NetworkModel model;            ///< inputs are 0: whoever holds others adds W_in u to the bias
    std::optional<SystemKind> as;  ///< flow or map; nothing: by dt, see Dynamics
    int trial_steps = 0;           ///< T of the rules, in steps
    std::vector<CensusStart> starts;
    std::vector<KnownPoint> known;
    SpectrumRequest spectrum = {10, 80, 5e-3, 500.0, 2000.0};
    RandomKey key;  ///< of the exponents' first frame
};

struct CensusResult {
    /// Distinct attractors: fixed points by index, proved stable ones that no run ended on among
    /// them, then those that move by their first run.
    std::vector<AttractorRecord> attractors;
    CensusSummary summary;
    /// Points found on the way; record.point counts input.known first, then these.
    std::vector<ReachedPoint> new_points;
};

/// Follows every start as Settling does, in float64 by `exact`, and says where it ends:
///   fixed_point     it settles on a stable point
///   limit_cycle     it returns (trace_orbit, up to 10 T) again and again, and refine_cycle
///                   converges from there onto an isolated stable cycle of about that period and
///                   place; or, of flows, it has one exponent 0, or returns though its flow has no
///                   such cycle (noted); of maps, one exponent 0: a closed curve that the map turns
///                   along
///   torus           no stable cycle is near and two or more exponents are 0 with errors within the
///                   floor; a torus of two frequencies whose ratio is p / q within
///                   its error is tried as a cycle of q turns first
///   undecided       as a torus, but with wider errors (exponent_signs): it may be weak chaos
///   chaotic         the largest exponent is above 0
///   slow_transient  it drifts after 400 T, however close to a stable point; or it moves, but its
///                   RMS speed still changes by over 2 % between the last two stretches, or all its
///                   exponents are below 0 and it does not return. Never an attractor.
///   far             it left the range of numbers
/// Of moving runs that are neither chaotic nor on a refined cycle the first of each group is
/// followed to 400 T before anything is said of them, and the others if it is not steady. Runs are
/// on the same cycle if they pass within orbit_tolerance of it; others are told apart by
/// group_by_means. Each attractor that moves has its exponents measured from its first run, and
/// again from where that was followed to if they stayed unknown and do not yet say chaos.
/// Pure function of its input.
CensusResult census(const CensusInput& input, Backend& exact);

}  // namespace shoal
