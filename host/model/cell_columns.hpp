// SPDX-License-Identifier: MIT
// The equations of a cell (equations.hpp) over columns of states [unit, column] in float64, for the
// analysis (host/MATHEMATICS.md, A.2):
//
//   tau dx/dt = T(W R(x) + c) - x
//
// R makes rates of states, T targets of drives. One of the two squashes and the other is the
// identity; `squashed` is what the first one makes, and `slopes` are its slopes, 1 - squashed^2.
// With D_R and D_T the diagonal matrices of dR and dT,
//
//   tangents:  tau dv/dt = D_T W D_R v - v            (I + dt dF/dx for a step)
//   adjoints:  the transpose, D_R W' D_T
//
// At a fixed point the state is the target of its drive a, so that fixed points are zeros of
//
//   G(a) = W R(T(a)) + c - a,    DG(a) = W D - I,    D = dR/dT dT/da, the slopes at a
//
// (the zero form). Who calls chooses how W is multiplied: functions that need it are given the
// product as a function.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/rounding.hpp"
#include "model/equations.hpp"

namespace shoal {

/// tanh of every entry of a vector or matrix.
template <class Derived>
typename Derived::PlainObject tanh_of(const Eigen::MatrixBase<Derived>& values) {
    return values.unaryExpr([](double value) { return std::tanh(value); });
}
/// 1 - s^2: the slope of tanh where it is s (rounded twice, where squash_slope() rounds once).
inline double slope_of(double squashed) {
    return 1.0 - squashed * squashed;
}
/// The same of every entry.
template <class Derived>
typename Derived::PlainObject slopes_of(const Eigen::MatrixBase<Derived>& squashed) {
    return squashed.unaryExpr([](double s) { return slope_of(s); });
}

/// R(x).
template <class Derived>
typename Derived::PlainObject rates_of(Cell cell, const Eigen::MatrixBase<Derived>& states) {
    using Values = typename Derived::PlainObject;
    return squashes_state(cell) ? tanh_of(states) : Values(states);
}
/// T(a). At a fixed point with drive a this is the state.
template <class Derived>
typename Derived::PlainObject targets_of(Cell cell, const Eigen::MatrixBase<Derived>& drives) {
    using Values = typename Derived::PlainObject;
    return squashes_drive(cell) ? tanh_of(drives) : Values(drives);
}

/// dR/dx at states: the diagonals of D_R, column by column.
template <class Derived>
typename Derived::PlainObject rate_slopes(Cell cell, const Eigen::MatrixBase<Derived>& states) {
    using Values = typename Derived::PlainObject;
    return squashes_state(cell) ? slopes_of(tanh_of(states))
                                : Values(Values::Ones(states.rows(), states.cols()));
}
/// What squashing makes at a state; drive_of(r) = W r + c is asked where the cell squashes drives.
template <class Drive>
Eigen::VectorXd squashed_at(Cell cell, const Eigen::VectorXd& state, const Drive& drive_of) {
    return tanh_of(squashes_state(cell) ? state : Eigen::VectorXd(drive_of(state)));
}

/// Every column of `vectors` times its column of `factors`, or the only one, entry by entry.
template <class Factors, class Vectors>
typename Vectors::PlainObject scaled_rows(const Eigen::MatrixBase<Factors>& factors,
                                          const Eigen::MatrixBase<Vectors>& vectors) {
    typename Vectors::PlainObject result = vectors;
    for (Eigen::Index k = 0; k < result.cols(); ++k) {
        result.col(k).array() *= factors.col(factors.cols() == 1 ? 0 : k).array();
    }
    return result;
}
/// D_R v of every column; slopes as in scaled_rows().
template <class Slopes, class Vectors>
typename Vectors::PlainObject through_rates(Cell cell, const Eigen::MatrixBase<Slopes>& slopes,
                                            const Eigen::MatrixBase<Vectors>& vectors) {
    using Values = typename Vectors::PlainObject;
    return squashes_state(cell) ? scaled_rows(slopes, vectors) : Values(vectors);
}
/// D_T v of every column; slopes as in scaled_rows().
template <class Slopes, class Vectors>
typename Vectors::PlainObject through_targets(Cell cell, const Eigen::MatrixBase<Slopes>& slopes,
                                              const Eigen::MatrixBase<Vectors>& vectors) {
    using Values = typename Vectors::PlainObject;
    return squashes_drive(cell) ? scaled_rows(slopes, vectors) : Values(vectors);
}

/// D_T W D_R - I, [to, from]: dF/dx times tau.
Eigen::MatrixXd jacobian_of(Cell cell, const Eigen::MatrixXd& weights,
                            const Eigen::VectorXd& slopes);
/// D_R W' D_T v of every column; multiply(V) = W' V.
template <class Slopes, class Vectors, class Product>
typename Vectors::PlainObject adjoint_of(Cell cell, const Eigen::MatrixBase<Slopes>& slopes,
                                         const Eigen::MatrixBase<Vectors>& vectors,
                                         const Product& multiply) {
    using Values = typename Vectors::PlainObject;
    return through_rates(cell, slopes, Values(multiply(through_targets(cell, slopes, vectors))));
}
/// Sum over units i of f_i d^2 (tau F_i) / dx^2 at a state, [unit, unit]; multiply(A, B) = A B of
/// square matrices.
template <class Product>
Eigen::MatrixXd curvature_of(Cell cell, const Eigen::MatrixXd& weights,
                             const Eigen::VectorXd& squashed, const Eigen::VectorXd& f,
                             const Product& multiply) {
    // Each squashed entry is curved along one axis alone: tanh'' = -2 s (1 - s^2) where tanh is s.
    const Eigen::VectorXd along =
        squashes_state(cell) ? Eigen::VectorXd(weights.transpose() * f) : f;
    const Eigen::VectorXd curvature =
        along.array() * -2.0 * squashed.array() * slopes_of(squashed).array();
    return squashes_state(cell)
               ? Eigen::MatrixXd(curvature.asDiagonal())
               : multiply(Eigen::MatrixXd(weights.transpose() * curvature.asDiagonal()), weights);
}

/// An Euler step of every column, x += step (T - x), `step` being dt / tau; drive_of(R) is the
/// total drive of these rates. Returns the slopes at x(t), from which the step's tangents and
/// adjoints are made.
template <class Drive>
Eigen::MatrixXd euler_step(Cell cell, double step, Eigen::MatrixXd& states, const Drive& drive_of) {
    const Eigen::MatrixXd rates = rates_of(cell, states);
    const Eigen::MatrixXd targets = targets_of(cell, Eigen::MatrixXd(drive_of(rates)));
    states += step * (targets - states);
    return slopes_of(squashes_state(cell) ? rates : targets);
}
/// J_t v of every column, J_t = d x(t+1) / d x(t) of that step; multiply(V) = W V.
template <class Slopes, class Product>
Eigen::MatrixXd tangent_step(Cell cell, double step, const Eigen::MatrixBase<Slopes>& slopes,
                             const Eigen::MatrixXd& tangents, const Product& multiply) {
    const Eigen::MatrixXd sent = through_targets(
        cell, slopes, Eigen::MatrixXd(multiply(through_rates(cell, slopes, tangents))));
    return tangents + step * (sent - tangents);
}
/// J_t' v of every column; multiply(V) = W' V.
template <class Slopes, class Product>
Eigen::MatrixXd adjoint_step(Cell cell, double step, const Eigen::MatrixBase<Slopes>& slopes,
                             const Eigen::MatrixXd& adjoints, const Product& multiply) {
    const Eigen::MatrixXd sent = adjoint_of(cell, slopes, adjoints, multiply);
    return adjoints + step * (sent - adjoints);
}

/// The drive a at which the zero form is looked at for a state of the network: that of the state
/// where states are squashed drives, the state itself where they are not. Fixed points become
/// zeros; targets_of() is the way back. `drive` is c.
Eigen::VectorXd zero_of_state(Cell cell, const Eigen::MatrixXd& weights,
                              const Eigen::VectorXd& drive, const Eigen::VectorXd& state);
/// R(T(a)), the rates of a fixed point whose drive is a.
template <class Derived>
typename Derived::PlainObject zero_rates(Cell cell, const Eigen::MatrixBase<Derived>& drives) {
    return rates_of(cell, targets_of(cell, drives));
}

/// |x| + |W| |r| + |c|, what the terms of W r + c - x add up to at most.
template <class Weights>
Eigen::VectorXd term_magnitudes(const Eigen::MatrixBase<Weights>& abs_weights,
                                const Eigen::VectorXd& rates, const Eigen::VectorXd& drive,
                                const Eigen::VectorXd& x) {
    return x.cwiseAbs() + abs_weights * rates.cwiseAbs() + drive.cwiseAbs();
}
/// How large |tau F|_2 and |G|_2 may come out at an exact zero through rounding alone: a sum of
/// N + 2 terms is off by at most (N + 2) u times the sum of their magnitudes, u = 2^-53 (Higham,
/// Accuracy and Stability of Numerical Algorithms, 2002, section 3.1); the slope of tanh is at most
/// 1, and its own rounding is covered by one more u per term.
double zero_rounding(const Eigen::VectorXd& magnitudes);

/// The largest absolute error of 1 - tanh(x)^2 from std::tanh: relative errors of 8 u in tanh (16 u
/// in its square), u from squaring and u from subtracting, with two more for their products.
inline constexpr double slope_rounding = 20.0 * unit_roundoff;
/// sup over |t - centre| <= radius of |tanh'(t) - tanh'(centre)|, rounded up; in closed form,
/// because tanh' falls with |t|.
double slope_variation(double centre, double radius);

}  // namespace shoal
