// SPDX-License-Identifier: MIT
// Where autonomous runs end: on a stable fixed point, still drifting, or moving for good.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "analysis/attractors/mechanism.hpp"
#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/newton.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "backend/backend.hpp"

namespace shoal {

/// Two fixed points (or a run and a fixed point) are the same if their rates differ by no more, RMS
/// over units.
inline constexpr double distinct_distance = VerdictThresholds{}.distinct_distance;
/// Longest total of an autonomous run, in trial lengths.
inline constexpr int followed_lengths = 400;

/// A zero of the velocity near which a run ended.
struct ReachedPoint {
    NewtonResult root;
    FlowSpectrum spectrum;
    /// No direction grows under the Euler map, which is what the network really runs as.
    bool stable = false;
    std::vector<int> reached_from;  ///< runs that settled here
};

struct FollowedRun {
    RunFate fate = RunFate::drifting;
    int point = -1;                ///< index of the reached point, -1: none
    int lengths = 0;               ///< trial lengths followed in all
    Eigen::VectorXd state;         ///< at the end
    double speed = 0.0;            ///< RMS over units of dx/dt at the end
    double earlier_speed = 0.0;    ///< RMS over units and time of dx/dt in the last stretch but one
    double later_speed = 0.0;      ///< the same in the last stretch
    Eigen::MatrixXd window_means;  ///< time means of r over the quarters of the last stretch
    /// Where Newton's method leads from there; empty: not tried, or no root found.
    Eigen::VectorXd root;
};

/// Follows runs to their end. All sizes and speeds are RMS over units; T is a trial's duration.
///   settled:  speed < 1e-3 / T (in one trial it moves less than what tells two points apart),
///             Newton finds a root within 1e-3 in r, and the root is stable. A run that passes a
///             saddle is slow, too, but the saddle is not stable.
///   moving:   from one stretch of the run to the next its RMS speed does not fall by 5 %, and is
///             above 0.1 / T. A run that converges along one slow direction has, after a time t, at
///             most the speed d / (e t) with d <= 2 the distance it has to go: below that from 8
///             trial lengths on.
///   drifting: neither after 400 trial lengths.
/// A drifting run whose root is stable and has come closer counts as settled there, with a note,
/// unless Approach::drifting is asked for.
/// Runs from the start of time on are not called moving before 20 trial lengths.
class Settling {
  public:
    /// What a run is that only comes closer to a stable point when its time is up.
    enum class Approach { settled, drifting };

    /// `starts` are the states after `lengths` trial lengths, `speeds` the RMS speeds over the
    /// stretch before (infinity: not known). A start that is not finite is a diverged run. `names`
    /// are those of the starts in notes; none: conclusion 0, 1, ... `known` are fixed points found
    /// before (their spectra are not read); they become points() 0, 1, ... and spare the runs that
    /// end there a search.
    Settling(const NetworkModel& model, const Dynamics& dynamics, int trial_steps, int lengths,
             const std::vector<Eigen::VectorXd>& starts, const std::vector<double>& speeds,
             std::vector<std::string> names = {}, std::vector<ReachedPoint> known = {},
             Approach approach = Approach::settled);

    enum class Until { moving_is_clear, cap };
    /// Runs on every run that is not settled, up to the cap, in float64. With Until::cap runs that
    /// look moving are followed too.
    void follow(Backend& exact, Until until);
    /// The same with Until::cap for some runs alone.
    void follow_to_cap(Backend& exact, const std::vector<std::size_t>& which);

    const std::vector<FollowedRun>& runs() const { return runs_; }
    const std::vector<ReachedPoint>& points() const { return points_; }
    /// What run `index` was doing when last looked at.
    LastLook last_look(std::size_t index) const;
    /// Limits that cut work so far, one sentence each.
    std::string limits() const;

  private:
    void judge(std::size_t index);
    void settle(std::size_t index, int point);
    int point_near(const NewtonResult& root);
    int known_point_at(const Eigen::VectorXd& state) const;
    void follow_through(Backend& exact, const std::function<bool(std::size_t)>& is_active);
    void follow_to(int stage, const std::vector<std::size_t>& active, Backend& exact);

    const NetworkModel& model_;
    const Dynamics& dynamics_;
    int trial_steps_;
    double trial_time_;
    std::vector<FollowedRun> runs_;
    std::vector<double>
        distances_;  ///< [run]: from its root when last looked at, infinity: no root
    std::vector<ReachedPoint> points_;
    std::size_t known_ = 0;  ///< points given at the start
    Approach approach_ = Approach::settled;
    std::vector<std::string> names_;
    std::vector<std::string> notes_;
};

/// RMS over units and samples of dx/dt, one state per column.
double rms_speed(const Dynamics& dynamics, const Eigen::MatrixXd& states);

}  // namespace shoal
