// SPDX-License-Identifier: MIT
// Verdicts from where the runs of a census end, by the rules of mechanism.hpp.
#pragma once

#include <vector>

#include "analysis/attractors/mechanism.hpp"
#include "records/attractor_records.hpp"
#include "records/free_records.hpp"

namespace shoal {

/// The attractor that moves, whose exponents are known, and that most starts of a kind end on, the
/// first of equals; null: no start of that kind ends on one.
const AttractorRecord* main_motion(const std::vector<AttractorRecord>& attractors, StartKind kind);

/// What decides between kinds of motion, from the attractor it was measured on, which was for
/// longer and after more time than along a single run. AnyEvidence: Evidence or VerdictEvidence.
template <class AnyEvidence>
void take_motion(const AttractorRecord& motion, AnyEvidence& evidence) {
    evidence.exponents = motion.exponents;
    evidence.exponent_errors = motion.exponent_errors;
    evidence.period = motion.kind == AttractorKind::limit_cycle ? motion.period : -1.0;
    evidence.flow_period = evidence.period > 0.0 ? motion.flow_period : -1.0;
    evidence.refined_cycle = motion.residual >= 0.0;
}

/// How many states are distinct: groups, within distinct_distance of rates, RMS over units.
struct DistinctStates {
    int at_start = 0;
    int after_trial = 0;  ///< after one trial length T
};

/// decide_mechanism() with memory states in the place of conclusions, whose runs are those of the
/// census. A network without a task has no outputs with a meaning, so that |z_o| > 4 is not looked
/// at; and nobody has tested that it remembers, so that few points alone do not make a slow
/// manifold: it takes more distinct states after T than the runs end on points, at least two. Where
/// that is not so, and without memory states, the mechanism is none and the evidence says why.
/// `trial_time` is T, `tau` the time constant. `attractors` and `limits` of the answer are left
/// empty.
FreeVerdict judge_memories(const CensusSummary& census,
                           const std::vector<AttractorRecord>& attractors,
                           const DistinctStates& distinct, double trial_time, double tau);

/// What a census says of proved stable points that no run ended on, after a blank; empty if there
/// are none.
std::string unreached_sentence(const CensusSummary& census);

/// Where the random runs of a census end, in a sentence: runs and attractors by kind.
std::string attractors_sentence(const CensusSummary& census,
                                const std::vector<AttractorRecord>& attractors);

}  // namespace shoal
