// SPDX-License-Identifier: MIT
#include "analysis/search/all_roots.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "core/rounding.hpp"
#include "core/stop.hpp"

namespace shoal {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index most_unknowns = 4;
/// Of the Frobenius norm: what storing entries in single precision leaves of a lower rank, twice.
constexpr double rounding_of_rank = 0x1p-23;
/// Of std::tanh, relative (certificate.hpp).
constexpr double tanh_rounding = 8.0 * unit_roundoff;
/// Where all states of a box are within this distance a search from its middle ends at its root.
constexpr double close_reach = 1e-2;
/// Where they are within this distance, beside the remainder, the proof is given up: there a root
/// is not isolated, or so nearly that its own proof fails.
constexpr double smallest_reach = 1e-7;
/// A box that shrinks to this share of a width is looked at again before it is halved.
constexpr double worthwhile = 0.7;

/// lower <= a <= upper.
struct Box {
    VectorXd lower, upper;
    bool searched = false;  ///< from its middle, or that of one it is a part of

    bool empty() const { return (lower.array() > upper.array()).any(); }
    /// Takes away what is further from `middle` than `reach`.
    void keep(const VectorXd& middle, const VectorXd& reach) {
        const VectorXd out = outward * reach + 4.0 * unit_roundoff * middle.cwiseAbs() +
                             VectorXd::Constant(reach.size(), underflow);
        lower = lower.cwiseMax(middle - out);
        upper = upper.cwiseMin(middle + out);
    }
};

enum class Fate { no_root, known_root, shrunk, undecided };

class BoxSearch {
  public:
    BoxSearch(const ZeroForm& form, const ReducedEquation& equation)
        : form_(form),
          equation_(equation),
          abs_u_(equation.u.cwiseAbs()),
          abs_v_(equation.v.cwiseAbs()) {}

    /// All a that roots may have.
    Box whole() const {
        const VectorXd most = outward * abs_v_.colwise().sum().transpose();
        return {-most, most, false};
    }

    /// Shrinks a box; `middle` and reach() are then of the box as it was.
    Fate look_at(Box& box, const std::vector<Root>& roots);
    /// x in the middle of the last box, and how far, unit by unit, those of its other a are.
    const VectorXd& middle() const { return x_; }
    const VectorXd& reach() const { return reach_; }
    /// Whether the last box has a root, as Krawczyk's operator maps it into itself.
    bool has_root() const { return has_root_; }
    /// Whether all states of the last box lie where no root is but one of these.
    bool within_known(const std::vector<Root>& roots) const;
    /// The unknown that moves states of the last box most.
    Index widest() const;

  private:
    void place(const Box& box);
    void keep_images(Box& box) const;
    void keep_krawczyk(Box& box);

    const ZeroForm& form_;
    const ReducedEquation& equation_;
    MatrixXd abs_u_, abs_v_;
    VectorXd centre_, width_;         ///< a0 and w
    VectorXd x_, at_middle_, reach_;  ///< x of a0; |x - x_| at a0 and over the box
    VectorXd low_, high_;             ///< tanh over the box
    bool has_root_ = false;
};

void BoxSearch::place(const Box& box) {
    centre_ = 0.5 * (box.lower + box.upper);
    width_ = outward * (box.upper - centre_).cwiseMax(centre_ - box.lower);
    x_ = form_.drive() + equation_.u * centre_;
    at_middle_ = equation_.remainder + gamma_bound(equation_.u.cols() + 1) *
                                           (form_.drive().cwiseAbs() + abs_u_ * centre_.cwiseAbs());
    at_middle_ *= outward;
    reach_ = outward * (at_middle_ + abs_u_ * width_);
    const VectorXd out = reach_ + 2.0 * unit_roundoff * (x_.cwiseAbs() + reach_);
    // tanh rises.
    low_ = form_.rates(VectorXd(x_ - out));
    high_ = form_.rates(VectorXd(x_ + out));
}

bool BoxSearch::within_known(const std::vector<Root>& roots) const {
    return std::any_of(roots.begin(), roots.end(), [&](const Root& root) {
        return root.certificate.proved && outward * ((x_ - root.x).cwiseAbs() + reach_).maxCoeff() <
                                              root.certificate.uniqueness;
    });
}

/// a in V' tanh(c + U A + e).
void BoxSearch::keep_images(Box& box) const {
    const Index n = x_.size();
    const VectorXd middle = 0.5 * (low_ + high_);
    const VectorXd spread = (0.5 * (high_ - low_)).array() + (tanh_rounding + 2.0 * unit_roundoff);
    box.keep(equation_.v.transpose() * middle,
             abs_v_.transpose() * (spread + gamma_bound(n) * middle.cwiseAbs()));
}

/// a in a0 - Y H(a0) + (I - Y [DH]) (A - a0).
void BoxSearch::keep_krawczyk(Box& box) {
    const Index n = x_.size();
    const Index k = centre_.size();
    const VectorXd at_low = slopes_of(low_);
    const VectorXd at_high = slopes_of(high_);
    // The slope of tanh is largest at 0 and falls from there.
    const VectorXd least = at_low.cwiseMin(at_high);
    const VectorXd most = (low_.array() < 0.0 && high_.array() > 0.0)
                              .select(VectorXd::Ones(n), at_low.cwiseMax(at_high));
    const VectorXd slope = 0.5 * (least + most);
    const VectorXd varies = (0.5 * (most - least)).array() + (slope_rounding + 2.0 * unit_roundoff);
    const MatrixXd identity = MatrixXd::Identity(k, k);
    const MatrixXd jacobian =
        identity - equation_.v.transpose() * (slope.asDiagonal() * equation_.u);
    const MatrixXd jacobian_varies =
        abs_v_.transpose() * ((varies + gamma_bound(n + 3) * slope).asDiagonal() * abs_u_) +
        unit_roundoff * identity;
    const MatrixXd inverse = jacobian.inverse();
    if (!inverse.allFinite()) {
        return;
    }
    const MatrixXd abs_inverse = inverse.cwiseAbs();
    const VectorXd rates = form_.rates(x_);
    const VectorXd residual = centre_ - equation_.v.transpose() * rates;
    const VectorXd residual_reach =
        abs_v_.transpose() * ((at_middle_.array() + tanh_rounding).matrix() +
                              gamma_bound(n + 1) * rates.cwiseAbs()) +
        2.0 * unit_roundoff * centre_.cwiseAbs();
    const MatrixXd spread = (identity - inverse * jacobian).cwiseAbs() +
                            abs_inverse * jacobian_varies +
                            gamma_bound(k + 2) * (identity + abs_inverse * jacobian.cwiseAbs());
    const VectorXd middle = centre_ - inverse * residual;
    const VectorXd reach =
        abs_inverse * residual_reach + spread * width_ +
        gamma_bound(k + 2) * (centre_.cwiseAbs() + abs_inverse * residual.cwiseAbs());
    has_root_ = (outward * ((middle - centre_).cwiseAbs() + reach).array() < width_.array()).all();
    box.keep(middle, reach);
}

Fate BoxSearch::look_at(Box& box, const std::vector<Root>& roots) {
    has_root_ = false;
    place(box);
    if (within_known(roots)) {
        return Fate::known_root;
    }
    const VectorXd before = box.upper - box.lower;
    keep_images(box);
    if (!box.empty()) {
        keep_krawczyk(box);
    }
    if (box.empty()) {
        return Fate::no_root;
    }
    const VectorXd after = box.upper - box.lower;
    return (after.array() < worthwhile * before.array()).any() ? Fate::shrunk : Fate::undecided;
}

Index BoxSearch::widest() const {
    Index unknown = 0;
    (abs_u_.colwise().sum().transpose().cwiseProduct(width_)).maxCoeff(&unknown);
    return unknown;
}

/// A root that is not proved leaves boxes about it for good.
bool all_proved(const std::vector<Root>& roots) {
    return std::all_of(roots.begin(), roots.end(),
                       [](const Root& root) { return root.certificate.proved; });
}

void halve(const Box& box, Index unknown, std::deque<Box>& boxes) {
    const double middle = 0.5 * (box.lower[unknown] + box.upper[unknown]);
    boxes.push_back(box);
    boxes.back().upper[unknown] = middle;
    boxes.push_back(box);
    boxes.back().lower[unknown] = middle;
}

/// Whether a proved root lies in the last box that was looked at.
bool has_known_root(const BoxSearch& search, const std::vector<Root>& roots) {
    return std::any_of(roots.begin(), roots.end(), [&](const Root& root) {
        return root.certificate.proved &&
               ((root.x - search.middle()).cwiseAbs().array() <= search.reach().array()).all();
    });
}

/// W = U V' + E with V from few rows of W: a matrix of rank k is W = (W Q) Q' for an orthonormal
/// basis Q of k of its rows, here those furthest from the span of the ones before.
std::optional<ReducedEquation> low_rank_equation(const MatrixXd& weights) {
    const Index n = weights.rows();
    MatrixXd rest = weights;
    MatrixXd v(n, 0);
    const double negligible = rounding_of_rank * weights.norm();
    while (v.cols() < most_unknowns && rest.norm() > negligible) {
        Index row = 0;
        rest.rowwise().squaredNorm().maxCoeff(&row);
        v.conservativeResize(Eigen::NoChange, v.cols() + 1);
        v.rightCols(1) = rest.row(row).transpose().normalized();
        rest -= (rest * v.rightCols(1)) * v.rightCols(1).transpose();
    }
    if (v.cols() == 0 || rest.norm() > negligible) {
        return std::nullopt;
    }
    ReducedEquation equation;
    equation.u = weights * v;
    equation.v = v;
    const MatrixXd left =
        (weights - equation.u * v.transpose()).cwiseAbs() +
        gamma_bound(v.cols() + 1) *
            (weights.cwiseAbs() + equation.u.cwiseAbs() * v.cwiseAbs().transpose());
    equation.remainder = outward * left.rowwise().sum();
    return equation;
}

}  // namespace

std::optional<ReducedEquation> reduced_equation(const ZeroForm& form) {
    const MatrixXd& weights = form.weights();
    const Index n = form.units();
    // So that no bound overflows.
    if (!std::isfinite(weights.squaredNorm()) || !std::isfinite(form.drive().squaredNorm())) {
        return std::nullopt;
    }
    if (n <= most_unknowns) {
        return ReducedEquation{weights, MatrixXd::Identity(n, n), VectorXd::Zero(n)};
    }
    return low_rank_equation(weights);
}

int most_boxes(Index units) {
    return static_cast<int>(std::min<Index>(1'000'000, 50'000'000 / units));
}

AllRoots find_all_roots(const ZeroForm& form, const ReducedEquation& equation,
                        const std::function<const std::vector<Root>&()>& roots,
                        const std::function<void(const VectorXd& x)>& search_from, int most) {
    AllRoots result;
    if (!all_proved(roots())) {
        return result;
    }
    BoxSearch search(form, equation);
    std::deque<Box> boxes = {search.whole()};
    while (!boxes.empty() && result.boxes < most) {
        stop_point();
        ++result.boxes;
        Box box = std::move(boxes.front());
        boxes.pop_front();
        const Fate fate = search.look_at(box, roots());
        if (fate == Fate::no_root || fate == Fate::known_root) {
            continue;
        }
        const double reach = search.reach().maxCoeff();
        const bool smallest = reach < smallest_reach + 2.0 * equation.remainder.maxCoeff();
        const bool may_search = !box.searched && (search.has_root() || reach < close_reach);
        if ((may_search || smallest) && !has_known_root(search, roots())) {
            search_from(search.middle());
            box.searched = true;
        }
        if (!all_proved(roots()) || (smallest && !search.within_known(roots()))) {
            return result;
        }
        if (fate == Fate::shrunk) {
            boxes.push_back(std::move(box));
        } else {
            halve(box, search.widest(), boxes);
        }
    }
    result.complete = boxes.empty();
    return result;
}

}  // namespace shoal
