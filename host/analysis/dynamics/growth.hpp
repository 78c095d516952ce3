// SPDX-License-Identifier: MIT
// How frames of tangents grow along a run, and what long means say about it.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <deque>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/dynamics/tangent.hpp"
#include "core/random.hpp"

namespace shoal {

/// A run of the Euler map with a frame of tangents, which is orthonormalised by QR at the end of
/// every interval (Benettin et al. 1980; Shimada & Nagashima 1979): the logarithms of R's diagonal,
/// divided by the interval, are the growth rates whose long means are the Lyapunov exponents of the
/// map per unit of time. The first frame is drawn from (key, lyapunov_frame). `dynamics` must
/// outlive this.
class TangentGrowth {
  public:
    TangentGrowth(const Dynamics& dynamics, const Eigen::VectorXd& start, Eigen::Index count,
                  RandomKey key, int interval_steps);

    /// Runs on until this many intervals are recorded. False, and no further, if a number is not
    /// finite; a tangent that vanishes (a singular Jacobian) has the rate -infinity.
    bool extend_to(std::size_t intervals);

    std::size_t intervals() const { return traces_.size(); }
    /// Length of an interval, time.
    double interval() const { return interval_steps_ * dynamics_.dt(); }
    /// [tangent][interval], per unit of time.
    const std::vector<std::vector<double>>& rates() const { return rates_; }
    /// [interval]: mean trace of the flow's Jacobian, per unit of time.
    const std::vector<double>& traces() const { return traces_; }
    /// Largest ratio of R's diagonal elements in one interval, as a logarithm: a frame loses as
    /// many digits of its orthogonality.
    double largest_spread() const { return largest_spread_; }
    Eigen::VectorXd state() const { return stepper_.state(); }

    /// From now on keeps the slopes of tanh of the last `intervals` intervals.
    void keep_slopes(std::size_t intervals) { kept_intervals_ = intervals; }
    /// Those kept, [unit, step], up to now.
    Eigen::MatrixXd slopes() const;

  private:
    const Dynamics& dynamics_;
    int interval_steps_;
    TangentStepper stepper_;
    Eigen::VectorXd own_weights_;  ///< W's diagonal
    std::vector<std::vector<double>> rates_;
    std::vector<double> traces_;
    double largest_spread_ = 0.0;
    std::size_t kept_intervals_ = 0;
    std::deque<Eigen::MatrixXd> slopes_;
};

/// Steps of about one tau.
int tau_steps(const Dynamics& dynamics);

/// Mean weighted by exp(-1 / (s (1 - s))), s in (0, 1) over the values: on cycles and tori its
/// error falls faster than any power of their number, while the plain mean's boundary term falls as
/// 1 / number (Das, Saiki, Sander & Yorke 2017).
double birkhoff_mean(const double* values, std::size_t count);

/// Standard error of that mean of values[skip ...], from growth_batches batches treated the same
/// way. 0 where a value is infinite.
inline constexpr std::size_t growth_batches = 10;
double batch_error(const std::vector<double>& values, std::size_t skip);
/// 97.5 % quantile of Student's t with growth_batches - 1 degrees: a 95 % interval, in errors.
inline constexpr double exponent_student = 2.262;

/// Exponents that count as zero.
struct ZeroExponents {
    double floor = 1e-3;  ///< those within it, per tau
    double errors = 3.0;  ///< those within so many standard errors
};
/// Largest |lambda| that counts as zero, per time.
double exponent_resolution(double standard_error, double tau, const ZeroExponents& zero = {});

/// Longest run whose exponents are measured to tell a torus from chaos, tau.
inline constexpr double longest_run = 8000.0;

/// What is known of the signs of falling exponents.
struct ExponentSigns {
    int zeros = 0;          ///< within the floor, as their errors are
    int open = 0;           ///< 0 or not: within errors of 0 that are wider than the floor
    bool top_open = false;  ///< the largest is one of these
    bool positive = false;  ///< the largest is above 0
    /// Whether more than one may be 0 and it is open if there is chaos.
    bool undecided() const {
        return !positive && open > 0 && zeros + open >= 2 && (top_open || zeros < 2);
    }
};
ExponentSigns exponent_signs(const std::vector<double>& exponents,
                             const std::vector<double>& errors, double tau,
                             const ZeroExponents& zero = {});

/// Whether the signs would be decided by a run that is so many times longer, if the exponents stay
/// where they are: errors fall with its square root at least.
bool longer_run_decides(const std::vector<double>& exponents, const std::vector<double>& errors,
                        double tau, double times_longer);

}  // namespace shoal
