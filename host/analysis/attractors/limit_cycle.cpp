// SPDX-License-Identifier: MIT
#include "analysis/attractors/limit_cycle.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/dynamics/tangent.hpp"
#include "analysis/linear/eigen_solvers.hpp"
#include "analysis/linear/frame.hpp"
#include "core/numbers.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

constexpr int rounds_limit = 40;
constexpr int warm_rounds = 3;            // around the orbit before the first Newton step
constexpr int stalled_rounds = 5;         // without halving the residual: given up
constexpr int polish_rounds = 16;         // after the last, in a subspace
constexpr Eigen::Index first_width = 11;  // with the state three passes over W
constexpr double slow_multiplier = 0.3;   // plain iteration must contract faster than that
constexpr double aim = 1e-11;             // residual, of the state's size
constexpr double enough = 1e-9;
constexpr double turn_tolerance = 1e-6;    // radians that an invariant subspace may turn
constexpr double small_multiplier = 1e-3;  // below, directions need not be resolved
constexpr double coarse_aim = 1e-6;        // residual from which on steps are short
constexpr double modulus_tolerance = 1e-6;

// Steps between orthonormalisations. A stable Runge-Kutta step shrinks no direction but by chance
// to less than a quarter, so that 10 cost a frame 6 digits; a map's may make a direction vanish.
constexpr int flow_stretch = 10;
constexpr int map_stretch = 1;

// One way around from (x, T): where it ends and what becomes of the basis.
struct Round {
    Eigen::VectorXd end;
    CarriedFrame carried;
};

// Residuals round by round: whether Newton's method still comes closer.
class Residuals {
  public:
    void add(double residual, int round) {
        const bool halved = residual < 0.5 * best_;
        stalled_ = halved || round <= warm_rounds ? 0 : stalled_ + 1;
        best_ = std::min(best_, residual);
    }
    bool is_stalled() const { return stalled_ >= stalled_rounds; }

  private:
    double best_ = infinity;
    int stalled_ = 0;
};

class Shooting {
  public:
    Shooting(const Dynamics& dynamics, Eigen::VectorXd state, double period)
        : dynamics_(dynamics), state_(std::move(state)), period_(period), guessed_(period) {
        const Eigen::Index units = dynamics.units();
        set_width(units <= cycle_full_units ? units : first_width);
    }

    RefinedCycle refine();

  private:
    bool is_full() const { return basis_.cols() == dynamics_.units(); }
    int steps() const;
    void set_width(Eigen::Index width);
    Round once_around(const Eigen::MatrixXd& basis, int refinement) const;
    /// Takes in what the basis became; false: numbers that are not finite.
    bool set_round(Round round);
    void turn_basis(int round);
    /// Newton step in (x, T) for the residual `off`; the last element is that of T.
    Eigen::VectorXd newton_step(const Eigen::VectorXd& off) const;
    void take_step(Eigen::VectorXd step);
    /// Rounds until (x, T) is a cycle or will not become one; true: it is.
    bool close();
    void find_least_period(double tolerance);
    bool is_orbit() const;
    bool multipliers_are_known() const;
    void widen_for_multipliers();
    void take_multipliers(RefinedCycle& cycle) const;

    const Dynamics& dynamics_;
    Eigen::VectorXd state_;
    double period_;
    const double guessed_;       ///< the period to begin with
    int rounds_ = 0;             ///< done before the last one
    double residual_ = 0.0;      ///< of the last one
    bool is_coarse_ = true;      ///< steps of dt and not yet of dt / 2
    Eigen::MatrixXd basis_;      ///< orthonormal columns
    CarriedFrame carried_{{}};   ///< what M makes of the basis
    Eigen::MatrixXd projected_;  ///< basis' M basis
};

int Shooting::steps() const {
    if (dynamics_.is_map()) {
        return std::max(1, static_cast<int>(std::lround(period_ / dynamics_.dt())));
    }
    const double per_step = is_coarse_ ? 1.0 : 2.0;
    return std::max(256, static_cast<int>(std::ceil(per_step * period_ / dynamics_.dt())));
}

void Shooting::set_width(Eigen::Index width) {
    const Eigen::Index units = dynamics_.units();
    if (width >= units) {
        basis_ = Eigen::MatrixXd::Identity(units, units);
        return;
    }
    Eigen::MatrixXd wider = random_frame({}, units, width);
    if (basis_.cols() > 0) {
        wider.leftCols(basis_.cols()) = basis_;
    }
    orthonormalize(wider);
    basis_ = std::move(wider);
}

Round Shooting::once_around(const Eigen::MatrixXd& basis, int refinement) const {
    TangentStepper stepper(dynamics_, state_, basis);
    CarriedFrame carried(basis);
    const int count = refinement * steps();
    const int stretch = dynamics_.is_map() ? map_stretch : flow_stretch;
    for (int done = 0; done < count;) {
        const int now = std::min(stretch, count - done);
        if (dynamics_.is_map()) {
            stepper.advance(now);
        } else {
            stepper.advance_flow(now, period_ / count);
        }
        done += now;
        if (basis.cols() > 0) {
            carried.extend(stepper.tangents());
            stepper.set_tangents(carried.end());
        }
    }
    return {stepper.state(), std::move(carried)};
}

bool Shooting::set_round(Round round) {
    carried_ = std::move(round.carried);
    projected_ = basis_.transpose() * carried_.end() * carried_.product();
    return projected_.allFinite() && round.end.allFinite();
}

Eigen::VectorXd Shooting::newton_step(const Eigen::VectorXd& off) const {
    const Eigen::Index width = basis_.cols();
    const Eigen::VectorXd inside = basis_.transpose() * off;
    const Eigen::VectorXd outside = off - basis_ * inside;
    const Eigen::Index unknowns = width + (dynamics_.is_map() ? 0 : 1);
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(unknowns, unknowns);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(unknowns);
    matrix.topLeftCorner(width, width) = projected_ - Eigen::MatrixXd::Identity(width, width);
    right.head(width) = -inside;
    if (!dynamics_.is_map()) {
        const Eigen::VectorXd velocity = dynamics_.velocity(state_);
        const Eigen::VectorXd seen = basis_.transpose() * velocity;
        matrix.col(width).head(width) = seen;
        matrix.row(width).head(width) = seen.transpose();
        right[width] = -velocity.dot(outside);
    }
    const Eigen::VectorXd solved = Eigen::FullPivLU<Eigen::MatrixXd>(matrix).solve(right);
    Eigen::VectorXd step = Eigen::VectorXd::Zero(dynamics_.units() + 1);
    step.head(dynamics_.units()) = basis_ * solved.head(width) + outside;
    if (!dynamics_.is_map()) {
        step[dynamics_.units()] = solved[width];
    }
    return step;
}

// A fixed point passes every test of return; it does not move.
bool Shooting::is_orbit() const {
    if (dynamics_.is_map()) {
        return steps() > 1 &&
               rms(dynamics_.step(state_) - state_) > 1e-6 * std::max(1.0, rms(state_));
    }
    return rms(dynamics_.velocity(state_)) * period_ > 1e-6 * std::max(1.0, rms(state_));
}

// Whether the leading directions have turned enough for all multipliers that matter.
bool Shooting::multipliers_are_known() const {
    const auto known = product_spectrum(basis_, carried_, turn_tolerance).eigenvalues;
    return !known.empty() && (std::ssize(known) == basis_.cols() ||
                              known.back().log_modulus <= std::log(small_multiplier));
}

// On the way to the cycle the leading subspace is enough; its multipliers may be had of the whole.
void Shooting::widen_for_multipliers() {
    const auto units = static_cast<double>(dynamics_.units());
    const double products = dynamics_.is_map() ? steps() : 4.0 * steps();
    if (!is_full() && products * units * units * units <= cycle_full_work) {
        set_width(dynamics_.units());
        set_round(once_around(basis_, 1));
    }
}

void Shooting::take_multipliers(RefinedCycle& cycle) const {
    ProductSpectrum spectrum = product_spectrum(basis_, carried_, turn_tolerance);
    cycle.multipliers = std::move(spectrum.eigenvalues);
    if (!spectrum.parted) {
        add_limit(
            cycle.limits,
            "Small multipliers are not resolved: their moduli did not part from larger ones.");
    }
    if (std::ssize(cycle.multipliers) < dynamics_.units()) {
        add_limit(cycle.limits, fmt::format("Multipliers given: the largest {} of {}.",
                                            cycle.multipliers.size(), dynamics_.units()));
    }
    auto trivial = cycle.multipliers.end();
    if (!dynamics_.is_map()) {
        const auto off = [](const ProductEigenvalue& mu) { return std::abs(mu.value - 1.0); };
        trivial = std::min_element(cycle.multipliers.begin(), cycle.multipliers.end(),
                                   [&](const auto& a, const auto& b) { return off(a) < off(b); });
        const bool known = trivial != cycle.multipliers.end();
        cycle.trivial_error = known ? off(*trivial) : infinity;
        if (cycle.trivial_error > modulus_tolerance) {
            add_limit(cycle.limits,
                      fmt::format("The multiplier along the velocity, which is 1, came out {}: "
                                  "multipliers and stability are known no better.",
                                  known ? fmt::format("off by {:.2g}", cycle.trivial_error)
                                        : std::string("not at all")));
        }
    }
    for (auto at = cycle.multipliers.begin(); at != cycle.multipliers.end(); ++at) {
        const double beyond = std::abs(at->value) - 1.0;
        cycle.unstable += at != trivial && beyond > modulus_tolerance ? 1 : 0;
        cycle.neutral += at != trivial && std::abs(beyond) <= modulus_tolerance ? 1 : 0;
    }
}

// Turns the basis towards the leading directions, and widens it where plain iteration on the rest
// would be slow.
void Shooting::turn_basis(int round) {
    const bool slow =
        round == warm_rounds && projected_.eigenvalues().cwiseAbs().minCoeff() > slow_multiplier;
    basis_ = carried_.end();
    if (slow) {
        set_width(2 * basis_.cols() + 1);
    }
}

// A step longer than the orbit is wide, or than a tenth of the period, is not to be trusted.
void Shooting::take_step(Eigen::VectorXd step) {
    const Eigen::Index units = dynamics_.units();
    const double width = rms(dynamics_.velocity(state_)) * period_;
    const double longest = std::max(rms(step.head(units)) / std::max(0.2 * width, 1e-12),
                                    std::abs(step[units]) / (0.1 * guessed_));
    step /= std::max(1.0, longest);
    state_ += step.head(units);
    period_ += step[units];
}

// Maps: the least number of steps after which the orbit closes.
void Shooting::find_least_period(double tolerance) {
    const int all = steps();
    Eigen::VectorXd x = state_;
    for (int step = 1; 2 * step <= all; ++step) {
        x = dynamics_.step(x);
        if (all % step == 0 && rms(x - state_) <= tolerance) {
            period_ = step * dynamics_.dt();
            set_round(once_around(basis_, 1));
            return;
        }
    }
}

bool Shooting::close() {
    bool returned = false;
    Residuals residuals;
    for (int polished = 0; rounds_ < rounds_limit; ++rounds_) {
        if (!is_full() && rounds_ > 0) {
            turn_basis(rounds_);
        }
        Round around = once_around(basis_, 1);
        const Eigen::VectorXd off = around.end - state_;
        residual_ = rms(off);
        residuals.add(residual_, rounds_);
        const double size = std::max(1.0, rms(state_));
        returned = residual_ <= enough * size;
        if (!set_round(std::move(around)) || (residuals.is_stalled() && !returned)) {
            return returned;
        }
        // In a subspace further rounds turn its directions.
        const bool done = !is_coarse_ && residual_ <= aim * size;
        if (done && (is_full() || ++polished > polish_rounds || multipliers_are_known())) {
            return true;
        }
        is_coarse_ = is_coarse_ && residual_ > coarse_aim * size;
        if (!is_full() && rounds_ < warm_rounds) {
            state_ += off;
            continue;
        }
        const Eigen::VectorXd step = newton_step(off);
        if (!step.allFinite()) {
            return false;
        }
        if (rounds_ + 1 < rounds_limit) {
            take_step(step);
        }
    }
    return returned;
}

RefinedCycle Shooting::refine() {
    RefinedCycle cycle;
    const bool returned = close();
    cycle.residual = residual_;
    if (returned && dynamics_.is_map()) {
        find_least_period(enough * std::max(1.0, rms(state_)));
    }
    cycle.state = state_;
    cycle.period = dynamics_.is_map() ? steps() * dynamics_.dt() : period_;
    cycle.converged = returned && state_.allFinite() && period_ > 0.0 && is_orbit();
    if (!cycle.converged) {
        cycle.limits = fmt::format("No cycle near period {:.6g}: off by {:.2g} after {} rounds.",
                                   guessed_, cycle.residual, rounds_);
        return cycle;
    }
    if (!dynamics_.is_map()) {
        const Eigen::MatrixXd none(dynamics_.units(), 0);
        cycle.period_error =
            std::abs(newton_step(once_around(none, 2).end - state_)[dynamics_.units()]);
    }
    widen_for_multipliers();
    take_multipliers(cycle);
    return cycle;
}

}  // namespace

RefinedCycle refine_cycle(const Dynamics& dynamics, const Eigen::VectorXd& start, double period) {
    if (!start.allFinite() || !(period > 0.0) || !std::isfinite(period)) {
        RefinedCycle cycle;
        cycle.state = start;
        cycle.limits = "No guess of a cycle to refine.";
        return cycle;
    }
    return Shooting(dynamics, start, period).refine();
}

}  // namespace shoal
