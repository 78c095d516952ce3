// SPDX-License-Identifier: MIT
// The population as a table: one row per network, and summaries by any swept key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.hpp"
#include "records/records.hpp"
#include "store/run_directory.hpp"

namespace shoal {

/// A network as Detail::table has it.
struct PopulationRow {
    NetworkSpec spec;
    Status status = Status::pending;
    std::optional<TrainedNetwork> trained;
    std::optional<NetworkAnalysis> analysis;
};

/// Rows of all runs, in the order of the configurations (shards interleaved back by the sweep's
/// order).
std::vector<PopulationRow> population_rows(const std::vector<RunContent>& runs);

/// The same, moved out of the runs: these keep their configurations without networks, their
/// examples and the networks of which they hold training curves, and nothing else of any network.
std::vector<PopulationRow> take_rows(std::vector<RunContent>& runs);

/// population.csv: uid, replicate, swept keys, status, accepted, fraction_failed, mechanism,
/// rule_a, rule_b, and further columns. A value that does not exist is an empty field;
/// fraction_failed is 1 for a diverged network. Fields are quoted by RFC 4180, lines end in LF.
/// Written atomically.
void write_population_csv(const std::filesystem::path& path, const std::vector<PopulationRow>& rows,
                          const std::vector<std::string>& swept_keys);

struct Interval {
    double estimate = 0.0;
    double low = 0.0;
    double high = 0.0;
};

/// Wilson score interval (Wilson 1927) of `successes` out of `trials`; trials == 0 gives [0, 1]
/// with estimate NaN.
Interval wilson_interval(std::size_t successes, std::size_t trials, double confidence = 0.95);

/// Median with a percentile bootstrap interval (Efron 1979), resampling by the counter-based
/// generator. Values that are not finite do not count; all NaN if none is left.
Interval bootstrap_median(std::vector<double> values, RandomKey key, double confidence = 0.95,
                          int resamples = 2000);

/// Median of up to bootstrap_limit finite values with the interval of bootstrap_median; of more
/// with the interval from x(l) to x(n + 1 - l) in rising order, l the largest rank with P(Bin(n,
/// 1/2) < l) <= (1 - confidence) / 2 (Thompson 1936; Conover 1999, section 3.2). Whatever the
/// values are drawn from, that one holds the median with at least the stated confidence; it needs
/// no random numbers, and its time is that of sorting. At the limit the two differ by a few ranks.
Interval median_interval(std::vector<double> values, RandomKey key, double confidence = 0.95);
inline constexpr std::size_t bootstrap_limit = 200;

/// One line of a summary: networks that share a value of the key.
struct SummaryRow {
    std::string key;  ///< axis of the sweep, "all" for the whole population
    std::string value;
    std::size_t networks = 0, trained = 0, diverged = 0, pending = 0, accepted = 0;
    Interval share_accepted;                   ///< of networks that are not pending
    std::vector<Interval> share_of_mechanism;  ///< [Mechanism value], among accepted networks
    /// [Mechanism value], among accepted networks; none: accepted and not analysed yet.
    std::vector<std::size_t> mechanism_count;
    // Intervals of medians: median_interval.
    Interval median_error;            ///< median of acceptance.median_error, trained ones
    Interval median_saturated_delay;  ///< among analysed networks
    Interval median_attractors;
};

/// Summaries: the whole population, then every axis of the sweep (and `replicate` if asked) by
/// value.
std::vector<SummaryRow> summarize(const std::vector<PopulationRow>& rows,
                                  const std::vector<std::string>& axes, RandomKey key);

/// The summary as text for the terminal.
std::string format_summary(const std::vector<SummaryRow>& summary);

/// report/index.html: self-contained page, whose size is bounded whatever the number of networks.
/// Written atomically. `detailed` are uids of networks to show in detail, each analysed at level
/// full (else a usage error); none: some of each mechanism.
/// `claims`: text of the claims.json of these runs (paper_data.hpp); empty: no claims were tested.
void write_report(const std::filesystem::path& path, const std::vector<RunContent>& runs,
                  const std::vector<PopulationRow>& rows, const std::vector<SummaryRow>& summary,
                  const std::vector<std::string>& detailed = {}, const std::string& claims = {});

}  // namespace shoal
