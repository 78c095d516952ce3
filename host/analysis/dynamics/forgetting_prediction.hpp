// SPDX-License-Identifier: MIT
// What a network would answer if its delay ended later, predicted from the path alone (ours).
//
// Linearised: let the rest of the trial (second stimulus, second delay, response) take the state x
// at the end of the delay to the answer A(x). With g = dA/dx at the nominal end x(D), from the
// adjoint of that rest,
//   A(x(t)) - A(x(D)) ~ g . (x(t) - x(D)),
// and the memory is predicted lost when this is first larger than what forgetting tests allow, 0.1.
// It is right while the drift is small, and too pessimistic or optimistic where the answer
// saturates.
//
// Projected: with m_k the mean over conditions that hold memory k of the rates at the nominal end,
// the memory k of a path is lost when its rates are nearer m_j than m_k along m_j - m_k for a j:
//   (r(t) - m_k) . (m_j - m_k) / |m_j - m_k|^2 > 1/2.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "model/network.hpp"

namespace shoal {

/// Change of the answer that is a failure (A.10).
inline constexpr double answer_tolerance = 0.1;

/// d z_o(end) / d x(start), one column a condition, of the Euler map run from every column of
/// `starts` over `steps` steps with that condition's inputs, rest[condition] -> [time, input]. Two
/// passes over W and its transpose a step for every four conditions: N = 200, 250 steps, 16
/// conditions: about 0.1 s. Columns that leave the range are not finite.
Eigen::MatrixXd answer_gradients(const NetworkModel& model, const Dynamics& dynamics,
                                 const Eigen::MatrixXd& starts,
                                 const std::vector<const double*>& rest, int steps, int output);

/// When a series first rises above a level; linear between samples.
class FirstCrossing {
  public:
    explicit FirstCrossing(double level) : level_(level) {}
    /// Times rise. Values that are no numbers are below every level.
    void see(double time, double value);
    /// -1: it never has.
    double time() const { return crossed_; }

  private:
    double level_;
    double last_time_ = 0.0;
    double last_value_ = 0.0;
    double crossed_ = -1.0;
    bool seen_ = false;
};

/// Mean rates of the conditions that hold each memory, and how far from its own towards another a
/// state is.
class MemoryAxes {
  public:
    /// rates: one column a condition, memories[condition].
    MemoryAxes(const Eigen::MatrixXd& rates, const std::vector<int>& memories);
    /// Largest share of the way from the mean of `memory` to another's, as above; 0 with one
    /// memory.
    double progress(const Eigen::VectorXd& rates, int memory) const;

  private:
    std::vector<int> memories_;
    std::vector<Eigen::VectorXd> means_;
};

}  // namespace shoal
