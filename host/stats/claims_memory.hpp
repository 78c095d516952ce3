// SPDX-License-Identifier: MIT
// The claims of Ghazizadeh & Ching 2021 (abstract) about networks trained on a working-memory task.
#pragma once

#include <string>
#include <vector>

#include "stats/claims.hpp"
#include "store/run_directory.hpp"

namespace shoal {

/// What the claims ask of one network; numbers that are not there are NaN.
struct MemoryNetwork {
    std::uint32_t replicate = 0;
    bool tested = false;  ///< not pending
    Mechanism mechanism = Mechanism::none;
    double nominal_error = 0.0;  ///< median error of the acceptance test
    double forgets = 0.0;        ///< 1: half of its memories are lost within the longest delay
    double survival = 0.0;       ///< extra delay, time, by which half are lost; infinite: none
    double attractors = 0.0;     ///< per solved task
    double saturated = 0.0;      ///< share of units in the delay, per solved task
    double biased_noise = 0.0;   ///< largest sigma at which half of the runs are right
    double centred_noise = 0.0;  ///< the same for noise of zero mean
    double phasic = 0.0;         ///< phasic index
    double adjoint_decay = 0.0;  ///< log10 of the adjoint's norm at the longest lag
    std::vector<Mechanism> relabelled;  ///< [name of MemoryPopulation::relabellings]
};

struct MemoryPopulation {
    std::vector<MemoryNetwork> networks;
    std::size_t accepted = 0;
    std::size_t analysed_in_full = 0;
    /// Other ways to label mechanisms: rules A and B, and every threshold of the verdict moved as
    /// in the sensitivity map. What is undecided under one is `none` there and counts in no group.
    std::vector<std::string> relabellings;
};

MemoryPopulation memory_population(const std::vector<RunContent>& runs);

/// The claims with networks labelled by their verdicts (relabelling < 0) or otherwise.
std::vector<Claim> memory_claims(const MemoryPopulation& population, int relabelling = -1);

/// The claims judged, with their sensitivity to labels.
std::vector<JudgedClaim> judge_memory_claims(const MemoryPopulation& population);

}  // namespace shoal
