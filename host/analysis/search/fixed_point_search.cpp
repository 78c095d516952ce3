// SPDX-License-Identifier: MIT
#include "analysis/search/fixed_point_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <complex>
#include <string>

#include "analysis/dynamics/spectrum.hpp"
#include "analysis/search/completeness.hpp"
#include "analysis/search/continuum.hpp"
#include "analysis/search/inertia.hpp"
#include "analysis/search/search_run.hpp"
#include "analysis/search/search_starts.hpp"

namespace shoal {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

std::string limits_of(const SearchCuts& cuts, int fast_ends, const SearchOptions& options) {
    std::vector<std::string> notes;
    const auto note = [&](int count, const std::string& text) {
        if (count > 0) {
            notes.push_back(fmt::format("{} {}", count, text));
        }
    };
    note(cuts.capped_zeros,
         fmt::format("starts were still approaching after {} factorisations and were "
                     "looked at as slow.",
                     zero_search_limit));
    note(cuts.stalled,
         fmt::format("stalled starts were not followed to a slow point, as {} steps were used up.",
                     options.slow_steps));
    note(cuts.capped_minima,
         fmt::format("starts had reached no minimum of the speed after {} steps.",
                     slow_search_limit));
    note(fast_ends, fmt::format("starts ended at minima of the speed too fast to be kept (above "
                                "{:.3g} / tau, RMS).",
                                options.slow_speed));
    note(cuts.unproved, fmt::format("starts ended at zeros that could not be proved beyond the {} "
                                    "that are kept.",
                                    options.unproved_points));
    note(cuts.drawn,
         "starts were drawn, the most of this effort, while they said that roots are missing.");
    if (cuts.root_missing) {
        notes.push_back(
            fmt::format("A root is missing that up to {} more searches, repelled by the "
                        "known roots, did not find.",
                        options.effort * options.repelled_starts));
    }
    return fmt::format("{}", fmt::join(notes, " "));
}

void add_spectrum(FoundPoint& point, const Inertia& inertia, const Dynamics& dynamics) {
    if (inertia.eigenvalues.empty()) {
        return;
    }
    FlowSpectrum flow = flow_spectrum(inertia.eigenvalues);
    std::vector<std::complex<double>> values;
    if (dynamics.is_map()) {
        const MapSpectrum map = euler_map(flow, dynamics.dt() / dynamics.tau());
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

FoundPoint point_of(const Root& root, const Inertia& inertia, const SearchedNetwork& network) {
    FoundPoint point;
    const VectorXd state = network.form.to_state(root.x);
    point.state = values_of(state);
    point.speed = network.dynamics.velocity(state).norm();
    const StateRadii radii = state_radii(root.certificate, network.form);
    point.label = root.certificate.proved ? PointLabel::proved : PointLabel::converged;
    point.proved_radius = radii.existence;
    point.unique_radius = radii.uniqueness;
    point.index = root.certificate.index;
    add_spectrum(point, inertia, network.dynamics);
    return point;
}

FoundPoint point_of(const SlowRun& minimum, const SearchedNetwork& network, PointSpectra spectra) {
    FoundPoint point;
    point.state = values_of(minimum.state);
    point.speed = minimum.speed;
    point.label = PointLabel::slow;
    if (spectra != PointSpectra::none) {
        add_spectrum(point, inertia(network.form, network.form.from_state(minimum.state), -1.0),
                     network.dynamics);
    }
    return point;
}

/// The points of all roots, those of continua marked.
void add_roots(const SearchRun& run, PointSpectra spectra, SearchResult& result) {
    const SearchedNetwork& network = run.network();
    std::vector<ContinuumProbe> probes;
    std::vector<std::size_t> probed;
    std::vector<Inertia> inertias;
    for (std::size_t i = 0; i < run.roots().size(); ++i) {
        const Root& root = run.roots()[i];
        if (!root.certificate.proved) {
            probes.emplace_back(network, root.x);
            probed.push_back(i);
        }
        const bool mirrored = root.mirror != -1 && root.mirror < static_cast<int>(i);
        if (spectra == PointSpectra::none) {
            inertias.emplace_back();
        } else if (mirrored) {
            inertias.push_back(inertias[static_cast<std::size_t>(root.mirror)]);  // tanh' is even
        } else {
            result.work.spectra += 1;
            const bool prove = spectra == PointSpectra::proved;
            inertias.push_back(
                inertia(network.form, root.x, prove ? root.certificate.existence : -1.0));
        }
        result.points.push_back(point_of(root, inertias.back(), network));
    }
    const std::vector<int> continua = group_continua(probes);
    for (std::size_t k = 0; k < probes.size(); ++k) {
        result.points[probed[k]].continuum = continua[k];
        result.points[probed[k]].continuum_dimension = probes[k].dimension();
        result.summary.continua = std::max(result.summary.continua, continua[k] + 1);
    }
}

/// The points of slow minima; where each minimum stands among the points, -1: too fast.
std::vector<int> add_minima(const SearchRun& run, PointSpectra spectra, SearchResult& result) {
    std::vector<int> numbers;
    for (const Minimum& minimum : run.minima()) {
        numbers.push_back(minimum.slow ? static_cast<int>(result.points.size()) : -1);
        if (minimum.slow) {
            result.work.spectra += spectra == PointSpectra::none ? 0.0 : 1.0;
            result.points.push_back(point_of(minimum.run, run.network(), spectra));
        }
    }
    return numbers;
}

/// Hits of every point; how many starts ended at minima that are too fast.
int count_ends(const SearchRun& run, const std::vector<int>& minimum_points, SearchResult& result) {
    SearchSummary& summary = result.summary;
    int fast_ends = 0;
    for (const End& end : run.ends()) {
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
    summary.starts = static_cast<int>(run.ends().size());
    summary.stopped_early = run.stopped_early();
    summary.refined = summary.starts - summary.stopped_early - summary.ended_nowhere;
    summary.slow_points = static_cast<int>(result.points.size() - run.roots().size());
    return fast_ends;
}

/// A search and the kind of each of its starts.
class KindsOfStart {
  public:
    explicit KindsOfStart(SearchRun& run) : run_(run) {}

    void follow(SearchStart kind, const MatrixXd& starts) {
        kinds_.insert(kinds_.end(), static_cast<std::size_t>(starts.cols()), kind);
        run_.follow(starts);
    }

    /// What the drawn ones say about the isolated roots, those that is_isolated(root) names.
    template <class IsIsolated>
    std::vector<StartKindEvidence> evidence(const IsIsolated& is_isolated) const {
        std::vector<StartKindEvidence> all;
        for (const SearchStart kind : {SearchStart::random, SearchStart::directed}) {
            StartKindEvidence evidence;
            evidence.start = kind;
            evidence.starts = static_cast<int>(std::count(kinds_.begin(), kinds_.end(), kind));
            if (evidence.starts > 0) {
                add_recapture(recapture(hits(kind, is_isolated)), evidence);
                all.push_back(evidence);
            }
        }
        return all;
    }
    /// Whether more starts are worth their while.
    bool roots_are_missing() const {
        const auto& roots = run_.roots();
        const bool all_proved = std::all_of(roots.begin(), roots.end(), [](const Root& root) {
            return root.certificate.proved && root.certificate.index != 0;
        });
        return roots.empty() ||
               (all_proved && (run_.cuts().root_missing ||
                               !all_caught(evidence([](std::size_t) { return true; }))));
    }

  private:
    static void add_recapture(const Recapture& caught, StartKindEvidence& evidence) {
        evidence.at_roots = caught.hits;
        evidence.missed_estimate = caught.missed;
        evidence.missed_low = caught.low;
        evidence.missed_high = caught.high;
        evidence.coverage = caught.coverage;
        evidence.coverage_low = caught.coverage_low;
    }

    /// Starts of a kind that ended at each isolated root.
    template <class IsIsolated>
    std::vector<int> hits(SearchStart kind, const IsIsolated& is_isolated) const {
        const std::vector<Root>& roots = run_.roots();
        std::vector<int> at_root(roots.size(), 0);
        for (std::size_t start = 0; start < kinds_.size(); ++start) {
            const End& end = run_.ends()[start];
            if (kinds_[start] == kind && end.kind == End::Kind::root) {
                ++at_root[static_cast<std::size_t>(end.number)];
            }
        }
        std::vector<int> hits;
        for (std::size_t i = 0; i < roots.size(); ++i) {
            const int mirror = roots[i].mirror;
            if (!is_isolated(i)) {
                continue;
            }
            if (mirror == -1) {
                hits.push_back(at_root[i]);
            } else if (mirror > static_cast<int>(i)) {
                // A pair is one catch: where one is found, the other is known.
                hits.push_back(at_root[i] + at_root[static_cast<std::size_t>(mirror)]);
            }
        }
        return hits;
    }

    SearchRun& run_;
    std::vector<SearchStart> kinds_;  ///< [start]
};

/// Isolated roots, their indices, and what may have been missed.
void add_evidence(const SearchRun& run, const KindsOfStart& starts, SearchResult& result) {
    SearchSummary& summary = result.summary;
    summary.odd = run.network().form.odd();
    const auto is_isolated = [&](std::size_t root) { return result.points[root].continuum == -1; };
    for (std::size_t i = 0; i < run.roots().size(); ++i) {
        const FoundPoint& point = result.points[i];
        if (is_isolated(i)) {
            ++summary.roots;
            summary.proved += point.label == PointLabel::proved && point.index != 0 ? 1 : 0;
            summary.index_sum += point.index;
        }
    }
    summary.kinds = starts.evidence(is_isolated);
    if (!summary.kinds.empty()) {
        const StartKindEvidence& weakest = weakest_of(summary.kinds);
        summary.missed_estimate = weakest.missed_estimate;
        summary.missed_low = weakest.missed_low;
        summary.missed_high = weakest.missed_high;
        summary.coverage = weakest.coverage;
        summary.coverage_low = weakest.coverage_low;
    }
    summary.unknowns = run.unknowns();
    summary.boxes = run.boxes();
    summary.exhausted = run.complete();
    judge_completeness(summary);
}

/// Draws starts while they say that roots are missing and it is not proved that none is.
void draw_starts(const Dynamics& dynamics, const SearchOptions& options, KindsOfStart& starts,
                 SearchRun& run) {
    const DirectedStarts directed(dynamics, options.key);
    int drawn = 0;  // of each kind
    const auto draw = [&](int count) {
        starts.follow(SearchStart::random, random_starts(dynamics, count, options.key, drawn));
        starts.follow(SearchStart::directed, directed.draw(count, drawn));
        run.look_for_missing();
        drawn += count;
    };
    draw(options.drawn / 2);
    if (run.prove_complete()) {  // they leave it few roots to find
        return;
    }
    const int most = 4 * options.effort * options.drawn;
    while (4 * drawn <= most && starts.roots_are_missing()) {
        draw(drawn);
    }
    run.note_drawn(2 * drawn, starts.roots_are_missing());
}

}  // namespace

int usual_starts(Eigen::Index units) {
    return static_cast<int>(std::clamp<Eigen::Index>(128 * 1024 / units, 256, 1024));
}

SearchResult search_fixed_points(const Dynamics& dynamics, const MatrixXd& starts,
                                 const SearchOptions& options) {
    return search_fixed_points(dynamics, {{SearchStart::random, starts}}, options);
}

SearchResult search_fixed_points(const Dynamics& dynamics, const std::vector<SearchStarts>& starts,
                                 const SearchOptions& options) {
    SearchRun run(dynamics, options);
    KindsOfStart kinds(run);
    for (const SearchStarts& more : starts) {
        kinds.follow(more.kind, more.states);
    }
    run.look_for_missing();
    if (options.drawn >= 2) {
        draw_starts(dynamics, options, kinds, run);
    } else {
        run.prove_complete();
    }
    SearchResult result;
    result.work = run.work();
    add_roots(run, options.spectra, result);
    const std::vector<int> minimum_points = add_minima(run, options.spectra, result);
    const int fast_ends = count_ends(run, minimum_points, result);
    add_evidence(run, kinds, result);
    result.summary.limits = limits_of(run.cuts(), fast_ends, options);
    return result;
}

}  // namespace shoal
