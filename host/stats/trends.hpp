// SPDX-License-Identifier: MIT
// How the odds of being accepted, and of each mechanism, change along the swept numbers
// (host/MATHEMATICS.md, C.2).
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <vector>

#include "stats/table.hpp"

namespace shoal {

/// A logistic regression (Firth 1993: likelihood times the root of the information's determinant,
/// so that coefficients stay finite where a predictor separates the outcomes).
struct LogisticFit {
    Eigen::VectorXd coefficients;  ///< [column of the predictors]
    /// Of each coefficient: the larger of the model's own and the one that holds if subjects of a
    /// cluster are alike (Liang & Zeger 1986, times clusters / (clusters - 1)); the model's own
    /// with fewer than three clusters.
    Eigen::VectorXd standard_errors;
    bool converged = false;
};

/// predictors [subject, column], with a column of ones if a constant is wanted; outcomes [subject]
/// 0 or 1; clusters [subject], any labels. Columns must be independent: a singular information
/// matrix is not converged.
LogisticFit firth_regression(const Eigen::MatrixXd& predictors, const Eigen::VectorXd& outcomes,
                             const std::vector<std::uint32_t>& clusters);

/// One key's part in the odds of one outcome, all other keys held.
struct Trend {
    std::string key;
    bool logarithmic = false;  ///< the key enters by its logarithm
    double from = 0.0;         ///< smallest value swept
    double to = 0.0;           ///< largest
    Interval odds_ratio;       ///< odds at `to` over odds at `from`, Wald interval
    double p = 1.0;            ///< two-sided, of an odds ratio of 1
};

struct OutcomeTrends {
    std::string outcome;  ///< "accepted", or a mechanism
    std::size_t networks = 0;
    std::size_t events = 0;
    std::vector<Trend> trends;  ///< empty if `limits` says why
    std::string limits;
};

/// For "accepted" among all networks that are not pending, and for every mechanism among accepted
/// and analysed networks (those that have it against all others). Keys: axes of the sweep with two
/// or more numbers; those that are positive and span a factor of ten enter by their logarithm.
/// Clusters are replicates: networks of one share all their draws. Empty if no key is a number.
std::vector<OutcomeTrends> logistic_trends(const std::vector<PopulationRow>& rows,
                                           const std::vector<std::string>& axes,
                                           double confidence = 0.95);

/// The trends as text for the terminal; empty if there are none.
std::string format_trends(const std::vector<OutcomeTrends>& trends);

/// trends.csv, one line per outcome and key. Written atomically.
void write_trends_csv(const std::filesystem::path& path, const std::vector<OutcomeTrends>& trends);

}  // namespace shoal
