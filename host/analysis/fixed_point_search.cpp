// SPDX-License-Identifier: MIT
#include "analysis/fixed_point_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>

#include "analysis/completeness.hpp"
#include "analysis/continuum.hpp"
#include "analysis/inertia.hpp"
#include "analysis/root_set.hpp"
#include "analysis/settling.hpp"
#include "analysis/spectrum.hpp"
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

/// A minimum of q; too fast ones are remembered, too, so that they are not searched again.
struct Minimum {
    SlowRun run;
    VectorXd rates;
    bool slow = false;
};

/// Where a start ended.
struct End {
    enum class Kind { waiting, root, minimum, nowhere } kind = Kind::waiting;
    int number = -1;
};

class Search {
  public:
    Search(const Dynamics& dynamics, const MatrixXd& starts, const SearchOptions& options);

    SearchResult result();

  private:
    void refine(std::size_t start);
    void minimise(std::size_t start, const VectorXd& x);
    bool known_end(const VectorXd& x, const VectorXd& state, End& end) const;
    int minimum_near(const VectorXd& state) const;
    void end_at_known(std::size_t start, const End& end, const VectorXd& x);
    bool leads_to_known_minimum(const VectorXd& state, End& end);
    void end_at_root(std::size_t start, int root, bool early);
    int add_root(const VectorXd& x);
    bool root_is_missing() const;
    void look_for_missing();
    void try_with(int root);
    void chord_to(int root, VectorXd x);
    FoundPoint point_of(const Root& root, const Inertia& inertia) const;
    FoundPoint point_of(const SlowRun& minimum);
    void add_spectrum(FoundPoint& point, const Inertia& inertia) const;
    std::string limits(int fast_ends) const;

    SearchedNetwork network_;
    const SearchOptions& options_;
    RootSet roots_;
    MatrixXd starts_;  ///< as x of G
    std::vector<End> ends_;
    std::vector<Minimum> minima_;
    SearchWork work_;
    int stopped_early_ = 0;
    int stalled_unsearched_ = 0;
    int capped_zero_ = 0;
    int capped_slow_ = 0;
    int dropped_unproved_ = 0;
    bool still_missing_ = false;
};

Search::Search(const Dynamics& dynamics, const MatrixXd& starts, const SearchOptions& options)
    : network_(dynamics),
      options_(options),
      roots_(network_),
      starts_(starts.rows(), starts.cols()),
      ends_(static_cast<std::size_t>(starts.cols())) {
    check(starts.rows() == dynamics.units(), "starts of the network's size");
    for (Index i = 0; i < starts.cols(); ++i) {
        starts_.col(i) = network_.form.from_state(starts.col(i));
    }
    for (std::size_t i = 0; i < ends_.size(); ++i) {
        if (ends_[i].kind == End::Kind::waiting) {
            refine(i);
        }
    }
    look_for_missing();
}

void Search::end_at_root(std::size_t start, int root, bool early) {
    ends_[start] = {End::Kind::root, root};
    stopped_early_ += early ? 1 : 0;
}

/// Whether an iterate, x of G and state of the network, needs no further steps.
bool Search::known_end(const VectorXd& x, const VectorXd& state, End& end) const {
    const int root = roots_.proved_near(x);
    const int slow = root == -1 ? minimum_near(state) : -1;
    if (root != -1) {
        end = {End::Kind::root, root};
    } else if (slow != -1) {
        end = {End::Kind::minimum, slow};
    }
    return root != -1 || slow != -1;
}

int Search::minimum_near(const VectorXd& state) const {
    const VectorXd rates = network_.dynamics.rates(state);
    for (std::size_t i = 0; i < minima_.size(); ++i) {
        if (rms(rates - minima_[i].rates) <= distinct_distance) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

void Search::end_at_known(std::size_t start, const End& end, const VectorXd& x) {
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

bool Search::leads_to_known_minimum(const VectorXd& state, End& end) {
    for (std::size_t i = 0; i < minima_.size(); ++i) {
        if (leads_to_minimum(network_, minima_[i].run, state, distinct_distance, work_)) {
            end = {End::Kind::minimum, static_cast<int>(i)};
            return true;
        }
    }
    return false;
}

void Search::refine(std::size_t start) {
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
            ++capped_zero_;
            [[fallthrough]];
        case ZeroFate::stalled:
            minimise(start, run.x);
            break;
    }
}

int Search::add_root(const VectorXd& x) {
    const std::size_t known = roots_.roots().size();
    work_.proofs += 1;
    const int root = roots_.add(x, static_cast<std::size_t>(options_.unproved_points));
    dropped_unproved_ += root == -1 ? 1 : 0;
    for (std::size_t fresh = known; fresh < roots_.roots().size(); ++fresh) {
        if (roots_.roots()[fresh].certificate.proved) {
            try_with(static_cast<int>(fresh));
        }
    }
    return root;
}

void Search::chord_to(int root, VectorXd x) {
    const Root& target = roots_.roots()[static_cast<std::size_t>(root)];
    for (int i = 0; i < chord_limit; ++i) {
        const VectorXd residual = network_.form.residual(x);
        work_.products += 2;
        if (residual.norm() <= network_.rounding(x)) {
            break;
        }
        x -= target.certificate.inverse * residual;
    }
}

void Search::try_with(int root) {
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
        MatrixXd residual = multiply(network_.packed, x.array().tanh().matrix()) - x;
        residual.colwise() += network_.form.drive();
        const MatrixXd next = x - multiply(inverse, residual);
        work_.products += 2.0 * static_cast<double>(x.cols());
        std::vector<std::size_t> left;
        for (std::size_t k = 0; k < trying.size(); ++k) {
            const auto column = static_cast<Index>(k);
            const VectorXd here = x.col(column);
            const bool within =
                (here - target.x).lpNorm<Eigen::Infinity>() < target.certificate.uniqueness;
            if (within && (early || residual.col(column).norm() <= network_.rounding(here))) {
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

bool Search::root_is_missing() const {
    int sum = 0;
    for (const Root& root : roots_.roots()) {
        if (root.certificate.index == 0) {
            return false;  // nothing can be said
        }
        sum += root.certificate.index;
    }
    return sum != 1;
}

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

void Search::look_for_missing() {
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
    const auto goes_on = [&] { return followed < options_.repelled_starts && root_is_missing(); };
    for (std::size_t k = 0; k < roots_.roots().size() && goes_on(); ++k) {
        for (const VectorXd& from : beside(roots_.roots()[k])) {
            follow(from);
        }
    }
    for (Index start = 0; start < starts_.cols() && goes_on(); ++start) {
        follow(starts_.col(start));
    }
    still_missing_ = !roots_.roots().empty() && root_is_missing();
}

void Search::minimise(std::size_t start, const VectorXd& x) {
    ends_[start].kind = End::Kind::nowhere;
    if (!x.allFinite()) {
        return;
    }
    if (work_.minimisations >= options_.slow_steps) {
        ++stalled_unsearched_;
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
        const bool stayed = rms(tanh_of(zero.x) - tanh_of(end)) <= distinct_distance;
        const int root = zero.fate == ZeroFate::zero && stayed ? add_root(zero.x) : -1;
        if (root != -1) {
            end_at_root(start, root, false);
        }
        return;
    }
    if (run.fate == SlowFate::capped) {
        ++capped_slow_;
        return;
    }
    const bool slow = rms(dynamics.velocity(run.state)) * dynamics.tau() <= options_.slow_speed;
    ends_[start] = {End::Kind::minimum, static_cast<int>(minima_.size())};
    minima_.push_back({run, dynamics.rates(run.state), slow});
}

std::string Search::limits(int fast_ends) const {
    std::vector<std::string> notes;
    const auto note = [&](int count, const std::string& text) {
        if (count > 0) {
            notes.push_back(fmt::format("{} {}", count, text));
        }
    };
    note(capped_zero_, fmt::format("starts were still approaching after {} factorisations and were "
                                   "looked at as slow.",
                                   zero_search_limit));
    note(stalled_unsearched_,
         fmt::format("stalled starts were not followed to a slow point, as {} steps were used up.",
                     options_.slow_steps));
    note(capped_slow_, fmt::format("starts had reached no minimum of the speed after {} steps.",
                                   slow_search_limit));
    note(fast_ends, fmt::format("starts ended at minima of the speed too fast to be kept (above "
                                "{:.3g} / tau, RMS).",
                                options_.slow_speed));
    note(dropped_unproved_,
         fmt::format("starts ended at zeros that could not be proved beyond the {} "
                     "that are kept.",
                     options_.unproved_points));
    if (still_missing_) {
        notes.push_back(
            fmt::format("A root is missing that up to {} more searches, repelled by the "
                        "known roots, did not find.",
                        options_.repelled_starts));
    }
    return fmt::format("{}", fmt::join(notes, " "));
}

void Search::add_spectrum(FoundPoint& point, const Inertia& inertia) const {
    if (inertia.eigenvalues.empty()) {
        return;
    }
    const Dynamics& dynamics = network_.dynamics;
    FlowSpectrum flow = flow_spectrum(inertia.eigenvalues);
    std::vector<std::complex<double>> values;
    if (dynamics.is_map()) {
        // dt = tau: 1 + dt lambda / tau.
        const MapSpectrum map = euler_map(flow, 1.0);
        point.unstable = map.unstable();
        point.unstable_proved = inertia.proves_map_count(dynamics.dt(), dynamics.tau());
        values = map.eigenvalues;
    } else {
        point.unstable = flow.unstable();
        point.unstable_proved = inertia.proves_flow_count();
        for (auto& value : flow.eigenvalues) {
            value /= dynamics.tau();
        }
        values = flow.eigenvalues;
    }
    for (const auto& value : values) {
        point.eigenvalues.push_back(value.real());
        point.eigenvalues.push_back(value.imag());
    }
}

std::vector<double> values_of(const VectorXd& v) {
    return {v.data(), v.data() + v.size()};
}

FoundPoint Search::point_of(const Root& root, const Inertia& inertia) const {
    FoundPoint point;
    const VectorXd state = network_.form.to_state(root.x);
    point.state = values_of(state);
    point.speed = network_.dynamics.velocity(state).norm();
    const StateRadii radii = state_radii(root.certificate, network_.form, network_.dynamics.cell());
    point.label = root.certificate.proved ? PointLabel::proved : PointLabel::converged;
    point.proved_radius = radii.existence;
    point.unique_radius = radii.uniqueness;
    point.index = root.certificate.index;
    add_spectrum(point, inertia);
    return point;
}

FoundPoint Search::point_of(const SlowRun& minimum) {
    FoundPoint point;
    point.state = values_of(minimum.state);
    point.speed = minimum.speed;
    point.label = PointLabel::slow;
    if (options_.spectra != PointSpectra::none) {
        work_.spectra += 1;
        add_spectrum(point, inertia(network_.form, network_.form.from_state(minimum.state), -1.0));
    }
    return point;
}

SearchResult Search::result() {
    SearchResult result;
    const std::vector<Root>& roots = roots_.roots();
    std::vector<ContinuumProbe> probes;
    std::vector<std::size_t> probed;
    std::vector<Inertia> inertias;
    for (std::size_t i = 0; i < roots.size(); ++i) {
        const Root& root = roots[i];
        if (!root.certificate.proved) {
            probes.emplace_back(network_, root.x);
            probed.push_back(i);
        }
        const bool mirrored = root.mirror != -1 && root.mirror < static_cast<int>(i);
        if (options_.spectra == PointSpectra::none) {
            inertias.emplace_back();
        } else if (mirrored) {
            inertias.push_back(inertias[static_cast<std::size_t>(root.mirror)]);  // tanh' is even
        } else {
            work_.spectra += 1;
            const bool prove = options_.spectra == PointSpectra::proved;
            inertias.push_back(
                inertia(network_.form, root.x, prove ? root.certificate.existence : -1.0));
        }
        result.points.push_back(point_of(root, inertias.back()));
    }
    const std::vector<int> continua = group_continua(probes);
    for (std::size_t k = 0; k < probes.size(); ++k) {
        result.points[probed[k]].continuum = continua[k];
        result.points[probed[k]].continuum_dimension = probes[k].dimension();
        result.summary.continua = std::max(result.summary.continua, continua[k] + 1);
    }
    std::vector<int> minimum_points;  // their numbers among the points, -1: too fast
    for (const Minimum& minimum : minima_) {
        minimum_points.push_back(minimum.slow ? static_cast<int>(result.points.size()) : -1);
        if (minimum.slow) {
            result.points.push_back(point_of(minimum.run));
        }
    }
    SearchSummary& summary = result.summary;
    int fast_ends = 0;
    for (const End& end : ends_) {
        int point = -1;
        if (end.kind == End::Kind::root) {
            point = end.number;
        } else if (end.kind == End::Kind::minimum) {
            point = minimum_points[static_cast<std::size_t>(end.number)];
            fast_ends += point == -1 ? 1 : 0;
        }
        result.ends.push_back(point);
        if (point == -1) {
            ++summary.ended_nowhere;
            continue;
        }
        FoundPoint& at = result.points[static_cast<std::size_t>(point)];
        ++at.hits;
        summary.continuum_starts += at.continuum != -1 ? 1 : 0;
    }
    summary.starts = static_cast<int>(ends_.size());
    summary.stopped_early = stopped_early_;
    summary.refined = summary.starts - stopped_early_ - summary.ended_nowhere;
    summary.slow_points = static_cast<int>(result.points.size() - roots.size());
    summary.odd = network_.form.odd();
    std::vector<int> hits;
    for (std::size_t i = 0; i < roots.size(); ++i) {
        const FoundPoint& point = result.points[i];
        if (point.continuum != -1) {
            continue;
        }
        ++summary.roots;
        summary.proved += point.label == PointLabel::proved && point.index != 0 ? 1 : 0;
        summary.index_sum += point.index;
        const int mirror = roots[i].mirror;
        if (mirror == -1) {
            hits.push_back(point.hits);
        } else if (mirror > static_cast<int>(i)) {
            // A pair is one catch: where one is found, the other is known.
            hits.push_back(point.hits + result.points[static_cast<std::size_t>(mirror)].hits);
        }
    }
    const Recapture caught = recapture(hits);
    summary.missed_estimate = caught.missed;
    summary.missed_low = caught.low;
    summary.missed_high = caught.high;
    summary.coverage = caught.coverage;
    summary.coverage_low = caught.coverage_low;
    summary.completeness =
        verdict_of({summary.roots, summary.proved, summary.index_sum, summary.continua, caught});
    summary.limits = limits(fast_ends);
    result.work = work_;
    return result;
}

}  // namespace

SearchResult search_fixed_points(const Dynamics& dynamics, const MatrixXd& starts,
                                 const SearchOptions& options) {
    return Search(dynamics, starts, options).result();
}

}  // namespace shoal
