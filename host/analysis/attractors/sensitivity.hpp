// SPDX-License-Identifier: MIT
// How far a verdict hangs on its thresholds: decided again from the stored evidence with every
// threshold moved, all others as they are. Nothing is simulated, so that
//   - a run that settled stays settled where less movement or distance is asked for: it was
//     followed no further, but near a stable root it only comes closer;
//   - a run that did not settle does where more is allowed and its root is stable;
//   - a network that was "far" before its runs were followed, and no longer is, is undecided
//     (Mechanism::none), as is one whose runs would all move but whose exponents nobody measured.
#pragma once

#include "analysis/attractors/mechanism.hpp"
#include "analysis/attractors/rules.hpp"
#include "analysis/attractors/settling.hpp"
#include "records/manifold_records.hpp"

namespace shoal {

/// The evidence behind a verdict, for keeping. `evidence` is what decide_mechanism() was given,
/// `outcome` that of rule B; `followed`: whether the runs were followed beyond their first 50 trial
/// lengths. Costs one spectrum per run that did not settle though a root is within ten settled
/// distances of it, and otherwise nothing to speak of.
VerdictEvidence collect_evidence(const Dynamics& dynamics, const Settling& settling,
                                 const Evidence& evidence, const RuleOutcome& outcome,
                                 bool followed);

/// What the evidence amounts to under other thresholds. Under the default ones it is the very
/// evidence it was collected from.
Evidence evidence_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds);
Mechanism mechanism_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds);
RuleLabel rule_b_under(const VerdictEvidence& stored, const VerdictThresholds& thresholds);

/// Every threshold times 0.1, 0.3, 1, 3, 10; counts and decimals -1, 0, +1. A few microseconds.
SensitivityMap sensitivity_map(const VerdictEvidence& stored);

}  // namespace shoal
