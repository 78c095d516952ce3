// SPDX-License-Identifier: MIT
#include "analysis/zero_search.hpp"

#include <Eigen/Cholesky>
#include <cmath>

#include "analysis/lu.hpp"
#include "analysis/rounding.hpp"

namespace shoal {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int halvings_limit = 8;
constexpr double sufficient_fall = 0.1;
constexpr double chord_fall = 0.25;
/// |G| below which it is compared with rounding; above, the comparison could not hold.
constexpr double near_zero = 1e-6;

class Descent {
  public:
    Descent(const SearchedNetwork& network, const VectorXd& start)
        : network_(network), x(start), residual(network.form.residual(start)) {
        norm = residual.norm();
    }

    /// Moves to x - scale step if |G| falls to at most `share` of itself.
    bool try_step(const VectorXd& step, double scale, double share) {
        const VectorXd candidate = x - scale * step;
        const VectorXd there = network_.form.residual(candidate);
        work.products += 1;
        const double size = there.norm();
        if (!(size <= share * norm)) {
            return false;
        }
        x = candidate;
        residual = there;
        norm = size;
        return true;
    }
    bool at_zero() const { return norm <= near_zero && norm <= network_.rounding(x); }

  private:
    const SearchedNetwork& network_;

  public:
    VectorXd x;
    VectorXd residual;
    double norm = 0.0;
    SearchWork work;
};

bool damped_step(Descent& descent, const VectorXd& step) {
    double scale = 1.0;
    for (int halving = 0; halving <= halvings_limit; ++halving, scale *= 0.5) {
        if (descent.try_step(step, scale, 1.0 - sufficient_fall * scale)) {
            return true;
        }
    }
    return false;
}

}  // namespace

SearchedNetwork::SearchedNetwork(const Dynamics& its_dynamics)
    : dynamics(its_dynamics),
      form(its_dynamics),
      packed(its_dynamics.weights()),
      abs_weights(its_dynamics.weights().cwiseAbs()) {}

double SearchedNetwork::rounding(const VectorXd& x) const {
    const VectorXd magnitude =
        x.cwiseAbs() + abs_weights * tanh_of(x).cwiseAbs() + form.drive().cwiseAbs();
    return (static_cast<double>(form.units()) + 3.0) * unit_roundoff * magnitude.norm();
}

double SearchWork::operations(double units) const {
    const double square = units * units;
    return square *
           (2.0 * (solves + products) + units * (2.0 / 3.0 * factorisations + 4.0 * proofs +
                                                 7.0 / 3.0 * minimisations + 25.0 * spectra));
}

SearchWork& SearchWork::operator+=(const SearchWork& other) {
    factorisations += other.factorisations;
    solves += other.solves;
    products += other.products;
    proofs += other.proofs;
    minimisations += other.minimisations;
    spectra += other.spectra;
    return *this;
}

ZeroRun find_zero(const SearchedNetwork& network, const VectorXd& start, const SearchWatch& watch) {
    Descent descent(network, start);
    ZeroRun run;
    bool watched = false;
    const auto over = [&] {
        watched = watch(descent.x);
        return watched || descent.at_zero();
    };
    run.fate = ZeroFate::capped;
    bool ended = !std::isfinite(descent.norm);
    for (int i = 0; i < zero_search_limit && !ended; ++i) {
        ended = over();
        if (ended) {
            break;
        }
        const LuFactors factors(network.form.jacobian(descent.x));
        descent.work.factorisations += 1;
        const auto step = [&] {
            descent.work.solves += 1;
            return factors.solve(descent.residual);
        };
        if (!damped_step(descent, step())) {
            run.fate = ZeroFate::stalled;
            break;
        }
        ended = over();
        while (!ended && descent.try_step(step(), 1.0, chord_fall)) {
            ended = over();
        }
        if (ended && !watched) {
            // The last digits; a step that does not help is not taken.
            descent.try_step(step(), 1.0, 1.0);
        }
    }
    if (ended) {
        run.fate = watched             ? ZeroFate::watched
                   : descent.at_zero() ? ZeroFate::zero
                                       : ZeroFate::stalled;
    }
    run.x = descent.x;
    run.work = descent.work;
    return run;
}

namespace {

/// q's gradient and Hessian at a state, in units of tau.
struct Landscape {
    VectorXd force;  ///< tau F
    VectorXd gradient;
    MatrixXd hessian;
};

Landscape landscape_at(const SearchedNetwork& network, const VectorXd& state) {
    const Dynamics& dynamics = network.dynamics;
    const MatrixXd& w = dynamics.weights();
    Landscape at;
    at.force = dynamics.tau() * dynamics.velocity(state);
    MatrixXd jacobian;
    if (dynamics.cell() == Cell::current) {
        const VectorXd r = tanh_of(state);
        const VectorXd slope = (1.0 - r.array().square()).matrix();
        jacobian = w * slope.asDiagonal();
        const VectorXd curvature =
            (w.transpose() * at.force).array() * -2.0 * r.array() * slope.array();
        at.hessian = curvature.asDiagonal();
    } else {
        const VectorXd a = tanh_of(w * state + dynamics.drive());
        const VectorXd slope = (1.0 - a.array().square()).matrix();
        jacobian = slope.asDiagonal() * w;
        const VectorXd curvature = at.force.array() * -2.0 * a.array() * slope.array();
        at.hessian = multiply(PackedMatrix(w.transpose() * curvature.asDiagonal()), w);
    }
    jacobian.diagonal().array() -= 1.0;
    at.gradient = jacobian.transpose() * at.force;
    at.hessian += multiply(PackedMatrix(jacobian.transpose()), jacobian);
    return at;
}

}  // namespace

SlowRun find_slow_point(const SearchedNetwork& network, const VectorXd& state,
                        const SearchWatch& watch) {
    SlowRun run;
    run.state = state;
    double shift = 1e-3;
    double q = 0.5 * (network.dynamics.tau() * network.dynamics.velocity(state)).squaredNorm();
    bool moved = true;
    Landscape at;
    for (int i = 0; i < slow_search_limit && std::isfinite(q); ++i) {
        if (moved) {
            if (watch(run.state)) {
                run.fate = SlowFate::watched;
                break;
            }
            at = landscape_at(network, run.state);
        }
        run.work.minimisations += 1;
        MatrixXd shifted = at.hessian;
        shifted.diagonal().array() += shift;
        const Eigen::LLT<MatrixXd> factors(shifted);
        moved = false;
        if (factors.info() == Eigen::Success) {
            const VectorXd step = factors.solve(at.gradient);
            const double promised = 0.5 * at.gradient.dot(step);
            if (!std::isfinite(promised)) {
                break;
            }
            if (promised <= 1e-10 * q && shift < 1e-3) {
                run.fate = SlowFate::minimum;
                break;
            }
            const VectorXd candidate = run.state - step;
            const double there =
                0.5 * (network.dynamics.tau() * network.dynamics.velocity(candidate)).squaredNorm();
            if (there <= q - 0.1 * promised) {
                run.state = candidate;
                q = there;
                moved = true;
            }
        }
        shift = moved ? 0.2 * shift : 5.0 * shift;
        if (shift > 1e8) {
            break;
        }
    }
    run.speed = network.dynamics.velocity(run.state).norm();
    return run;
}

}  // namespace shoal
