// SPDX-License-Identifier: MIT
#include "analysis/attractors/slow_manifold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "analysis/attractors/path_merging.hpp"
#include "analysis/attractors/settling.hpp"
#include "analysis/dynamics/forgetting_prediction.hpp"
#include "analysis/dynamics/spectrum.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"
#include "records/limits.hpp"
#include "records/time_axes.hpp"

namespace shoal {

namespace {

constexpr int chunk_samples = 64;
constexpr double rest_move = 1e-5;  // in a trial, RMS: followed no longer

// RMS over units of dx/dt of every column.
Eigen::VectorXd speeds_of(const Dynamics& dynamics, const Eigen::MatrixXd& states) {
    const Eigen::MatrixXd drive =
        (dynamics.weights() * rates_of(dynamics, states)).colwise() + dynamics.drive();
    return (targets_of(dynamics.cell(), drive) - states).colwise().norm() /
           (dynamics.tau() * std::sqrt(static_cast<double>(states.rows())));
}

// Leading growth rates at a state; nothing if they cannot be had.
std::optional<std::vector<double>> growth_rates(const Dynamics& dynamics,
                                                const Eigen::VectorXd& x) {
    const auto flow = spectrum(dynamics.flow_jacobian(x));
    if (!flow) {
        return std::nullopt;
    }
    std::vector<double> rates;
    if (dynamics.is_map()) {
        for (const auto& value : euler_map(*flow, dynamics.dt()).eigenvalues) {
            rates.push_back(std::log(std::abs(value)) / dynamics.dt());
        }
    } else {
        for (const auto& value : flow->eigenvalues) {
            rates.push_back(value.real());
        }
    }
    return rates;
}

// Follows all paths and keeps what is looked at on the way.
class Followed {
  public:
    Followed(const NetworkModel& model, const MemoryStates& memories, Backend& exact)
        : model_(model),
          memories_(memories),
          exact_(exact),
          dynamics_(model),
          count_(std::ssize(memories.states) / model.units),
          trial_time_(memories.trial_steps * model.dt),
          stride_(std::gcd(std::max(1, static_cast<int>(std::lround(model.tau / model.dt))),
                           memories.delay_steps)),
          interval_(stride_ * model.dt),
          samples_(manifold_lengths * memories.trial_steps / stride_),
          recorded_(logarithmic_lags(samples_)),
          states_(Eigen::Map<const Eigen::MatrixXd>(memories.states.data(), model.units, count_)),
          rates_(rates_of(dynamics_, states_)),
          speeds_(speeds_of(dynamics_, states_)),
          merging_(static_cast<std::size_t>(count_)),
          predicted_(static_cast<std::size_t>(count_), FirstCrossing(answer_tolerance)),
          projected_(static_cast<std::size_t>(count_), FirstCrossing(0.5)) {
        manifold_.paths.resize(static_cast<std::size_t>(count_));
        kept_states_.resize(static_cast<std::size_t>(count_));
        for (std::size_t i = 0; i < manifold_.paths.size(); ++i) {
            manifold_.paths[i].memory = memories.memories.empty() ? -1 : memories.memories[i];
            manifold_.paths[i].measured_survival =
                memories.measured_survival.empty() ? -1.0 : memories.measured_survival[i];
        }
        choose_spectra();
        look(0);
    }

    SlowManifold run() {
        for (int done = 0; done < samples_ && advance(done);) {
            done = std::min(samples_, done + chunk_samples);
        }
        for (; next_record_ < recorded_.size(); ++next_record_) {
            record();  // all rest: nothing changes any more
        }
        finish();
        return std::move(manifold_);
    }

  private:
    // The first path of every memory.
    void choose_spectra() {
        for (std::size_t i = 0; i < manifold_.paths.size(); ++i) {
            const bool seen = std::any_of(chosen_.begin(), chosen_.end(), [&](std::size_t other) {
                return manifold_.paths[other].memory == manifold_.paths[i].memory;
            });
            if (memories_.memories.empty() ? i < 2 : !seen) {
                chosen_.push_back(i);
            }
        }
        chosen_.resize(std::min<std::size_t>(chosen_.size(), manifold_spectra / 3));
    }

    bool at_rest(Eigen::Index i) const { return !(speeds_[i] * trial_time_ >= rest_move); }

    // Runs on by one chunk; false when every path rests (or has left the range).
    bool advance(int done) {
        std::vector<Eigen::Index> active;
        for (Eigen::Index i = 0; i < count_; ++i) {
            if (!at_rest(i)) {
                active.push_back(i);
            }
        }
        if (active.empty()) {
            return false;
        }
        const int samples = std::min(samples_ - done, chunk_samples);
        SimulationRequest request;
        request.network = &model_;
        request.steps = samples * stride_;
        request.inputs.assign(active.size(), nullptr);
        for (int sample = 1; sample <= samples; ++sample) {
            request.states_at.push_back(sample * stride_);
        }
        for (const Eigen::Index i : active) {
            request.initial_states.insert(request.initial_states.end(), states_.col(i).data(),
                                          states_.col(i).data() + states_.rows());
        }
        const SimulationResult result = exact_.simulate({&request, 1}).front();
        const Eigen::Map<const Eigen::MatrixXd> all(
            result.states.data(), states_.rows(),
            static_cast<Eigen::Index>(active.size()) * samples);
        const Eigen::MatrixXd rates = rates_of(dynamics_, all);
        const Eigen::VectorXd speeds = speeds_of(dynamics_, all);
        for (int sample = 0; sample < samples; ++sample) {
            for (std::size_t k = 0; k < active.size(); ++k) {
                const Eigen::Index from = static_cast<Eigen::Index>(k) * samples + sample;
                const bool diverged =
                    result.diverged_at[k] >= 0 && result.diverged_at[k] < (sample + 1) * stride_;
                move(active[k], all.col(from), rates.col(from), diverged ? nan : speeds[from]);
            }
            look(done + sample + 1);
        }
        return true;
    }

    void move(Eigen::Index i, const Eigen::VectorXd& state, const Eigen::VectorXd& rates,
              double speed) {
        ManifoldPath& path = manifold_.paths[static_cast<std::size_t>(i)];
        if (!std::isfinite(speed)) {
            states_.col(i).setConstant(nan);
            rates_.col(i).setConstant(nan);
            speeds_[i] = nan;
            return;
        }
        const double units = std::sqrt(static_cast<double>(states_.rows()));
        path.length += 0.5 * (speeds_[i] + speed) * units * interval_;  // trapezoid
        path.followed += interval_;
        states_.col(i) = state;
        rates_.col(i) = rates;
        speeds_[i] = speed;
    }

    void look(int sample) {
        const double time = sample * interval_;
        merging_.see(time, rates_);
        if (sample * stride_ == memories_.delay_steps) {
            begin_predictions();
        }
        if (sample * stride_ >= memories_.delay_steps) {
            for (Eigen::Index i = 0; i < count_; ++i) {
                const auto at = static_cast<std::size_t>(i);
                if (gradients_.cols() > 0) {
                    predicted_[at].see(
                        time, std::abs(gradients_.col(i).dot(states_.col(i) - nominal_.col(i))));
                }
                if (axes_) {
                    projected_[at].see(time,
                                       axes_->progress(rates_.col(i), memories_.memories[at]));
                }
            }
        }
        if (next_record_ < recorded_.size() && recorded_[next_record_] == sample) {
            record();
            ++next_record_;
        }
    }

    void begin_predictions() {
        nominal_ = states_;
        if (!memories_.memories.empty()) {
            axes_.emplace(rates_, memories_.memories);
        }
        if (!memories_.rest.empty()) {
            gradients_ = answer_gradients(model_, dynamics_, states_, memories_.rest,
                                          memories_.rest_steps, memories_.answer);
            if (!gradients_.allFinite()) {
                add_limit(manifold_.limits,
                          "The linearised answer of some conditions is not finite.");
            }
        }
    }

    void record() {
        // |F|_2; of a map F is the displacement of one step.
        const double scale = std::sqrt(static_cast<double>(states_.rows())) *
                             (dynamics_.is_map() ? dynamics_.dt() : 1.0);
        manifold_.times.push_back(recorded_[next_record_] * interval_);
        const std::vector<double> nearest = merging_.nearest();
        for (std::size_t i = 0; i < manifold_.paths.size(); ++i) {
            manifold_.paths[i].speeds.push_back(scale * speeds_[static_cast<Eigen::Index>(i)]);
            manifold_.paths[i].nearest.push_back(nearest[i]);
        }
        for (const std::size_t i : chosen_) {
            kept_states_[i].emplace_back(states_.col(static_cast<Eigen::Index>(i)));
        }
    }

    void finish() {
        const std::vector<int> groups = merging_.groups();
        manifold_.merge_times = merging_.merge_times();
        manifold_.ends = 1 + *std::max_element(groups.begin(), groups.end());
        summarise_merging();
        int moving = 0;
        int diverged = 0;
        for (std::size_t i = 0; i < manifold_.paths.size(); ++i) {
            ManifoldPath& path = manifold_.paths[i];
            const double speed = speeds_[static_cast<Eigen::Index>(i)];
            path.rests = speed * trial_time_ < VerdictThresholds{}.settled_move;
            diverged += std::isfinite(speed) ? 0 : 1;
            moving += std::isfinite(speed) && !path.rests ? 1 : 0;
            path.end_point = path.rests ? end_point(i) : -1;
            const double nominal = memories_.delay_steps * model_.dt;
            path.predicted_survival = extra(predicted_[i].time(), nominal);
            path.projected_survival = extra(projected_[i].time(), nominal);
            if (std::find(chosen_.begin(), chosen_.end(), i) != chosen_.end()) {
                look_at_spectra(i);
            }
        }
        manifold_.rates_per_time =
            static_cast<int>(std::min<Eigen::Index>(manifold_rates, states_.rows()));
        if (moving > 0) {
            add_limit(manifold_.limits,
                      fmt::format("{} of {} paths still move after {} trial lengths.", moving,
                                  count_, manifold_lengths));
        }
        if (diverged > 0) {
            add_limit(manifold_.limits,
                      fmt::format("{} of {} paths left the range of numbers.", diverged, count_));
        }
        add_limit(manifold_.limits,
                  fmt::format("Spectra along {} of {} paths, at most {} times each.",
                              chosen_.size(), count_, manifold_spectra / chosen_.size()));
    }

    static double extra(double time, double nominal) {
        return time < 0.0 ? -1.0 : std::max(0.0, time - nominal);
    }

    void summarise_merging() {
        manifold_.all_merged = count_ > 1 ? 0.0 : -1.0;
        std::size_t pair = 0;
        for (std::size_t i = 0; i < manifold_.paths.size(); ++i) {
            for (std::size_t j = i + 1; j < manifold_.paths.size(); ++j, ++pair) {
                const double time = manifold_.merge_times[pair];
                const auto earlier = [time](double& first) {
                    first = time >= 0.0 && (first < 0.0 || time < first) ? time : first;
                };
                earlier(manifold_.first_merge);
                if (manifold_.paths[i].memory != manifold_.paths[j].memory) {
                    earlier(manifold_.first_confusion);
                }
                const double all = manifold_.all_merged;
                manifold_.all_merged = all < 0.0 || time < 0.0 ? -1.0 : std::max(all, time);
            }
        }
    }

    int end_point(std::size_t i) const {
        int nearest = -1;
        double least = distinct_distance;
        for (std::size_t point = 0; point < memories_.points.size(); ++point) {
            const double distance = rms(dynamics_.rates(memories_.points[point]) -
                                        rates_.col(static_cast<Eigen::Index>(i)));
            if (distance <= least) {
                least = distance;
                nearest = static_cast<int>(point);
            }
        }
        return nearest;
    }

    // Spread evenly over the recorded times up to the first at which the path rests.
    void look_at_spectra(std::size_t i) {
        ManifoldPath& path = manifold_.paths[i];
        const std::vector<Eigen::VectorXd>& states = kept_states_[i];
        std::size_t last = 0;
        while (last + 1 < states.size() && manifold_.times[last] < path.followed) {
            ++last;
        }
        const std::size_t wanted =
            std::min<std::size_t>(last + 1, manifold_spectra / chosen_.size());
        for (std::size_t k = 0; k < wanted; ++k) {
            const std::size_t at = wanted == 1 ? 0 : k * last / (wanted - 1);
            const auto rates = growth_rates(dynamics_, states[at]);
            if (!rates) {
                continue;
            }
            const SpectralGap gap = spectral_gap(*rates, trial_time_);
            const auto kept = std::min<std::size_t>(manifold_rates, rates->size());
            path.spectrum_times.push_back(manifold_.times[at]);
            path.growth_rates.insert(path.growth_rates.end(), rates->begin(),
                                     rates->begin() + static_cast<std::ptrdiff_t>(kept));
            path.gaps.push_back(gap.ratio);
            path.dimensions.push_back(gap.dimension);
        }
    }

    const NetworkModel& model_;
    const MemoryStates& memories_;
    Backend& exact_;
    Dynamics dynamics_;
    Eigen::Index count_;
    double trial_time_;
    int stride_;       // steps from one look to the next
    double interval_;  // the same in time
    int samples_;
    std::vector<int> recorded_;  // samples that are kept
    std::size_t next_record_ = 0;
    Eigen::MatrixXd states_;  // now, one column a path; NaN once diverged
    Eigen::MatrixXd rates_;
    Eigen::VectorXd speeds_;  // RMS over units
    PathMerging merging_;
    Eigen::MatrixXd nominal_;    // states at the nominal end of the delay
    Eigen::MatrixXd gradients_;  // of the answer there; no columns: not asked for
    std::optional<MemoryAxes> axes_;
    std::vector<FirstCrossing> predicted_;
    std::vector<FirstCrossing> projected_;
    std::vector<std::size_t> chosen_;  // paths whose spectra are looked at
    std::vector<std::vector<Eigen::VectorXd>> kept_states_;
    SlowManifold manifold_;
};

}  // namespace

SlowManifold slow_manifold(const NetworkModel& model, const MemoryStates& memories,
                           Backend& exact) {
    check(exact.precision() == Precision::fp64, "an exact backend in float64");
    check(memories.trial_steps > 0 && memories.delay_steps > 0, "a trial with a delay");
    check(!memories.states.empty(), "a memory to follow");
    return Followed(model, memories, exact).run();
}

SpectralGap spectral_gap(std::span<const double> rates, double trial_time) {
    SpectralGap best;
    double slow = 1.0 / trial_time;
    for (std::size_t k = 0; k < rates.size(); ++k) {
        const double ratio = -rates[k] / slow;
        if (ratio > best.ratio) {
            best = {static_cast<int>(k), ratio};
        }
        slow = std::max(slow, std::abs(rates[k]));
    }
    if (!(best.ratio >= 1.0)) {
        best.dimension = static_cast<int>(rates.size());
    }
    return best;
}

}  // namespace shoal
