// SPDX-License-Identifier: MIT
// A proof that no root is missing, for networks whose roots follow from an equation in four
// unknowns at most.
//
// Low rank. With W = U V' + E, [unit, k] each, a root x = W r + c, r = tanh(x), is
//
//   x = c + U a + e,   a = V' r,   e = E r,
//
// so that its a is a zero of H(a) = a - V' tanh(c + U a + e), lies in the box |a_l| <= sum |V_jl|,
// and |e_i| <= sum over j |E_ij|. E is what rounding leaves (of weights kept in single precision,
// too); nothing is neglected, as every bound below holds for all e of that size. Networks of up to
// four units have U = W, V = I, E = 0: there a is r itself.
//
// Branch and bound (Neumaier, Interval Methods for Systems of Equations, 1990, chapter 5). A box A
// around a0, with half-widths w, shrinks to what is left of it by
//
//   a in V' tanh(c + U A + e)
//   a in a0 - Y H(a0) + (I - Y [DH]) (A - a0)       (Krawczyk; Y an inverse of the middle of [DH])
//
// where [DH] = I - V' [D] U has the slopes of tanh over the box. A box of which nothing is left
// has no root. One whose every x lies within the uniqueness radius of a proved root
// (certificate.hpp) has that root at most. Any other is halved. Where Krawczyk's operator maps a
// box into itself, so that a root lies in it, and where a box is small, a root is searched from its
// middle if none is known there. When no box is left, the proved roots are all that there are.
//
// Sums are rounded as certificate.hpp says, so that the proof holds for floating point.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <optional>
#include <vector>

#include "analysis/search/root_set.hpp"
#include "analysis/search/zero_form.hpp"

namespace shoal {

/// The equation that roots follow from.
struct ReducedEquation {
    Eigen::MatrixXd u, v;       ///< [unit, unknown]
    Eigen::VectorXd remainder;  ///< bound of |e|, [unit]

    int unknowns() const { return static_cast<int>(u.cols()); }
};

/// Where the network has four units at most, or its recurrent matrix is of rank 1 to 4 to within
/// the rounding of single precision (2^-23 of its Frobenius norm).
std::optional<ReducedEquation> reduced_equation(const ZeroForm& form);

struct AllRoots {
    bool complete = false;  ///< proved: there are no roots but the proved ones
    int boxes = 0;          ///< looked at
};

/// Looks at `most` boxes at most. `roots()` are those that are known by now; search_from(x) may add
/// one. Gives up at the first root that is not proved.
AllRoots find_all_roots(const ZeroForm& form, const ReducedEquation& equation,
                        const std::function<const std::vector<Root>&()>& roots,
                        const std::function<void(const Eigen::VectorXd& x)>& search_from, int most);

/// Boxes that take seconds, whatever the size.
int most_boxes(Eigen::Index units);

}  // namespace shoal
