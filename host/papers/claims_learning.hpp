// SPDX-License-Identifier: MIT
// The claims of Park, Sagodi & Sokol 2023 (abstract): learning signals, initialisations, headings.
#pragma once

#include <string>
#include <vector>

#include "papers/claims.hpp"
#include "records/head_direction_records.hpp"
#include "records/signal_records.hpp"
#include "stats/table.hpp"

namespace shoal {

/// What the theory says of learning signals, as shares of systems whose signal persists.
std::vector<Claim> signal_claims(const std::vector<SignalFamily>& families);

/// Whether quasi-periodic networks are solved more often than those of the best other
/// initialisation, for each task at its longest delay and over all tasks and delays together. Rates
/// of learning are tuned for every initialisation alike (tuned_count). `axes`: those of the sweep;
/// one has network.init, one task.kind (with delay and duration). Usage error if there are none.
std::vector<Claim> initialisation_claims(const std::vector<PopulationRow>& rows,
                                         const std::vector<std::string>& axes);

/// Whether headings can be integrated and held without a ring attractor, under equal perturbation.
std::vector<Claim> heading_claims(const HeadDirectionResult& result);

}  // namespace shoal
