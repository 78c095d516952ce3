// SPDX-License-Identifier: MIT
// The whole analysis of one network (host/MATHEMATICS.md, A.8): every part in turn, each from what
// the parts before it found.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "analysis/analysis.hpp"
#include "analysis/attractors/attractor_census.hpp"
#include "analysis/dynamics/dynamics.hpp"
#include "analysis/parts.hpp"
#include "records/full_records.hpp"

namespace shoal {

/// Level full, in these parts:
///   first           analyze_network()
///   nominal trials  every trial type after every conclusion, as they are
///   search          fixed and slow points: from up to 128 states of the nominal trials of all
///                   conditions, evenly over time; 64 copies of such states with N(0, 0.5^2) added;
///                   where delay runs ended; 128 drawn states and more where they say that roots
///                   are missing
///   census          where runs from memory states, conclusions and random states end; the verdict
///                   of networks whose conclusions keep moving, by the exponents of the attractor
///                   that most of them end on; how it hangs on its thresholds
///   modes           slow directions at points that runs end on, and at other proved ones
///   forgetting      longer delays
///   manifold        the way of every memory through a delay without end
///   noise           on the first stimulus
///   silencing       of units, from the start of the delay on
///   activity        in the delay, and what the memory costs
///   portrait        all of it in principal components
/// Pure function of its input; `observer` is told of every part. From `begun`, which the observer
/// of an analysis of the same input was given, it goes on to the same bits.
NetworkAnalysis analyze_fully(const AnalysisInput& input, const AnalysisConfig& config,
                              Backend& behaviour, Backend& exact, PartObserver& observer,
                              const BegunAnalysis* begun = nullptr);

/// Runs a census, and while it ends on stable points that the search does not have, twice at most,
/// has the search start from these as well, [unit, start], and runs it again. The summary of the
/// search counts those that are left.
CensusResult census_and_search(
    SearchSummary& summary, const std::function<CensusResult()>& run_census,
    const std::function<void(const Eigen::MatrixXd& reached)>& search_again);

/// Points that runs end on, then proved ones by the starts of the search that ended there.
std::vector<int> points_of_interest(const std::vector<FixedPoint>& points,
                                    const std::vector<PointProof>& proofs,
                                    const std::vector<AttractorRecord>& attractors);

/// Modes at the points that `wanted` names first, at most eight, with their index.
std::vector<SlowModes> modes_at(const NetworkModel& model, const Dynamics& dynamics,
                                const std::vector<FixedPoint>& points,
                                const std::vector<int>& wanted, double trial_time);

}  // namespace shoal
