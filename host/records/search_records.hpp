// SPDX-License-Identifier: MIT
// What the search for fixed and slow points leaves behind (analysis/search/fixed_point_search.hpp).
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "core/names.hpp"
#include "records/described.hpp"
#include "records/records.hpp"

namespace shoal {

/// What is known about a zero or a slow point beside where it is.
struct PointProof {
    /// Of proved ones: the network has exactly one root within proved_radius of the state and no
    /// other within unique_radius, in the largest difference of a unit. -1: not proved.
    double proved_radius = -1.0;
    double unique_radius = -1.0;
    bool unstable_proved = false;  ///< the number of unstable directions is proved
    int index = 0;                 ///< sign of det(-DF) at the root, 0: not proved
    int hits = 0;                  ///< starts of the search that ended here
    int continuum = -1;            ///< number of the continuum that it samples, -1: none
    int continuum_dimension = 0;   ///< of that continuum
};

/// A zero or a slow point of a network's velocity F, as the search gives it.
struct FoundPoint : PointProof {
    std::vector<double> state;  ///< [unit]: x for current cells, h for rate cells
    double speed = 0.0;         ///< |F(state)|_2
    PointLabel label = PointLabel::converged;
    /// Eigenvalues of the flow's Jacobian (of a map its own), [unit, 2]: re, im, ordered
    /// as in FixedPoint. Empty if they were not asked for or did not converge.
    std::vector<double> eigenvalues;
    int unstable = -1;  ///< eigenvalues with re > 0 (map: modulus > 1), -1: not known
};

/// Where a start of the search comes from.
enum class SearchStart {
    given,     ///< a state of the network that the caller knows
    noisy,     ///< such a state with noise
    random,    ///< every unit by itself
    directed,  ///< along the leading directions of the recurrent matrix
    reached    ///< where a run ended
};
template <>
inline constexpr auto rows_of<SearchStart> =
    std::to_array<Named<SearchStart>>({{SearchStart::given, "given"},
                                       {SearchStart::noisy, "noisy"},
                                       {SearchStart::random, "random"},
                                       {SearchStart::directed, "directed"},
                                       {SearchStart::reached, "reached"}});

/// Starts that were drawn independently of each other from one law, and what they say about roots
/// that they might have hit (analysis/search/completeness.hpp). Other kinds of start may hit
/// others.
struct StartKindEvidence {
    SearchStart start = SearchStart::random;
    int starts = 0;
    int at_roots = 0;              ///< of them ended at isolated roots
    double missed_estimate = 0.0;  ///< roots missed, bias-corrected Chao1
    double missed_low = 0.0;       ///< its 95 % interval
    double missed_high = 0.0;
    double coverage = 0.0;      ///< Good-Turing: chance that a further start ends at a known root
    double coverage_low = 0.0;  ///< lower end of its 95 % interval
};

template <class Record, class Visit>
requires std::is_same_v<std::remove_const_t<Record>, StartKindEvidence>
void describe(Record& record, Visit&& visit) {
    visit("start", record.start,
          Meaning{"how these starts were drawn: random, every unit by itself; directed, along the "
                  "leading directions of the recurrent matrix"});
    visit("starts", record.starts, Meaning{"starts of this kind"});
    visit("at_roots", record.at_roots, Meaning{"of them ended at isolated roots"});
    visit("missed_estimate", record.missed_estimate,
          Meaning{"estimated roots missed that such starts may end at (bias-corrected Chao1)"});
    visit("missed_low", record.missed_low, Meaning{"its 95 % interval, lower end"});
    visit("missed_high", record.missed_high, Meaning{"its 95 % interval, upper end"});
    visit("coverage", record.coverage,
          Meaning{"Good-Turing: chance that a further such start ends at a known root"});
    visit("coverage_low", record.coverage_low, Meaning{"its 95 % interval, lower end"});
}

/// What is known of roots that a search did not find.
enum class SearchStatus {
    proved,     ///< complete: it is proved that there are no others
    no_sign,    ///< complete as far as anyone can tell
    unknown,    ///< some may be missing, or nothing can be said
    incomplete  ///< some are missing for certain
};
template <>
inline constexpr auto rows_of<SearchStatus> =
    std::to_array<Named<SearchStatus>>({{SearchStatus::proved, "proved"},
                                        {SearchStatus::no_sign, "no_sign"},
                                        {SearchStatus::unknown, "unknown"},
                                        {SearchStatus::incomplete, "incomplete"}});

/// How the search went, and what it may have missed.
struct SearchSummary {
    int starts = 0;
    int refined = 0;        ///< starts followed until the speed was that of rounding, or lowest
    int stopped_early = 0;  ///< starts that provably converge to a root that was known
    int ended_nowhere = 0;  ///< starts that ended at neither a root nor a slow point
    int roots = 0;          ///< isolated roots
    int proved = 0;         ///< of these proved
    int slow_points = 0;
    int continua = 0;
    int continuum_starts = 0;  ///< starts that ended on a continuum
    bool odd = false;          ///< no drive: with a root x, -x is one
    /// Of the kind of start whose evidence is weakest, see `kinds`.
    double missed_estimate = 0.0;
    double missed_low = 0.0;
    double missed_high = 0.0;
    double coverage = 0.0;
    double coverage_low = 0.0;
    int index_sum = 0;                     ///< of the isolated roots with a proved index
    std::vector<StartKindEvidence> kinds;  ///< of start that were drawn
    int reached_only = 0;    ///< stable points that runs ended on and that are no proved roots
    int unknowns = 0;        ///< of the equation that all roots follow from, 0: there is none
    int boxes = 0;           ///< of its unknowns that were looked at
    bool exhausted = false;  ///< with no box left: the proved roots are all that there are
    SearchStatus status = SearchStatus::unknown;
    std::string completeness;  ///< the verdict, in words
    std::string limits;        ///< limits that cut work, empty if none did
};

template <class Record, class Visit>
requires std::is_same_v<std::remove_const_t<Record>, PointProof>
void describe(Record& record, Visit&& visit) {
    visit("proved_radius", record.proved_radius,
          Meaning{"exactly one root is this near (largest difference of a unit), -1: not proved"});
    visit("unique_radius", record.unique_radius,
          Meaning{"no other root is this near, -1: not proved"});
    visit("unstable_proved", record.unstable_proved,
          Meaning{"1: the number of unstable directions is proved"});
    visit("index", record.index, Meaning{"sign of det(-dF/dx), 0: not proved"});
    visit("hits", record.hits, Meaning{"starts of the search that ended here"});
    visit("continuum", record.continuum,
          Meaning{"number of the continuum of roots that it samples, -1: none"});
    visit("continuum_dimension", record.continuum_dimension, Meaning{"its dimension"});
}

template <class Record, class Visit>
requires std::is_same_v<std::remove_const_t<Record>, SearchSummary>
void describe(Record& record, Visit&& visit) {
    visit("starts", record.starts, Meaning{"starts of the search"});
    visit("refined", record.refined,
          Meaning{"starts refined until the speed was that of rounding, or lowest"});
    visit("stopped_early", record.stopped_early,
          Meaning{"starts stopped where they provably converge to a known root"});
    visit("ended_nowhere", record.ended_nowhere,
          Meaning{"starts that ended at neither a root nor a slow point"});
    visit("roots", record.roots, Meaning{"isolated roots"});
    visit("proved", record.proved, Meaning{"isolated roots that are proved"});
    visit("slow_points", record.slow_points,
          Meaning{"slow points: minima of |F| that are not roots"});
    visit("continua", record.continua, Meaning{"continua of roots"});
    visit("continuum_starts", record.continuum_starts, Meaning{"starts that ended on a continuum"});
    visit("odd", record.odd, Meaning{"no drive: with a root x, -x is one"});
    visit("missed_estimate", record.missed_estimate,
          Meaning{"estimated roots missed (bias-corrected Chao1), of the kind of start whose "
                  "evidence is weakest"});
    visit("missed_low", record.missed_low, Meaning{"its 95 % interval, lower end"});
    visit("missed_high", record.missed_high, Meaning{"its 95 % interval, upper end"});
    visit("coverage", record.coverage,
          Meaning{"Good-Turing: chance that a further start of that kind ends at a known root"});
    visit("coverage_low", record.coverage_low, Meaning{"its 95 % interval, lower end"});
    visit("index_sum", record.index_sum,
          Meaning{"sum of the proved indices of isolated roots; 1 if complete"});
    visit("search_kinds", record.kinds,
          Meaning{"what each kind of drawn start says", {"search_kind"}});
    visit("reached_only", record.reached_only,
          Meaning{"stable points that runs ended on and that are no proved roots"});
    visit("unknowns", record.unknowns,
          Meaning{"unknowns of the equation that all roots follow from (low rank, few units), 0: "
                  "there is none"});
    visit("boxes", record.boxes, Meaning{"boxes of these unknowns that were looked at"});
    visit("exhausted", record.exhausted,
          Meaning{"1: every box has no root or one that is proved, so that these are all"});
    visit("search_status", record.status,
          Meaning{"whether roots are missing: proved and no_sign (complete), unknown, incomplete"});
    visit("completeness", record.completeness,
          Meaning{"what is known about roots that were missed"});
    visit("limits", record.limits, Meaning{"limits that cut work"});
}

}  // namespace shoal
