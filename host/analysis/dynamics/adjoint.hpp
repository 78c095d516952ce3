// SPDX-License-Identifier: MIT
// Learning signals: how far back the gradient of what happens at the end of a run reaches
// (host/MATHEMATICS.md, B.1).
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/linear/packed_matrix.hpp"
#include "core/random.hpp"

namespace shoal {

/// One run of the Euler map x(0) ... x(steps) with its Jacobians J_t = d x(t+1) / d x(t), held as
/// the slopes that they are made of (model/cell_columns.hpp). Float64.
class LinearizedRun {
  public:
    /// Runs from `start`. Column t of `input_drive` ([unit, step]; no columns: 0) is added to the
    /// constant drive of step t. `dynamics` must outlive this.
    LinearizedRun(const Dynamics& dynamics, const Eigen::VectorXd& start, int steps,
                  const Eigen::MatrixXd& input_drive = {});

    /// A run that somebody else made: slopes [unit, step] as TangentStepper::advance records them.
    LinearizedRun(const Dynamics& dynamics, Eigen::MatrixXd slopes, Eigen::VectorXd end_state);

    int steps() const { return static_cast<int>(slopes_.cols()); }
    const Dynamics& dynamics() const { return dynamics_; }
    /// x(steps).
    const Eigen::VectorXd& end_state() const { return end_state_; }

    /// J_t times every column of `tangents`.
    Eigen::MatrixXd forward(int t, const Eigen::MatrixXd& tangents) const;
    /// J_t' times every column of `adjoints`.
    Eigen::MatrixXd backward(int t, const Eigen::MatrixXd& adjoints) const;

  private:
    const Dynamics& dynamics_;
    PackedMatrix weights_;
    PackedMatrix transposed_;
    Eigen::MatrixXd slopes_;  ///< [unit, step]
    Eigen::VectorXd end_state_;
};

/// W_in u(t) of a series [time, input], as columns: what LinearizedRun adds.
Eigen::MatrixXd input_drive(const NetworkModel& model, std::span<const double> series, int steps);

/// d z_o / d x at state x, one column an output, scaled to length 1; a column of an output that
/// does not depend on x stays 0.
Eigen::MatrixXd readout_directions(const NetworkModel& model, const Eigen::VectorXd& x);

/// Norms of lambda(steps - lag), one row a lag, one column a direction, where lambda(steps) is the
/// direction and lambda(t) = J_t' lambda(t + 1). Lags rise, none above steps. Beyond the range of
/// doubles norms are 0 or infinite.
Eigen::MatrixXd adjoint_norms(const LinearizedRun& run, const Eigen::MatrixXd& directions,
                              std::span<const int> lags);

/// lambda(steps - lag) itself, for every direction.
Eigen::MatrixXd adjoints(const LinearizedRun& run, const Eigen::MatrixXd& directions, int lag);

/// Leading exponents of a run, per unit of time, in the order of the frame: falling, up to what a
/// short run leaves open.
struct RunExponents {
    std::vector<double> tangent;  ///< Lyapunov exponents: frames carried forward by J_t
    std::vector<double> adjoint;  ///< the same of frames carried backward by J_t'
};
/// From random frames of `count` columns, orthonormalised every tau; the first fifth of the way
/// (the last, backward) is skipped, and means are weighted as in lyapunov_exponents(). Both lists
/// tend to the Lyapunov exponents of the attractor as the run gets long. Runs of fewer than
/// least_exponent_steps() or that leave the range give NaN.
RunExponents run_exponents(const LinearizedRun& run, int count, RandomKey key);
/// Its adjoint half alone.
std::vector<double> adjoint_exponents(const LinearizedRun& run, int count, RandomKey key);
/// 10 tau.
int least_exponent_steps(const Dynamics& dynamics);

}  // namespace shoal
