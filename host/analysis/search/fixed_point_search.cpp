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
    if (cuts.root_missing) {
        notes.push_back(
            fmt::format("A root is missing that up to {} more searches, repelled by the "
                        "known roots, did not find.",
                        options.repelled_starts));
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

/// Isolated roots, their indices, and what may have been missed.
void judge_completeness(const SearchRun& run, SearchResult& result) {
    SearchSummary& summary = result.summary;
    summary.odd = run.network().form.odd();
    std::vector<int> hits;
    for (std::size_t i = 0; i < run.roots().size(); ++i) {
        const FoundPoint& point = result.points[i];
        if (point.continuum != -1) {
            continue;
        }
        ++summary.roots;
        summary.proved += point.label == PointLabel::proved && point.index != 0 ? 1 : 0;
        summary.index_sum += point.index;
        const int mirror = run.roots()[i].mirror;
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
}

}  // namespace

SearchResult search_fixed_points(const Dynamics& dynamics, const MatrixXd& starts,
                                 const SearchOptions& options) {
    const SearchRun run(dynamics, starts, options);
    SearchResult result;
    result.work = run.work();
    add_roots(run, options.spectra, result);
    const std::vector<int> minimum_points = add_minima(run, options.spectra, result);
    const int fast_ends = count_ends(run, minimum_points, result);
    judge_completeness(run, result);
    result.summary.limits = limits_of(run.cuts(), fast_ends, options);
    return result;
}

}  // namespace shoal
