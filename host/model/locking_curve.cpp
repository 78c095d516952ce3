// SPDX-License-Identifier: MIT
#include "model/locking_curve.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numbers>

#include "core/error.hpp"

namespace shoal {
namespace {

using std::numbers::pi;

// L(alpha) = s P(s) with s = (alpha - 1) / (alpha + 1), P a Chebyshev series over 0 <= s <= 9/11:
// the interpolant of L / s at 48 Chebyshev nodes, cut where its terms fall below 3e-10. L at a node
// is the largest angle between the vectors v and tanh(v), v = A (cos psi, sin psi), over 0 < psi <
// pi/2, where A is the positive root of alpha |tanh(v)| = |v|.
constexpr std::array<double, 18> series = {
    7.49506374641342066e-01,  3.02729748510520945e-02,  -1.38332283815327615e-02,
    -5.42634973487174615e-04, 1.47689302875437037e-03,  2.57300543499286449e-04,
    -9.19945759468130693e-05, -3.35453900961038415e-05, 8.76784707940583671e-06,
    7.06020327195554748e-06,  6.32589889369527172e-07,  -7.57642271867992545e-07,
    -2.63761103977305719e-07, 4.31967005658995389e-08,  5.31189841919174253e-08,
    1.10497989444085909e-08,  -3.54059337531477812e-09, -2.47657699588508542e-09};

/// Distribution function of alpha at equally spaced places, by the trapezoidal rule.
class AlphaDistribution {
  public:
    AlphaDistribution() {
        for (std::size_t i = 1; i < function_.size(); ++i) {
            function_[i] = function_[i - 1] + density(place(i - 1)) + density(place(i));
        }
        for (double& value : function_) {
            value /= function_.back();
        }
    }
    /// alpha where the distribution function is `p`, linear between two places.
    double inverse(double p) const {
        const auto above = std::upper_bound(function_.begin() + 1, function_.end() - 1, p);
        const auto i = static_cast<std::size_t>(above - function_.begin());
        const double part = (p - function_[i - 1]) / (function_[i] - function_[i - 1]);
        return place(i - 1) + part * (place(i) - place(i - 1));
    }

  private:
    static double density(double alpha) { return 1.0 - 4.0 * locking_angle(alpha) / pi; }
    static double place(std::size_t i) {
        const double part = static_cast<double>(i) / static_cast<double>(cells);
        return least_alpha + part * (largest_alpha - least_alpha);
    }
    static constexpr std::size_t cells = 4096;
    std::array<double, cells + 1> function_ = {};
};

}  // namespace

double locking_angle(double alpha) {
    check(alpha >= 1.0 && alpha <= largest_alpha, "locking_angle: 1 <= alpha <= 10");
    const double s = (alpha - 1.0) / (alpha + 1.0);
    const double x = s * (22.0 / 9.0) - 1.0;
    // Clenshaw's recurrence.
    double b1 = 0.0;
    double b2 = 0.0;
    for (std::size_t i = series.size() - 1; i > 0; --i) {
        const double b0 = 2.0 * x * b1 - b2 + series[i];
        b2 = b1;
        b1 = b0;
    }
    return s * (x * b1 - b2 + series[0]);
}

TurningPair turning_pair(double radius, double angle) {
    static const AlphaDistribution distribution;
    TurningPair pair;
    pair.alpha = distribution.inverse(radius);
    const double locking = locking_angle(pair.alpha);
    const bool upper = angle >= 0.5;
    const double part = 2.0 * angle - (upper ? 1.0 : 0.0);
    pair.theta = (upper ? pi / 2 : 0.0) + locking + part * (pi / 2 - 2.0 * locking);
    return pair;
}

}  // namespace shoal
