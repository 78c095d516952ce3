// SPDX-License-Identifier: MIT
#include "stats/trends.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.hpp"
#include "core/file.hpp"
#include "stats/csv.hpp"
#include "stats/rows.hpp"
#include "stats/text.hpp"

namespace shoal {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr int max_iterations = 200;
constexpr double logarithmic_span = 10.0;

/// Where a fit stands: everything follows from the coefficients.
struct FitState {
    Vector chances;      ///< [subject]
    Matrix information;  ///< X' W X, W = chance (1 - chance)
    double penalised = -std::numeric_limits<double>::infinity();
    bool regular = false;
};

FitState evaluate(const Matrix& x, const Vector& y, const Vector& coefficients) {
    FitState state;
    const Vector odds = x * coefficients;
    state.chances = odds.unaryExpr([](double o) { return 1.0 / (1.0 + std::exp(-o)); });
    const Vector weights = state.chances.array() * (1.0 - state.chances.array());
    state.information = x.transpose() * weights.asDiagonal() * x;
    const Eigen::LLT<Matrix> factor(state.information);
    if (factor.info() != Eigen::Success) {
        return state;
    }
    double likelihood = 0.0;
    for (Eigen::Index i = 0; i < y.size(); ++i) {
        // log(1 + exp(o)) without overflow
        const double softplus = std::max(odds(i), 0.0) + std::log1p(std::exp(-std::abs(odds(i))));
        likelihood += y(i) * odds(i) - softplus;
    }
    const double half_log_det = factor.matrixLLT().diagonal().array().log().sum();
    state.penalised = likelihood + half_log_det;
    state.regular = std::isfinite(state.penalised);
    return state;
}

/// X' (y - chance + h (1/2 - chance)), h the leverages: the score of the penalised likelihood.
Vector residuals(const Matrix& x, const Vector& y, const FitState& state, const Matrix& inverse) {
    const Vector weights = state.chances.array() * (1.0 - state.chances.array());
    const Vector leverages =
        weights.array() * (x * inverse).cwiseProduct(x).rowwise().sum().array();
    return y.array() - state.chances.array() + leverages.array() * (0.5 - state.chances.array());
}

Vector standard_errors(const Matrix& x, const Vector& residual, const Matrix& inverse,
                       const std::vector<std::uint32_t>& clusters) {
    std::map<std::uint32_t, Vector> scores;
    for (Eigen::Index i = 0; i < residual.size(); ++i) {
        const auto [score, added] =
            scores.try_emplace(clusters[static_cast<std::size_t>(i)], Vector::Zero(x.cols()));
        score->second += residual(i) * x.row(i).transpose();
    }
    Vector variance = inverse.diagonal();
    if (scores.size() >= 3) {
        Matrix spread = Matrix::Zero(x.cols(), x.cols());
        for (const auto& [cluster, score] : scores) {
            spread += score * score.transpose();
        }
        const auto count = static_cast<double>(scores.size());
        const Matrix sandwich = count / (count - 1.0) * inverse * spread * inverse;
        variance = variance.cwiseMax(sandwich.diagonal());
    }
    return variance.cwiseSqrt();
}

/// A key of the sweep as a column that runs from 0 (smallest value) to 1 (largest).
struct Predictor {
    std::string key;
    bool logarithmic = false;
    double from = 0.0;
    double to = 0.0;

    double operator()(double value) const {
        return logarithmic ? std::log(value / from) / std::log(to / from)
                           : (value - from) / (to - from);
    }
};

std::optional<double> number_of(const PopulationRow& row, const std::string& key) {
    const std::optional<SweepValue> value = swept_value(row, key);
    if (!value) {
        return std::nullopt;
    }
    if (const auto* real = std::get_if<double>(&*value)) {
        return *real;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&*value)) {
        return static_cast<double>(*integer);
    }
    return std::nullopt;
}

std::vector<Predictor> predictors_of(const std::vector<PopulationRow>& rows,
                                     const std::vector<std::string>& axes) {
    std::vector<Predictor> predictors;
    for (const std::string& axis : axes) {
        Predictor predictor{axis, false, std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()};
        bool numbers = !rows.empty();
        for (const PopulationRow& row : rows) {
            const std::optional<double> value = number_of(row, axis);
            if (!value) {
                numbers = false;
                break;
            }
            predictor.from = std::min(predictor.from, *value);
            predictor.to = std::max(predictor.to, *value);
        }
        if (!numbers || !(predictor.from < predictor.to)) {
            continue;
        }
        predictor.logarithmic =
            predictor.from > 0.0 && predictor.to >= logarithmic_span * predictor.from;
        predictors.push_back(predictor);
    }
    return predictors;
}

template <class Event>
OutcomeTrends fit_outcome(std::string outcome, const Rows& networks,
                          const std::vector<Predictor>& predictors, Event&& event,
                          double confidence) {
    OutcomeTrends result;
    result.outcome = std::move(outcome);
    result.networks = networks.size();
    Matrix x(static_cast<Eigen::Index>(networks.size()),
             static_cast<Eigen::Index>(predictors.size()) + 1);
    Vector y(x.rows());
    std::vector<std::uint32_t> clusters;
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
        const PopulationRow& row = *networks[static_cast<std::size_t>(i)];
        x(i, 0) = 1.0;
        for (std::size_t k = 0; k < predictors.size(); ++k) {
            x(i, static_cast<Eigen::Index>(k) + 1) =
                predictors[k](*number_of(row, predictors[k].key));
        }
        y(i) = event(row) ? 1.0 : 0.0;
        clusters.push_back(row.spec.replicate);
    }
    result.events = static_cast<std::size_t>(y.sum());
    if (result.events == 0 || result.events == result.networks) {
        result.limits = result.events == 0 ? "no network has it" : "every network has it";
        return result;
    }
    const LogisticFit fit = firth_regression(x, y, clusters);
    if (!fit.converged) {
        result.limits =
            "the regression did not converge: keys that vary together, or too few "
            "networks";
        return result;
    }
    const boost::math::normal standard;
    const double z = boost::math::quantile(boost::math::complement(standard, 0.5 - confidence / 2));
    for (std::size_t k = 0; k < predictors.size(); ++k) {
        const auto column = static_cast<Eigen::Index>(k) + 1;
        const double b = fit.coefficients(column);
        const double error = fit.standard_errors(column);
        Trend trend{predictors[k].key,
                    predictors[k].logarithmic,
                    predictors[k].from,
                    predictors[k].to,
                    {},
                    1.0};
        trend.odds_ratio = {std::exp(b), std::exp(b - z * error), std::exp(b + z * error)};
        trend.p = std::erfc(std::abs(b) / error / std::sqrt(2.0));
        result.trends.push_back(trend);
    }
    return result;
}

}  // namespace

LogisticFit firth_regression(const Matrix& x, const Vector& y,
                             const std::vector<std::uint32_t>& clusters) {
    check(x.rows() == y.size() && clusters.size() == static_cast<std::size_t>(y.size()),
          "predictors, outcomes and clusters are of the same subjects");
    LogisticFit fit;
    fit.coefficients = Vector::Zero(x.cols());
    fit.standard_errors = Vector::Constant(x.cols(), std::numeric_limits<double>::quiet_NaN());
    FitState state = evaluate(x, y, fit.coefficients);
    for (int iteration = 0; iteration < max_iterations && state.regular; ++iteration) {
        const Matrix inverse = state.information.llt().solve(Matrix::Identity(x.cols(), x.cols()));
        const Vector residual = residuals(x, y, state, inverse);
        const Vector step = inverse * (x.transpose() * residual);
        if (step.cwiseAbs().maxCoeff() < 1e-8) {
            fit.converged = true;
            fit.standard_errors = standard_errors(x, residual, inverse, clusters);
            break;
        }
        // Newton's full step may overshoot; the penalised likelihood must not fall.
        double scale = std::min(1.0, 5.0 / step.cwiseAbs().maxCoeff());
        FitState next = evaluate(x, y, fit.coefficients + scale * step);
        const double tolerance = 1e-12 * std::abs(state.penalised);
        while (!(next.penalised >= state.penalised - tolerance) && scale > 1e-6) {
            scale /= 2.0;
            next = evaluate(x, y, fit.coefficients + scale * step);
        }
        fit.coefficients += scale * step;
        state = std::move(next);
    }
    return fit;
}

std::vector<OutcomeTrends> logistic_trends(const std::vector<PopulationRow>& rows,
                                           const std::vector<std::string>& axes,
                                           double confidence) {
    const std::vector<Predictor> predictors = predictors_of(rows, axes);
    if (predictors.empty()) {
        return {};
    }
    Rows tested;
    Rows analysed;
    for (const PopulationRow& row : rows) {
        if (row.status != Status::pending) {
            tested.push_back(&row);
        }
        if (mechanism_of(row) != Mechanism::none) {
            analysed.push_back(&row);
        }
    }
    std::vector<OutcomeTrends> trends = {fit_outcome(
        "accepted", tested, predictors, [](const PopulationRow& row) { return is_accepted(row); },
        confidence)};
    for (const Mechanism mechanism : all_mechanisms) {
        const auto has = [&](const PopulationRow& row) { return mechanism_of(row) == mechanism; };
        if (mechanism != Mechanism::none &&
            std::any_of(analysed.begin(), analysed.end(), [&](auto* row) { return has(*row); })) {
            trends.push_back(
                fit_outcome(name_of(mechanism), analysed, predictors, has, confidence));
        }
    }
    return trends;
}

std::string format_trends(const std::vector<OutcomeTrends>& trends) {
    if (trends.empty()) {
        return "";
    }
    std::vector<std::vector<std::string>> lines = {
        {"odds of", "networks", "with it", "key", "from", "to", "odds ratio", "p"}};
    for (const OutcomeTrends& outcome : trends) {
        const std::string networks = fmt::format("{}", outcome.networks);
        const std::string events = fmt::format("{}", outcome.events);
        if (outcome.trends.empty()) {
            lines.push_back({outcome.outcome, networks, events, outcome.limits, "", "", "-", "-"});
        }
        for (const Trend& trend : outcome.trends) {
            lines.push_back({outcome.outcome, networks, events,
                             trend.key + (trend.logarithmic ? " (log)" : ""),
                             fmt::format("{:.4g}", trend.from), fmt::format("{:.4g}", trend.to),
                             fmt::format("{:.3g} [{:.3g}, {:.3g}]", trend.odds_ratio.estimate,
                                         trend.odds_ratio.low, trend.odds_ratio.high),
                             fmt::format("{:.2g}", trend.p)});
        }
    }
    return aligned(lines) +
           "Odds at the largest value of a key over those at the smallest, all other keys held "
           "(Firth's\nlogistic regression; 95 % intervals that hold if networks of a replicate are "
           "alike). Accepted: of\nall networks; mechanisms: of accepted ones.\n";
}

void write_trends_csv(const std::filesystem::path& path, const std::vector<OutcomeTrends>& trends) {
    std::string text = "outcome,networks,events,key,scale,from,to,odds_ratio,low,high,p,limits\n";
    for (const OutcomeTrends& outcome : trends) {
        const auto begin = [&] {
            CsvLine line;
            line.text(outcome.outcome)
                .integer(static_cast<std::int64_t>(outcome.networks))
                .integer(static_cast<std::int64_t>(outcome.events));
            return line;
        };
        if (outcome.trends.empty()) {
            text += begin().empty(8).text(outcome.limits).end();
        }
        for (const Trend& trend : outcome.trends) {
            text += begin()
                        .text(trend.key)
                        .text(trend.logarithmic ? "log" : "linear")
                        .number(trend.from)
                        .number(trend.to)
                        .number(trend.odds_ratio.estimate)
                        .number(trend.odds_ratio.low)
                        .number(trend.odds_ratio.high)
                        .number(trend.p)
                        .text("")
                        .end();
        }
    }
    replace_file(path, std::string_view(text));
}

}  // namespace shoal
