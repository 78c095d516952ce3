// SPDX-License-Identifier: MIT
#include "analysis/search/zero_search.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <utility>

#include "analysis/linear/lu.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int most_halvings = 8;
constexpr double chord_fall = 0.25;
/// |G| below which it is compared with rounding; above, the comparison could not hold.
constexpr double near_zero = 1e-6;

/// Where a run is.
struct Iterate {
    VectorXd x;
    VectorXd residual;
    double norm = 0.0;  ///< |G(x)|
};

class NewtonRun {
  public:
    NewtonRun(const SearchedNetwork& network, const VectorXd& start) : network_(network) {
        at = evaluate(start);
    }

    bool at_zero() const { return at.norm <= near_zero && at.norm <= network_.form.rounding(at.x); }
    LuFactors factors() {
        stop_point();
        work.factorisations += 1;
        return LuFactors(network_.form.jacobian(at.x));
    }
    VectorXd correction(const LuFactors& factors, const Iterate& where) {
        work.solves += 1;
        return factors.solve(where.residual);
    }
    /// Moves to x - scale step if the correction that the same factors give there is at most
    /// `share` of the step, which it replaces.
    bool try_step(const LuFactors& factors, VectorXd& step, double scale, double share) {
        Iterate there = evaluate(at.x - scale * step);
        VectorXd next = correction(factors, there);
        if (!(next.norm() <= share * step.norm())) {
            return false;
        }
        at = std::move(there);
        step = std::move(next);
        return true;
    }
    /// The last digits; a step that does not help is not taken.
    void polish(const LuFactors& factors) {
        Iterate there = evaluate(at.x - correction(factors, at));
        if (there.norm < at.norm) {
            at = std::move(there);
        }
    }

    void move(const VectorXd& step) { at = evaluate(at.x - step); }

    Iterate at;
    SearchWork work;

  private:
    Iterate evaluate(const VectorXd& x) {
        work.products += 1;
        Iterate there{x, network_.form.residual(x), 0.0};
        there.norm = there.residual.norm();
        return there;
    }

    const SearchedNetwork& network_;
};

/// The scale that was taken, 0: none.
double damped_step(NewtonRun& run, const LuFactors& factors, VectorXd& step) {
    double scale = 1.0;
    for (int halving = 0; halving <= most_halvings; ++halving, scale *= 0.5) {
        if (run.try_step(factors, step, scale, 1.0 - 0.25 * scale)) {
            return scale;
        }
    }
    return 0.0;
}

}  // namespace

SearchedNetwork::SearchedNetwork(const Dynamics& its_dynamics)
    : dynamics(its_dynamics), form(its_dynamics), packed(its_dynamics.weights()) {}

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
    NewtonRun newton(network, start);
    ZeroRun run;
    bool watched = false;
    const auto over = [&] {
        watched = watch(newton.at.x);
        return watched || newton.at_zero();
    };
    run.fate = std::isfinite(newton.at.norm) ? ZeroFate::capped : ZeroFate::stalled;
    bool ended = run.fate == ZeroFate::stalled || over();
    for (int i = 0; i < zero_search_limit && !ended; ++i) {
        const LuFactors factors = newton.factors();
        VectorXd step = newton.correction(factors, newton.at);
        const double scale = damped_step(newton, factors, step);
        if (scale == 0.0) {
            run.fate = ZeroFate::stalled;
            break;
        }
        ended = over();
        while (!ended && scale == 1.0 && newton.try_step(factors, step, 1.0, chord_fall)) {
            ended = over();
        }
        if (ended && !watched) {
            newton.polish(factors);
        }
    }
    if (watched) {
        run.fate = ZeroFate::watched;
    } else if (newton.at_zero()) {
        run.fate = ZeroFate::zero;
    }
    run.x = newton.at.x;
    run.work = newton.work;
    return run;
}

namespace {

/// Derivative along `step` of log prod(1 / d_k^2 + 1).
double repulsion(const VectorXd& x, const VectorXd& step, const std::vector<VectorXd>& known) {
    const double n = static_cast<double>(x.size());
    double sum = 0.0;
    for (const VectorXd& zero : known) {
        const double square = (x - zero).squaredNorm() / n;
        sum -= 2.0 * (x - zero).dot(step) / n / (square * (square + 1.0));
    }
    return sum;
}

}  // namespace

ZeroRun find_other_zero(const SearchedNetwork& network, const VectorXd& start,
                        const std::vector<VectorXd>& known) {
    NewtonRun newton(network, start);
    for (int i = 0; i < zero_search_limit && !newton.at_zero(); ++i) {
        const LuFactors factors = newton.factors();
        VectorXd step = newton.correction(factors, newton.at);
        step /= 1.0 + repulsion(newton.at.x, step, known);
        if (!step.allFinite()) {
            break;
        }
        newton.move(step / std::max(1.0, rms(step)));
    }
    return {newton.at.x, newton.at_zero() ? ZeroFate::zero : ZeroFate::capped, newton.work};
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
    const VectorXd squashed = dynamics.squashed(state);
    const MatrixXd jacobian = jacobian_of(dynamics.cell(), w, slopes_of(squashed));
    at.hessian = curvature_of(dynamics.cell(), w, squashed, at.force,
                              [](const MatrixXd& left, const MatrixXd& right) {
                                  return multiply(PackedMatrix(left), right);
                              });
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
        stop_point();
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
                run.inverse = factors.solve(MatrixXd::Identity(state.size(), state.size()));
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

namespace {

constexpr int most_chords = 20;

/// Of tau^2 q.
VectorXd gradient_at(const SearchedNetwork& network, const VectorXd& state) {
    const Dynamics& dynamics = network.dynamics;
    const VectorXd force = dynamics.tau() * dynamics.velocity(state);
    const VectorXd slopes = slopes_of(dynamics.squashed(state));
    const VectorXd back = adjoint_of(
        dynamics.cell(), slopes, force,
        [&](const VectorXd& v) -> VectorXd { return dynamics.weights().transpose() * v; });
    return back - force;
}

}  // namespace

bool leads_to_minimum(const SearchedNetwork& network, const SlowRun& minimum, VectorXd state,
                      double near, SearchWork& work) {
    const VectorXd rates = network.dynamics.rates(minimum.state);
    double distance = (state - minimum.state).norm();
    for (int i = 0; i < most_chords; ++i) {
        if (rms(network.dynamics.rates(state) - rates) <= near) {
            return true;
        }
        state -= minimum.inverse * gradient_at(network, state);
        work.products += 3;
        const double there = (state - minimum.state).norm();
        if (!(there <= 0.5 * distance)) {
            return false;
        }
        distance = there;
    }
    return false;
}

}  // namespace shoal
