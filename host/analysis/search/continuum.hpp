// SPDX-License-Identifier: MIT
// Zeros that are not isolated: lines, rings, tori of them, to within rounding.
//
// At a zero on a k-dimensional continuum, DG has k singular values that are 0. The reverse does not
// hold (the origin at a pitchfork is alone), so each null direction is followed: from x + h v,
// chord steps - (DG(x))^+ G(y) without their part along the null space return to the set of zeros.
// If what remains of |G| is that of rounding on both sides, the zeros go on along v; at an isolated
// degenerate zero |G| stays near a power of h. What is said is numerical, not proved.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/search/zero_search.hpp"

namespace shoal {

/// RMS over units of a step along a null direction.
inline constexpr double continuum_step = 0.03;
/// Singular values below this share of the largest count as 0.
inline constexpr double null_share = 1e-6;

/// A zero that could not be proved, with the directions in which zeros go on.
class ContinuumProbe {
  public:
    ContinuumProbe(const SearchedNetwork& network, const Eigen::VectorXd& x);

    const Eigen::VectorXd& x() const { return x_; }
    /// Null directions along which zeros go on.
    int dimension() const { return dimension_; }
    /// Whether the straight line to another such zero, brought back to the zeros at its quarters,
    /// is a chain of zeros.
    bool leads_to(const Eigen::VectorXd& other) const;

  private:
    bool return_to_zeros(Eigen::VectorXd& y) const;

    const SearchedNetwork& network_;
    Eigen::VectorXd x_;
    Eigen::MatrixXd pseudo_inverse_;
    int dimension_ = 0;
};

/// For every probe the number of its continuum, counted from 0 in order of first members, or -1
/// where the dimension is 0. Two belong together if one leads to the other, directly or through
/// others; each is tried with its nearest neighbours.
std::vector<int> group_continua(const std::vector<ContinuumProbe>& probes);

}  // namespace shoal
