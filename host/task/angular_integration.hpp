// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "task/task.hpp"

namespace shoal {

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
std::shared_ptr<const Task> make_angular_integration(const TaskConfig& task, const TimeSteps& time);

}  // namespace shoal
