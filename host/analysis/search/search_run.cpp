// SPDX-License-Identifier: MIT
#include "analysis/search/search_run.hpp"

#include <optional>
#include <utility>

#include "analysis/attractors/settling.hpp"
#include "analysis/search/all_roots.hpp"
#include "core/error.hpp"

namespace shoal {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Steps towards one proved root; a start whose distance halves each time needs no more to come
/// from the edge of the box that all roots lie in.
constexpr int chord_limit = 30;
/// Starts further from a root than this many uniqueness radii are not tried with it: they would be
/// drawn to a root that is not theirs.
constexpr double chord_reach = 4.0;

}  // namespace

SearchRun::SearchRun(const Dynamics& dynamics, const SearchOptions& options)
    : network_(dynamics), options_(options), roots_(network_), starts_(dynamics.units(), 0) {}

void SearchRun::follow(const MatrixXd& starts) {
    if (starts.cols() == 0) {
        return;
    }
    check(starts.rows() == network_.form.units(), "starts of the network's size");
    const Index first = starts_.cols();
    starts_.conservativeResize(Eigen::NoChange, first + starts.cols());
    for (Index i = 0; i < starts.cols(); ++i) {
        starts_.col(first + i) = network_.form.from_state(starts.col(i));
    }
    ends_.resize(static_cast<std::size_t>(starts_.cols()));
    for (std::size_t root = 0; first > 0 && root < roots_.roots().size(); ++root) {
        if (roots_.roots()[root].certificate.proved) {
            try_with(static_cast<int>(root));
        }
    }
    for (auto i = static_cast<std::size_t>(first); i < ends_.size(); ++i) {
        if (ends_[i].kind == End::Kind::waiting) {
            refine(i);
        }
    }
}

void SearchRun::end_at_root(std::size_t start, int root, bool early) {
    ends_[start] = {End::Kind::root, root};
    stopped_early_ += early ? 1 : 0;
}

bool SearchRun::known_end(const VectorXd& x, const VectorXd& state, End& end) const {
    const int root = roots_.proved_near(x);
    const int slow = root == -1 ? minimum_near(state) : -1;
    if (root != -1) {
        end = {End::Kind::root, root};
    } else if (slow != -1) {
        end = {End::Kind::minimum, slow};
    }
    return root != -1 || slow != -1;
}

int SearchRun::minimum_near(const VectorXd& state) const {
    const VectorXd rates = network_.dynamics.rates(state);
    for (std::size_t i = 0; i < minima_.size(); ++i) {
        if (rms(rates - minima_[i].rates) <= distinct_distance) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

void SearchRun::end_at_known(std::size_t start, const End& end, const VectorXd& x) {
    const bool early = options_.early_stop == EarlyStop::in_proved_basin;
    if (end.kind == End::Kind::root) {
        if (!early) {
            chord_to(end.number, x);
        }
        end_at_root(start, end.number, early);
    } else {
        ends_[start] = end;
    }
}

bool SearchRun::leads_to_known_minimum(const VectorXd& state, End& end) {
    for (std::size_t i = 0; i < minima_.size(); ++i) {
        if (leads_to_minimum(network_, minima_[i].run, state, distinct_distance, work_)) {
            end = {End::Kind::minimum, static_cast<int>(i)};
            return true;
        }
    }
    return false;
}

void SearchRun::refine(std::size_t start) {
    End end;
    // Known slow points stop nobody here: on a slow ring roots are close to them.
    const auto watch = [&](const VectorXd& x) {
        end = {End::Kind::root, roots_.proved_near(x)};
        return end.number != -1;
    };
    const ZeroRun run = find_zero(network_, starts_.col(static_cast<Index>(start)), watch);
    work_ += run.work;
    switch (run.fate) {
        case ZeroFate::watched:
            end_at_known(start, end, run.x);
            break;
        case ZeroFate::zero: {
            const int root = add_root(run.x);
            if (root == -1) {
                ends_[start].kind = End::Kind::nowhere;
            } else {
                end_at_root(start, root, false);
            }
            break;
        }
        case ZeroFate::capped:
            ++cuts_.capped_zeros;
            [[fallthrough]];
        case ZeroFate::stalled:
            minimise(start, run.x);
            break;
    }
}

int SearchRun::add_root(const VectorXd& x) {
    const std::size_t known = roots_.roots().size();
    work_.proofs += 1;
    const int root = roots_.add(x, static_cast<std::size_t>(options_.unproved_points));
    cuts_.unproved += root == -1 ? 1 : 0;
    for (std::size_t fresh = known; fresh < roots_.roots().size(); ++fresh) {
        if (roots_.roots()[fresh].certificate.proved) {
            try_with(static_cast<int>(fresh));
        }
    }
    return root;
}

void SearchRun::chord_to(int root, VectorXd x) {
    const Root& target = roots_.roots()[static_cast<std::size_t>(root)];
    for (int i = 0; i < chord_limit; ++i) {
        const VectorXd residual = network_.form.residual(x);
        work_.products += 2;
        if (residual.norm() <= network_.form.rounding(x)) {
            break;
        }
        x -= target.certificate.inverse * residual;
    }
}

void SearchRun::try_with(int root) {
    const Root target = roots_.roots()[static_cast<std::size_t>(root)];
    const PackedMatrix inverse(target.certificate.inverse);
    std::vector<std::size_t> trying;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
        const double apart =
            (starts_.col(static_cast<Index>(i)) - target.x).lpNorm<Eigen::Infinity>();
        if (ends_[i].kind == End::Kind::waiting &&
            apart < chord_reach * target.certificate.uniqueness) {
            trying.push_back(i);
        }
    }
    MatrixXd x(network_.form.units(), static_cast<Index>(trying.size()));
    for (std::size_t k = 0; k < trying.size(); ++k) {
        x.col(static_cast<Index>(k)) = starts_.col(static_cast<Index>(trying[k]));
    }
    const bool early = options_.early_stop == EarlyStop::in_proved_basin;
    for (int step = 0; step <= chord_limit && !trying.empty(); ++step) {
        MatrixXd residual = multiply(network_.packed, network_.form.rates(x)) - x;
        residual.colwise() += network_.form.drive();
        const MatrixXd next = x - multiply(inverse, residual);
        work_.products += 2.0 * static_cast<double>(x.cols());
        std::vector<std::size_t> left;
        for (std::size_t k = 0; k < trying.size(); ++k) {
            const auto column = static_cast<Index>(k);
            const VectorXd here = x.col(column);
            const bool within =
                (here - target.x).lpNorm<Eigen::Infinity>() < target.certificate.uniqueness;
            if (within && (early || residual.col(column).norm() <= network_.form.rounding(here))) {
                end_at_root(trying[k], root, early);
                continue;
            }
            const bool nearer =
                (next.col(column) - target.x).norm() <= 0.5 * (here - target.x).norm();
            if (within || nearer) {
                x.col(static_cast<Index>(left.size())) = next.col(column);
                left.push_back(trying[k]);
            }
        }
        x.conservativeResize(Eigen::NoChange, static_cast<Index>(left.size()));
        trying = std::move(left);
    }
}

bool SearchRun::root_is_missing() const {
    int sum = 0;
    for (const Root& root : roots_.roots()) {
        if (root.certificate.index == 0) {
            return false;  // nothing can be said
        }
        sum += root.certificate.index;
    }
    return sum != 1;
}

namespace {

/// States beyond the uniqueness radius of a root, both ways along its slowest direction (that of
/// power iteration with the inverse): where the other root of a pair is that a saddle-node has
/// left.
std::vector<VectorXd> beside(const Root& root) {
    VectorXd along = VectorXd::Ones(root.x.size());
    for (int i = 0; i < 30; ++i) {
        along = root.certificate.inverse * along;
        along /= along.lpNorm<Eigen::Infinity>();
    }
    const double reach = 8.0 * root.certificate.uniqueness;
    return {root.x + reach * along, root.x - reach * along};
}

}  // namespace

void SearchRun::look_for_missing() {
    int followed = 0;
    const auto follow = [&](const VectorXd& from) {
        std::vector<VectorXd> known;
        for (const Root& root : roots_.roots()) {
            known.push_back(root.x);
        }
        const ZeroRun run = find_other_zero(network_, from, known);
        work_ += run.work;
        if (run.fate == ZeroFate::zero) {
            add_root(run.x);
        }
        ++followed;
    };
    const auto goes_on = [&] {
        return followed < options_.effort * options_.repelled_starts && root_is_missing();
    };
    for (std::size_t k = 0; k < roots_.roots().size() && goes_on(); ++k) {
        for (const VectorXd& from : beside(roots_.roots()[k])) {
            follow(from);
        }
    }
    for (Index start = 0; start < starts_.cols() && goes_on(); ++start) {
        follow(starts_.col(start));
    }
    cuts_.root_missing = !roots_.roots().empty() && root_is_missing();
}

bool SearchRun::prove_complete() {
    const auto equation =
        options_.exhaustive ? reduced_equation(network_.form) : std::optional<ReducedEquation>();
    if (!equation) {
        return false;
    }
    const auto search_from = [&](const VectorXd& x) {
        const ZeroRun run = find_zero(network_, x, [](const VectorXd&) { return false; });
        work_ += run.work;
        if (run.fate == ZeroFate::zero) {
            add_root(run.x);
        }
    };
    const AllRoots all = find_all_roots(
        network_.form, *equation, [&]() -> const std::vector<Root>& { return roots_.roots(); },
        search_from, options_.effort* most_boxes(network_.form.units()));
    unknowns_ = equation->unknowns();
    boxes_ = all.boxes;
    complete_ = all.complete;
    return complete_;
}

void SearchRun::minimise(std::size_t start, const VectorXd& x) {
    ends_[start].kind = End::Kind::nowhere;
    if (!x.allFinite()) {
        return;
    }
    if (work_.minimisations >= options_.slow_steps) {
        ++cuts_.stalled;
        return;
    }
    const Dynamics& dynamics = network_.dynamics;
    End known;
    const auto watch = [&](const VectorXd& state) {
        return known_end(network_.form.from_state(state), state, known) ||
               leads_to_known_minimum(state, known);
    };
    const SlowRun run = find_slow_point(network_, network_.form.to_state(x), watch);
    work_ += run.work;
    if (run.fate == SlowFate::watched) {
        end_at_known(start, known, network_.form.from_state(run.state));
        return;
    }
    // A minimum may be a zero that Newton did not reach.
    const VectorXd end = network_.form.from_state(run.state);
    if (run.speed <= 1e3 * dynamics.velocity_rounding(run.state)) {
        const ZeroRun zero = find_zero(network_, end, [](const VectorXd&) { return false; });
        work_ += zero.work;
        const bool stayed =
            rms(network_.form.rates(zero.x) - network_.form.rates(end)) <= distinct_distance;
        const int root = zero.fate == ZeroFate::zero && stayed ? add_root(zero.x) : -1;
        if (root != -1) {
            end_at_root(start, root, false);
        }
        return;
    }
    if (run.fate == SlowFate::capped) {
        ++cuts_.capped_minima;
        return;
    }
    const bool slow = rms(dynamics.velocity(run.state)) * dynamics.tau() <= options_.slow_speed;
    ends_[start] = {End::Kind::minimum, static_cast<int>(minima_.size())};
    minima_.push_back({run, dynamics.rates(run.state), slow});
}

}  // namespace shoal
