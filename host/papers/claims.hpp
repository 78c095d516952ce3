// SPDX-License-Identifier: MIT
// A paper's claims as hypotheses about numbers: each is an effect with a null value and a side on
// which the paper says it lies (host/MATHEMATICS.md, C.1). Networks that share a replicate share
// their draws, so an effect's interval is the smallest that contains two: that of networks as
// independent subjects and that of replicates as what was drawn (jackknife_interval). p-values are
// adjusted by Holm over all claims of a paper; verdicts other than "undecided" hold at that level.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/names.hpp"
#include "stats/effects.hpp"

namespace shoal {

enum class Verdict { agrees, disagrees, undecided, not_tested };
template <>
inline constexpr auto rows_of<Verdict> =
    std::to_array<Named<Verdict>>({{Verdict::agrees, "agrees"},
                                   {Verdict::disagrees, "disagrees"},
                                   {Verdict::undecided, "undecided at this size"},
                                   {Verdict::not_tested, "not tested"}});

struct Claim {
    std::string id;          ///< short name, letters and _
    std::string statement;   ///< what the paper says
    std::string hypothesis;  ///< what is tested
    std::string effect;      ///< what the number is
    double null = 0.0;
    int side = 1;          ///< 1: the paper says above the null value, -1: below
    Interval range;        ///< .low, .high: what the effect can be; both 0: anything
    double least_p = 0.0;  ///< of an exact test: the claim's p-value is no smaller
    std::string measured;  ///< sizes of groups, medians: for the reader
    std::size_t subjects = 0;
    std::vector<std::uint32_t> clusters;  ///< distinct replicates; empty: not from a population
    /// The effect's interval without one cluster's subjects (nothing: with all).
    std::function<Interval(std::optional<std::uint32_t> without, double confidence)> interval;
};

struct JudgedClaim {
    Claim claim;
    Interval effect;  ///< 95 %
    double p = 1.0;
    double adjusted_p = 1.0;
    Verdict verdict = Verdict::not_tested;  ///< not tested: the estimate is not a number
    /// How many times as many subjects would decide it with 80 % power if the effect is what it
    /// was estimated to be, at 5 % shared evenly over the claims tested; infinite: no effect seen.
    double times_as_many = 1.0;
    /// Other ways to label mechanisms, and how many of them lead to the same verdict.
    std::size_t relabellings = 0;
    std::size_t same_verdict = 0;
    std::string other_verdicts;  ///< which lead to which other verdict
};

std::vector<JudgedClaim> judge_claims(std::vector<Claim> claims, double level = 0.05);

/// The same claims with the networks labelled otherwise.
struct Relabelling {
    std::string name;
    std::vector<Claim> claims;  ///< same ids, same order
};
/// Fills relabellings, same_verdict and other_verdicts.
void add_sensitivity(std::vector<JudgedClaim>& judged, const std::vector<Relabelling>& others,
                     double level = 0.05);

/// The claims as text for the terminal.
std::string format_claims(const std::vector<JudgedClaim>& claims);

/// claims.csv, one line a claim. Written atomically.
void write_claims_csv(const std::filesystem::path& path, const std::vector<JudgedClaim>& claims);

/// For the report and --json; numbers that are not finite are null.
nlohmann::json claims_data(const std::vector<JudgedClaim>& claims);

}  // namespace shoal
