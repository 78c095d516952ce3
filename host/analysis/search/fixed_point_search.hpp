// SPDX-License-Identifier: MIT
// Fixed and slow points of one network from many starts: which points there are, what is proved
// about each, and what may have been missed.
//
//   zeros        damped Newton on G (zero_form.hpp) from every start; F as flow and as map has the
//                same zeros
//   slow points  where Newton stalls: minima of q = 0.5 |F|^2 that are not zeros (Sussillo & Barak,
//                Neural Computation 25, 2013), with their speed
//   proofs       certificate.hpp for each zero, inertia.hpp for its unstable directions
//   continua     zeros that cannot be proved because they are not isolated (continuum.hpp)
//   complete?    all_roots.hpp where an equation in few unknowns has all roots, and
//                completeness.hpp
//
// Against finding a zero again: once a zero is proved, x - A G(x) converges to it from everywhere
// within its uniqueness radius, at the cost of two products with a vector. All starts that still
// wait are tried with it at once, and a start whose distance halves at every such step until it is
// within that radius has ended; so does a Newton run whose iterate comes within. Two zeros are the
// same if their boxes say so; where one is not proved, if their rates differ by no more than
// distinct_distance (settling.hpp), RMS over units.
//
// Where the indices of the proved roots do not sum to 1 a root is missing (completeness.hpp): then
// searches that the known roots repel start beside each of them and from the starts once more,
// until the sum is 1. Roots found so are counted without hits.
//
// A search is single threaded and depends on nothing but its arguments. It never throws on bad
// numbers: starts that are not finite end nowhere.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "analysis/dynamics/dynamics.hpp"
#include "analysis/search/zero_search.hpp"
#include "core/random.hpp"
#include "records/search_records.hpp"

namespace shoal {

/// A start within the uniqueness radius of a proved root provably converges to it.
enum class EarlyStop {
    never,            ///< it is refined until its speed is that of rounding
    in_proved_basin,  ///< it is counted and left there
};

enum class PointSpectra {
    none,
    values,  ///< eigenvalues of every point
    proved,  ///< and the number of unstable directions of proved roots proved, where it can be
};

struct SearchOptions {
    EarlyStop early_stop = EarlyStop::in_proved_basin;
    PointSpectra spectra = PointSpectra::proved;
    /// A minimum of q counts as a slow point up to this speed, RMS over units, in units of 1 / tau:
    /// with the default one that moves a unit by 1 within the 35 tau of the published trial.
    double slow_speed = 1.0 / 35.0;
    int slow_steps =
        2000;  ///< steps towards minima of q in all; further stalled starts end nowhere
    int repelled_starts = 64;  ///< searches for a missing root at most
    int unproved_points = 64;  ///< zeros kept that are not proved (samples of continua) at most
    /// Starts that the search draws itself, half of them random and half directed
    /// (search_starts.hpp); as many again, each time, while these say that roots are missing, up
    /// to 4 effort times as many.
    int drawn = 0;
    /// Multiplies the bounds: of drawn starts, of repelled_starts, and of the boxes of
    /// all_roots.hpp.
    int effort = 1;
    RandomKey key = {};
    /// Whether all roots are looked for where an equation in few unknowns has them (all_roots.hpp).
    bool exhaustive = true;
};

/// Starts worth drawing: 1024 of networks of up to 128 units; fewer of larger ones, whose starts
/// cost more; 256 at least.
int usual_starts(Eigen::Index units);

/// Starts of one kind, states of the network, [unit, start].
struct SearchStarts {
    SearchStart kind = SearchStart::random;
    Eigen::MatrixXd states;
};

struct SearchResult {
    std::vector<FoundPoint> points;  ///< in the order they were found
    std::vector<int> ends;           ///< [start]: the point where it ended, -1: nowhere
    SearchSummary summary;
    SearchWork work;
};

/// `starts` come before those that are drawn.
SearchResult search_fixed_points(const Dynamics& dynamics, const std::vector<SearchStarts>& starts,
                                 const SearchOptions& options = {});
/// From random starts, [unit, start].
SearchResult search_fixed_points(const Dynamics& dynamics, const Eigen::MatrixXd& starts,
                                 const SearchOptions& options = {});

}  // namespace shoal
