// SPDX-License-Identifier: MIT
// How much of each network is read from a run.
#pragma once

#include "records/records.hpp"

namespace shoal {

struct Field;

enum class Detail {
    everything,
    /// What tables and summaries are made of, so that a million networks fit in memory. Of trained
    /// networks all but lists per unit, trial and iteration. Of their analyses only the points
    /// that conclusions reached, each with its first eigenvalue and no state; of a full analysis
    /// the numbers, and how often networks fail against sigma, but no other lists and no texts.
    table
};

/// Whether a field of a part of FullAnalysis that a network has one of stands in Detail::table.
bool stands_in_table(const Field& field);

/// `network` with no more than Detail::table keeps, and with its training curves if `curve`.
TrainedNetwork table_part(TrainedNetwork network, bool curve = false);

/// `analysis` with no more than Detail::table keeps, as read_analysis would read it.
NetworkAnalysis table_part(NetworkAnalysis analysis);

}  // namespace shoal
