// SPDX-License-Identifier: MIT
#include "analysis/attractors/limit_cycle.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/dynamics/tangent.hpp"
#include "analysis/linear/eigen_solvers.hpp"
#include "analysis/linear/frame.hpp"

namespace shoal {

namespace {

constexpr int rounds_limit = 40;
constexpr int warm_rounds = 3;            // around the orbit before the first Newton step
constexpr int stalled_rounds = 5;         // without halving the residual: given up
constexpr int polish_rounds = 6;          // after the last, in a subspace
constexpr Eigen::Index first_width = 11;  // with the state three passes over W
constexpr double slow_multiplier = 0.3;   // plain iteration must contract faster than that
constexpr double aim = 1e-11;             // residual, of the state's size
constexpr double enough = 1e-9;
constexpr double ritz_tolerance = 1e-6;
constexpr double small_multiplier = 1e-3;  // below, directions need not be resolved
constexpr double coarse_aim = 1e-6;        // residual from which on steps are short
constexpr double modulus_tolerance = 1e-6;

using Complex = std::complex<double>;

// One way around from (x, T): where it ends and what becomes of the basis.
struct Round {
    Eigen::VectorXd end;
    Eigen::MatrixXd carried;
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
    double best_ = std::numeric_limits<double>::infinity();
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
    bool set_round(const Round& round);
    void turn_basis(int round);
    /// Newton step in (x, T) for the residual `off`; the last element is that of T.
    Eigen::VectorXd newton_step(const Eigen::VectorXd& off) const;
    void take_step(Eigen::VectorXd step);
    /// Rounds until (x, T) is a cycle or will not become one; true: it is.
    bool close();
    void find_least_period(double tolerance);
    bool is_orbit() const;
    bool multipliers_are_known() const;
    void take_multipliers(RefinedCycle& cycle) const;

    const Dynamics& dynamics_;
    Eigen::VectorXd state_;
    double period_;
    const double guessed_;       ///< the period to begin with
    int rounds_ = 0;             ///< done before the last one
    double residual_ = 0.0;      ///< of the last one
    bool is_coarse_ = true;      ///< steps of dt and not yet of dt / 2
    Eigen::MatrixXd basis_;      ///< orthonormal columns
    Eigen::MatrixXd carried_;    ///< M basis
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
    if (dynamics_.is_map()) {
        stepper.advance(steps());
    } else {
        const int count = refinement * steps();
        stepper.advance_flow(count, period_ / count);
    }
    return {stepper.state(), stepper.tangents()};
}

bool Shooting::set_round(const Round& round) {
    carried_ = round.carried;
    projected_ = basis_.transpose() * carried_;
    return carried_.allFinite() && round.end.allFinite();
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

bool falls(const Complex& a, const Complex& b) {
    if (std::abs(std::abs(a) - std::abs(b)) > 1e-12 * std::abs(a)) {
        return std::abs(a) > std::abs(b);
    }
    return a.imag() > b.imag();
}

// Whether the leading directions have turned enough for all multipliers that matter.
bool Shooting::multipliers_are_known() const {
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(projected_);
    const Eigen::MatrixXcd vectors = solver.eigenvectors();
    const Eigen::MatrixXcd missed = (carried_ - basis_ * projected_).cast<Complex>() * vectors;
    for (Eigen::Index i = 0; i < vectors.cols(); ++i) {
        if (std::abs(solver.eigenvalues()[i]) > small_multiplier &&
            missed.col(i).norm() > ritz_tolerance * vectors.col(i).norm()) {
            return false;
        }
    }
    return true;
}

void Shooting::take_multipliers(RefinedCycle& cycle) const {
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(projected_);
    if (solver.info() != Eigen::Success) {
        cycle.limits = "The multipliers did not converge.";
        return;
    }
    const Eigen::MatrixXcd vectors = solver.eigenvectors();
    const Eigen::MatrixXcd missed =
        (carried_ - basis_ * projected_).cast<Complex>() * vectors;  // 0 in the whole space
    for (Eigen::Index i = 0; i < vectors.cols(); ++i) {
        if (is_full() || missed.col(i).norm() <= ritz_tolerance * vectors.col(i).norm()) {
            cycle.multipliers.push_back(solver.eigenvalues()[i]);
        }
    }
    std::sort(cycle.multipliers.begin(), cycle.multipliers.end(), falls);
    auto trivial = cycle.multipliers.end();
    if (!dynamics_.is_map()) {
        trivial = std::min_element(cycle.multipliers.begin(), cycle.multipliers.end(),
                                   [](const Complex& a, const Complex& b) {
                                       return std::abs(a - 1.0) < std::abs(b - 1.0);
                                   });
        cycle.trivial_error = trivial == cycle.multipliers.end()
                                  ? std::numeric_limits<double>::infinity()
                                  : std::abs(*trivial - 1.0);
    }
    for (auto at = cycle.multipliers.begin(); at != cycle.multipliers.end(); ++at) {
        const double beyond = std::abs(*at) - 1.0;
        cycle.unstable += at != trivial && beyond > modulus_tolerance ? 1 : 0;
        cycle.neutral += at != trivial && std::abs(beyond) <= modulus_tolerance ? 1 : 0;
    }
}

// Turns the basis towards the leading directions, and widens it where plain iteration on the rest
// would be slow.
void Shooting::turn_basis(int round) {
    const bool slow =
        round == warm_rounds && projected_.eigenvalues().cwiseAbs().minCoeff() > slow_multiplier;
    basis_ = carried_;
    orthonormalize(basis_);
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
        const Round around = once_around(basis_, 1);
        const Eigen::VectorXd off = around.end - state_;
        residual_ = rms(off);
        residuals.add(residual_, rounds_);
        const double size = std::max(1.0, rms(state_));
        returned = residual_ <= enough * size;
        if (!set_round(around) || (residuals.is_stalled() && !returned)) {
            return returned;
        }
        // In a subspace further rounds turn its directions.
        const bool done = !is_coarse_ && residual_ <= aim * size;
        if (done && (is_full() || ++polished > polish_rounds || multipliers_are_known())) {
            return true;
        }
        is_coarse_ = is_coarse_ && residual_ > coarse_aim * size;
        if (!is_full() && rounds_ < warm_rounds) {
            state_ = around.end;
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
