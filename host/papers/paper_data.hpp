// SPDX-License-Identifier: MIT
// claims.json: an object with `paper` (its name), `population` (Config::identity of the runs whose
// claims they are), `claims` (claims_data) and, where they were made,
// `signals` and `headings` for the report's figures.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "records/head_direction_records.hpp"
#include "records/signal_records.hpp"

namespace shoal {

/// Per family: median and quartiles over systems of log10 of the adjoint's norm against lag, the
/// leading exponents, and how many signals persist.
nlohmann::json signals_data(const std::vector<SignalFamily>& families);

/// Decoded-error curves, drift and ends of every network and perturbation.
nlohmann::json headings_data(const HeadDirectionResult& result);

}  // namespace shoal
