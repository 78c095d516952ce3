// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "task/one_type_task.hpp"
#include "task/steps.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t noise_row = 0, rest_row = 1;
constexpr double tolerance = std::numbers::pi / 8;

/// Velocities of trials. Times inside are in units of smoothness.
struct Velocity {
    double speed, moving_share;

    static constexpr int reach = 9;  // points on either side

    /// v at times i * spacing, i = 0 ... count - 1.
    std::vector<double> draw(const TrialNumbers& numbers, double spacing, std::size_t count) const {
        const auto last = static_cast<std::size_t>(2.0 * spacing * static_cast<double>(count));
        std::vector<double> noise(last + 2 * reach);
        for (std::size_t k = 0; k < noise.size(); ++k) {
            noise[k] = standard_normal(numbers.bits(noise_row, k));
        }
        // Makes the variance speed^2: the squares of the weights sum to sqrt(2 pi).
        const double height = speed / std::sqrt(std::sqrt(2.0 * std::numbers::pi));
        std::vector<double> velocity(count);
        for (std::size_t i = 0; i < count; ++i) {
            const double time = static_cast<double>(i) * spacing;
            const auto stretch = static_cast<std::size_t>(time);
            if (uniform01(numbers.bits(rest_row, stretch)) >= moving_share) {
                continue;
            }
            const auto point = static_cast<std::size_t>(2.0 * time);
            const double beyond = 2.0 * time - static_cast<double>(point);
            double sum = 0.0;
            for (int k = 0; k < 2 * reach; ++k) {
                const double distance = 0.5 * (k - (reach - 1) - beyond);
                sum += std::exp(-distance * distance) * noise[point + static_cast<std::size_t>(k)];
            }
            velocity[i] = height * sum;
        }
        return velocity;
    }
};

/// Share of steps at which angle 0 is right.
double chance_of_rest(const Velocity& velocity, double smoothness, double duration, double dt) {
    const double spacing = std::max(dt / smoothness, 0.1);
    const auto points =
        std::max(std::size_t{1}, static_cast<std::size_t>(duration / smoothness / spacing));
    const std::size_t trials =
        std::clamp(std::size_t{1'000'000} / points, std::size_t{16}, std::size_t{1000});
    std::size_t right = 0;
    for (std::size_t trial = 0; trial < trials; ++trial) {
        const TrialNumbers numbers({0, 0}, Purpose::task_choice, static_cast<int>(trial));
        double angle = 0.0;
        for (const double v : velocity.draw(numbers, spacing, points)) {
            angle += v * spacing * smoothness;
            right += std::cos(angle) > std::cos(tolerance) ? 1 : 0;
        }
    }
    return static_cast<double>(right) / static_cast<double>(trials * points);
}

class AngularIntegration final : public OneTypeTask {
  public:
    AngularIntegration(const TaskConfig& task, double dt, int steps)
        : OneTypeTask({1, 2, steps}, {0, steps}, task.noise),
          velocity_{task.speed, task.moving_share},
          dt_(dt),
          spacing_(dt / task.smoothness),
          chance_(chance_of_rest(velocity_, task.smoothness, task.duration, dt)) {}

    SuccessRule success() const override {
        return {"angle of the outputs within pi/8 of the true one, at every step", chance_, 0.95};
    }

    double score(const Trial& trial, std::span<const double> z) const override {
        double right = 0.0;
        for (std::size_t at = 0; at < z.size(); at += 2) {
            const double along = z[at] * trial.targets[at] + z[at + 1] * trial.targets[at + 1];
            right += along > std::cos(tolerance) * std::hypot(z[at], z[at + 1]) ? 1.0 : 0.0;
        }
        return right / static_cast<double>(steps());
    }

  protected:
    void draw(const TrialNumbers& numbers, Trial& out) const override {
        const auto velocity = velocity_.draw(numbers, spacing_, steps());
        double angle = 0.0;
        for (std::size_t t = 0; t < steps(); ++t) {
            out.inputs[t] = velocity[t];
            angle += dt_ * velocity[t];
            out.targets[2 * t] = std::cos(angle);
            out.targets[2 * t + 1] = std::sin(angle);
        }
        std::fill(out.mask.begin(), out.mask.end(), std::uint8_t{1});
    }

  private:
    Velocity velocity_;
    double dt_;
    double spacing_;  // of steps, in units of smoothness
    double chance_;
};

}  // namespace

/// Angular integration (head direction): one input, an angular velocity v; two outputs, cosine and
/// sine of the angle. The angle starts at 0 and is theta(t) = theta(t - 1) + dt v(t): targets of a
/// step count its velocity. The mask is 1 everywhere.
///
/// v is a stationary Gaussian process of mean 0, standard deviation `speed` and correlation
/// exp(-d^2 / (2 smoothness^2)) at distance d, at rest (0) in some stretches of time: a trial is
/// cut into stretches of length `smoothness`, and in each, independently, v moves with probability
/// moving_share. The process is white noise on points smoothness / 2 apart, smoothed by a Gaussian
/// of width smoothness / sqrt(2) over the 18 nearest points. Its covariance is wrong by below
/// 1e-8 speed^2: 2 exp(-2 pi^2) = 5e-9 by the coarse points, exp(-4.5^2) = 2e-9 by the cut.
///
/// A decision is one step; it is right if the angle of the outputs is within pi/8 of the true one.
/// Given when it moves, the angle at each step is a Gaussian of mean 0, so that the best answer
/// without the input is 0 throughout. Chance is how often that is right, measured when the task is
/// made over up to 1000 trials of its own, with ten points per `smoothness`: standard error at most
/// 0.016 in trials of up to 100 smoothness.
std::shared_ptr<const Task> make_angular_integration(const TaskConfig& task,
                                                     const TimeSteps& time) {
    if (task.smoothness < time.dt) {
        throw usage_error(fmt::format("task.smoothness: {} is shorter than a step, network.dt = {}",
                                      task.smoothness, time.dt));
    }
    const int steps = steps_of(task.duration, time.dt, "task.duration");
    return std::make_shared<AngularIntegration>(task, time.dt, steps);
}

}  // namespace shoal
