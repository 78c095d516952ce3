// SPDX-License-Identifier: MIT
// Where memories travel when a delay does not end (Ghazizadeh & Ching 2021: the state at the start
// of delay 1 is left alone for 20 trial lengths). Some sit at fixed points of their own, others
// move along a slow path that merges with those of other memories.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "backend/backend.hpp"
#include "model/network.hpp"
#include "records/manifold_records.hpp"

namespace shoal {

/// Memories as they stand when the delay begins, and what is known about them.
struct MemoryStates {
    std::vector<double> states;  ///< [condition, unit]
    int trial_steps = 0;         ///< of a trial, T
    int delay_steps = 0;         ///< of the delay as it was trained, D
    std::vector<int>
        memories;  ///< [condition]: Task::memory(); empty: nothing projected or confused
    /// [condition] -> [time, input]: inputs after the delay; empty: no linearised answer
    std::vector<const double*> rest;
    int rest_steps = 0;
    int answer = 0;                         ///< output that is the answer
    std::vector<Eigen::VectorXd> points;    ///< where paths may end
    std::vector<double> measured_survival;  ///< [condition]: extra delay, copied; may be empty
};

inline constexpr int manifold_lengths = 20;  ///< trial lengths that paths are followed
inline constexpr int manifold_spectra = 8;   ///< spectra of one network
inline constexpr int manifold_rates = 8;     ///< growth rates kept of a spectrum

/// Follows every memory for manifold_lengths T, or until it moves less than 1e-5 RMS in a trial,
/// by `exact` (fp64), and looks at it every tau:
///   speed      |F|_2 (of a map the displacement of a step); length: its integral over time
///   merging    two paths are one since t if the RMS distance of their rates is at most
///              distinct_distance from t to the end (log-linear between samples)
///   end        the nearest of `points` within distinct_distance of the last rates, if it rests
///   spectra    at a few of the times, of the first path of every memory (the first two paths where
///              memories are not told): growth rates g_1 >= g_2 ..., real parts of the flow's
///              eigenvalues, log|lambda| / dt of a map's; and the gap, see spectral_gap()
///   forgetting forgetting_prediction.hpp, from the nominal end D of the delay on
/// N = 200, 16 conditions, dt = 0.1 (tools/bench/spectra): about 0.4 core-seconds where paths rest
/// within a few trials, 0.9 where all move to the end. Never throws on bad numbers.
SlowManifold slow_manifold(const NetworkModel& model, const MemoryStates& memories, Backend& exact);

/// Normal hyperbolicity, frozen in time: how much faster the state is drawn to a manifold of
/// `dimension` directions than it moves along it.
struct SpectralGap {
    int dimension = 0;
    double ratio = 0.0;
};
/// The dimension k = 0 ... rates - 1 with the largest ratio
///   -g_{k+1} / max(1 / T, |g_1|, ..., |g_k|);
/// what is slower than a trial counts as the trial. A ratio below 1 is no gap: everything is slow;
/// the dimension is then the number of growth rates. `rates` fall.
SpectralGap spectral_gap(std::span<const double> rates, double trial_time);

}  // namespace shoal
