// SPDX-License-Identifier: MIT
// From one start to a zero of G (zero_form.hpp), or to a minimum of the speed.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "analysis/dynamics.hpp"
#include "analysis/packed_matrix.hpp"
#include "analysis/zero_form.hpp"

namespace shoal {

/// What every start of one network shares.
struct SearchedNetwork {
    explicit SearchedNetwork(const Dynamics& its_dynamics);

    const Dynamics& dynamics;
    ZeroForm form;
    PackedMatrix packed;          ///< W
    Eigen::MatrixXd abs_weights;  ///< |W|

    /// ZeroForm::rounding without forming |W| again.
    double rounding(const Eigen::VectorXd& x) const;
};

/// What a search has computed, to set its time against what the machine can do.
struct SearchWork {
    double factorisations = 0;  ///< LU
    double solves = 0;          ///< with LU factors, of a vector
    double products = 0;        ///< of a matrix with a vector
    double proofs = 0;          ///< certificates
    double minimisations = 0;   ///< steps towards slow points
    double spectra = 0;         ///< eigenvalues with vectors

    /// Floating-point operations: 2/3 N^3 for an LU, 2 N^2 for a solve or a product, 7/3 N^3 for a
    /// step towards a slow point (J' J and Cholesky), 4 N^3 for a proof (inverse and one product),
    /// 25 N^3 for a spectrum with vectors (Golub & Van Loan, Matrix Computations, 2013,
    /// section 7.5).
    double operations(double units) const;
    SearchWork& operator+=(const SearchWork& other);
};

enum class ZeroFate {
    zero,     ///< |G| is at most what rounding leaves
    watched,  ///< `watch` took over
    stalled,  ///< no step along Newton's direction lowers |G| enough
    capped    ///< still falling after zero_search_limit factorisations
};

struct ZeroRun {
    Eigen::VectorXd x;
    ZeroFate fate = ZeroFate::stalled;
    SearchWork work;
};

/// Looks at every step; true takes over.
using SearchWatch = std::function<bool(const Eigen::VectorXd&)>;

/// Most factorisations of one start.
inline constexpr int zero_search_limit = 60;

/// Damped Newton: x - t DG(x)^-1 G(x), t halved until |G| falls by at least t / 10 of itself; the
/// factors serve further chord steps as long as each divides |G| by 4 (Shamanskii, Ukr. Mat. Zh.
/// 19, 1967).
ZeroRun find_zero(const SearchedNetwork& network, const Eigen::VectorXd& start,
                  const SearchWatch& watch);

enum class SlowFate { minimum, watched, capped };

struct SlowRun {
    Eigen::VectorXd state;
    double speed = 0.0;  ///< |F(state)|_2
    SlowFate fate = SlowFate::capped;
    SearchWork work;
};

/// Most steps of one minimisation.
inline constexpr int slow_search_limit = 100;

/// The minimum of q = 0.5 |F|^2 near a state of the network: Levenberg-Marquardt with the whole
/// Hessian, J' J + S, where S = diag(tanh''(x) W' F) for current cells and W' diag(F tanh''(a)) W
/// for rate cells, a = W h + c (each entry of F is curved along one axis alone), so that the
/// approach is quadratic. A minimum: the next step promises less than 1e-10 of q.
SlowRun find_slow_point(const SearchedNetwork& network, const Eigen::VectorXd& state,
                        const SearchWatch& watch);

}  // namespace shoal
