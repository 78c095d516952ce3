// SPDX-License-Identifier: MIT
// From one start to a zero of G (zero_form.hpp), or to a minimum of the speed.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/linear/packed_matrix.hpp"
#include "analysis/search/zero_form.hpp"

namespace shoal {

/// What every start of one network shares.
struct SearchedNetwork {
    explicit SearchedNetwork(const Dynamics& its_dynamics);

    const Dynamics& dynamics;
    ZeroForm form;
    PackedMatrix packed;  ///< W
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
    stalled,  ///< no step along Newton's direction shortens the correction
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

/// Damped Newton: x - t d, DG(x) d = G(x), t halved until the correction d' that the same factors
/// give at the new point is shorter, |d'| <= (1 - t / 4) |d|: unlike the fall of |G| this does not
/// depend on the scale of the equations, so that long steps along curved valleys of |G| (near a
/// ring of slow points, say) pass (Deuflhard, Newton Methods for Nonlinear Problems, 2004,
/// section 3.3). After a full step the factors serve further chord steps d' as long as each divides
/// the correction by 4 (Shamanskii, Ukr. Mat. Zh. 19, 1967).
ZeroRun find_zero(const SearchedNetwork& network, const Eigen::VectorXd& start,
                  const SearchWatch& watch);

/// Newton for G prod(1 / d_k^2 + 1), d_k the RMS distance from a known zero: the corrections have
/// the direction of those for G and another length (Farrell, Birkisson & Funke, SIAM J. Sci.
/// Comput. 37, 2015), so that runs do not end where others did. Whole steps, cut to a length of 1
/// RMS; ends well from fewer starts than find_zero.
ZeroRun find_other_zero(const SearchedNetwork& network, const Eigen::VectorXd& start,
                        const std::vector<Eigen::VectorXd>& known);

enum class SlowFate { minimum, watched, capped };

struct SlowRun {
    Eigen::VectorXd state;
    double speed = 0.0;  ///< |F(state)|_2
    SlowFate fate = SlowFate::capped;
    Eigen::MatrixXd inverse;  ///< of the Hessian of tau^2 q there, if it is a minimum
    SearchWork work;
};

/// Most steps of one minimisation.
inline constexpr int slow_search_limit = 100;

/// The minimum of q = 0.5 |F|^2 near a state of the network: Levenberg-Marquardt with the whole
/// Hessian, J' J + S, where S is curvature_of() the cell: diag(tanh''(x) W' F) where it squashes
/// states, W' diag(F tanh''(a)) W where it squashes drives a. So the approach is quadratic. A
/// minimum: the next step promises less than 1e-10 of q.
SlowRun find_slow_point(const SearchedNetwork& network, const Eigen::VectorXd& state,
                        const SearchWatch& watch);

/// Whether chord steps x - H^-1 dq/dx, H the Hessian at a known minimum, lead from `state` to
/// within `near` of it (RMS difference of rates): each must halve the distance. A few products with
/// vectors in place of a minimisation.
bool leads_to_minimum(const SearchedNetwork& network, const SlowRun& minimum, Eigen::VectorXd state,
                      double near, SearchWork& work);

}  // namespace shoal
