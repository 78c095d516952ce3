// SPDX-License-Identifier: MIT
// The claims of Ghazizadeh & Ching 2021 (abstract) about networks trained on a working-memory task.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "papers/claims.hpp"
#include "store/run_directory.hpp"

namespace shoal {

/// What the claims ask of one network; numbers that are not there are NaN.
struct MemoryNetwork {
    std::uint32_t replicate = 0;
    bool tested = false;  ///< not pending
    Mechanism mechanism = Mechanism::none;
    /// median error of the acceptance test
    double nominal_error = std::numeric_limits<double>::quiet_NaN();
    /// 1: half of its memories are lost within the longest delay
    double forgets = std::numeric_limits<double>::quiet_NaN();
    /// extra delay, time, by which half are lost; infinite: none
    double survival = std::numeric_limits<double>::quiet_NaN();
    /// per solved task
    double attractors = std::numeric_limits<double>::quiet_NaN();
    /// share of units in the delay, per solved task
    double saturated = std::numeric_limits<double>::quiet_NaN();
    /// largest sigma at which half of the runs are right
    double biased_noise = std::numeric_limits<double>::quiet_NaN();
    /// the same for noise of zero mean
    double centred_noise = std::numeric_limits<double>::quiet_NaN();
    /// phasic index
    double phasic = std::numeric_limits<double>::quiet_NaN();
    /// log10 of the adjoint's norm at the longest lag
    double adjoint_decay = std::numeric_limits<double>::quiet_NaN();
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
