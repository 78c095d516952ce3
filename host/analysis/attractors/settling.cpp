// SPDX-License-Identifier: MIT
#include "analysis/attractors/settling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/dynamics/sampled_runs.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"

namespace shoal {

namespace {

constexpr int stages[] = {10, 20, 40, 60, 100, 200, followed_lengths};  // trial lengths in all
constexpr int windows = 4;                                              // of a stretch
constexpr VerdictThresholds default_thresholds;
}  // namespace

Settling::Settling(const NetworkModel& model, const Dynamics& dynamics, int trial_steps,
                   int lengths, const std::vector<Eigen::VectorXd>& starts,
                   const std::vector<double>& speeds, std::vector<std::string> names,
                   std::vector<ReachedPoint> known, Approach approach)
    : model_(model),
      dynamics_(dynamics),
      trial_steps_(trial_steps),
      trial_time_(trial_steps * dynamics.dt()),
      distances_(starts.size(), infinity),
      points_(std::move(known)),
      known_(points_.size()),
      approach_(approach),
      names_(std::move(names)) {
    check(speeds.size() == starts.size(), "one speed per run");
    for (std::size_t i = names_.size(); i < starts.size(); ++i) {
        names_.push_back(fmt::format("conclusion {}", i));
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
        FollowedRun run;
        run.lengths = lengths;
        run.state = starts[i];
        run.earlier_speed = infinity;  // not yet known to be steady
        run.later_speed = speeds[i];
        runs_.push_back(std::move(run));
        judge(i);
    }
}

int Settling::point_near(const NewtonResult& root) {
    const Eigen::VectorXd rates = dynamics_.rates(root.state);
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (rms(dynamics_.rates(points_[i].root.state) - rates) <= distinct_distance) {
            return static_cast<int>(i);
        }
    }
    auto eigenvalues = spectrum(dynamics_.flow_jacobian(root.state));
    if (!eigenvalues) {
        notes_.push_back("The eigenvalues at a fixed point did not converge.");
        return -1;
    }
    ReachedPoint point;
    point.root = root;
    point.stable = euler_map(*eigenvalues, dynamics_.dt()).unstable() == 0;
    point.spectrum = std::move(*eigenvalues);
    points_.push_back(std::move(point));
    return static_cast<int>(points_.size()) - 1;
}

int Settling::known_point_at(const Eigen::VectorXd& state) const {
    const Eigen::VectorXd rates = dynamics_.rates(state);
    for (std::size_t i = 0; i < known_; ++i) {
        if (points_[i].stable &&
            rms(dynamics_.rates(points_[i].root.state) - rates) <= distinct_distance) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

void Settling::settle(std::size_t index, int point) {
    runs_[index].fate = RunFate::settled;
    runs_[index].point = point;
    points_[static_cast<std::size_t>(point)].reached_from.push_back(static_cast<int>(index));
}

LastLook Settling::last_look(std::size_t index) const {
    const FollowedRun& run = runs_[index];
    return {run.speed * trial_time_, run.earlier_speed * trial_time_, run.later_speed * trial_time_,
            run.root.size() > 0 ? distances_[index] : infinity};
}

void Settling::judge(std::size_t index) {
    FollowedRun& run = runs_[index];
    const bool at_cap = run.lengths >= followed_lengths;
    run.speed = rms(dynamics_.velocity(run.state));
    if (!std::isfinite(run.speed)) {
        run.fate = RunFate::diverged;
        return;
    }
    run.root.resize(0);
    const double moved = run.speed * trial_time_;  // in one trial
    if (moved < default_thresholds.settled_move) {
        const int known = known_point_at(run.state);
        if (known >= 0) {
            settle(index, known);
            return;
        }
    }
    if (moved < default_thresholds.moving_move) {
        const NewtonResult root = refine_fixed_point(dynamics_, run.state);
        const double before = distances_[index];
        distances_[index] = infinity;
        if (root.converged) {
            run.root = root.state;
            distances_[index] = rms(dynamics_.rates(root.state) - dynamics_.rates(run.state));
        }
        const bool arrived = has_arrived(last_look(index));
        const bool closer = approach_ == Approach::settled && distances_[index] < before;
        if (arrived || (at_cap && closer)) {
            const int point = point_near(root);
            if (point >= 0 && points_[static_cast<std::size_t>(point)].stable) {
                settle(index, point);
                if (!arrived) {
                    notes_.push_back(fmt::format(
                        "The run from {} is counted as settled on the stable fixed point it "
                        "approaches: after {} trial lengths its rates are {:.2g} away.",
                        names_[index], run.lengths, distances_[index]));
                }
                return;
            }
        }
    }
    run.fate = keeps_moving(last_look(index)) ? RunFate::moving : RunFate::drifting;
    if (at_cap && run.fate == RunFate::drifting) {
        notes_.push_back(
            fmt::format("The run from {} still drifts after {} trial lengths, at speed {:.2g}.",
                        names_[index], run.lengths, run.speed));
    }
}

void Settling::follow(Backend& exact, Until until) {
    follow_through(exact, [&](std::size_t i) {
        return runs_[i].fate == RunFate::drifting ||
               (until == Until::cap && runs_[i].fate == RunFate::moving);
    });
}

void Settling::follow_to_cap(Backend& exact, const std::vector<std::size_t>& which) {
    follow_through(exact, [&](std::size_t i) {
        return std::find(which.begin(), which.end(), i) != which.end() &&
               (runs_[i].fate == RunFate::drifting || runs_[i].fate == RunFate::moving);
    });
}

void Settling::follow_through(Backend& exact, const std::function<bool(std::size_t)>& is_active) {
    for (const int stage : stages) {
        std::vector<std::size_t> active;
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            if (runs_[i].lengths < stage && is_active(i)) {
                active.push_back(i);
            }
        }
        // Runs are always followed through the same stages, so active ones have equal lengths.
        if (!active.empty()) {
            follow_to(stage, active, exact);
        }
    }
}

void Settling::follow_to(int stage, const std::vector<std::size_t>& active, Backend& exact) {
    const int lengths = runs_[active.front()].lengths;
    SimulationRequest request;
    request.network = &model_;
    request.steps = (stage - lengths) * trial_steps_;
    request.states_at = sample_steps(0, request.steps, trial_steps_);
    request.inputs.assign(active.size(), nullptr);
    for (int window = 0; window < windows; ++window) {
        request.mean_rates.push_back(
            {window * request.steps / windows, (window + 1) * request.steps / windows});
    }
    for (const std::size_t i : active) {
        check(runs_[i].lengths == lengths, "runs are followed in step");
        const Eigen::VectorXd& state = runs_[i].state;
        request.initial_states.insert(request.initial_states.end(), state.data(),
                                      state.data() + state.size());
    }
    const SimulationResult result = exact.simulate({&request, 1}).front();

    const Eigen::Index units = dynamics_.units();
    const auto samples = static_cast<Eigen::Index>(request.states_at.size());
    for (std::size_t k = 0; k < active.size(); ++k) {
        FollowedRun& run = runs_[active[k]];
        run.lengths = stage;
        if (result.diverged_at[k] >= 0) {
            run.fate = RunFate::diverged;
            continue;
        }
        const Eigen::Map<const Eigen::MatrixXd> states(
            result.states.data() + static_cast<Eigen::Index>(k) * samples * units, units, samples);
        run.state = states.col(samples - 1);
        run.window_means = Eigen::Map<const Eigen::MatrixXd>(
            result.mean_rates.data() + static_cast<Eigen::Index>(k) * windows * units, units,
            windows);
        run.earlier_speed = run.later_speed;
        run.later_speed = rms_speed(dynamics_, states);
        judge(active[k]);
    }
}

std::string Settling::limits() const {
    return fmt::format("{}", fmt::join(notes_, " "));
}

double rms_speed(const Dynamics& dynamics, const Eigen::MatrixXd& states) {
    Eigen::VectorXd speeds(states.cols());
    for (Eigen::Index sample = 0; sample < states.cols(); ++sample) {
        speeds[sample] = rms(dynamics.velocity(states.col(sample)));
    }
    return rms(speeds);
}

}  // namespace shoal
