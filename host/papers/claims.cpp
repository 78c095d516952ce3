// SPDX-License-Identifier: MIT
#include "papers/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.hpp"
#include "core/file.hpp"
#include "stats/csv.hpp"

namespace shoal {
namespace {

constexpr double wanted_power = 0.8;

/// The smallest interval that contains the two of claims.hpp.
class ClaimInterval {
  public:
    explicit ClaimInterval(const Claim& claim) : claim_(claim) {
        for (const std::uint32_t cluster : claim.clusters) {
            left_out_.push_back(claim.interval(cluster, 0.95).estimate);
        }
    }

    Interval operator()(double confidence) const {
        Interval interval = claim_.interval(std::nullopt, confidence);
        if (const auto by_cluster = jackknife_interval(interval.estimate, left_out_, confidence)) {
            interval.low = std::min(interval.low, by_cluster->low);
            interval.high = std::max(interval.high, by_cluster->high);
        }
        if (claim_.range.low < claim_.range.high) {
            interval.low = std::max(interval.low, claim_.range.low);
            interval.high = std::min(interval.high, claim_.range.high);
        }
        return interval;
    }

  private:
    const Claim& claim_;
    std::vector<double> left_out_;
};

Verdict verdict_of(const JudgedClaim& judged, double level) {
    if (std::isnan(judged.effect.estimate)) {
        return Verdict::not_tested;
    }
    if (judged.adjusted_p >= level) {
        return Verdict::undecided;
    }
    const bool above = judged.effect.estimate > judged.claim.null;
    return above == (judged.claim.side > 0) ? Verdict::agrees : Verdict::disagrees;
}

/// From the interval's half-width towards the null value, which shrinks with the root of the size.
double times_as_many(const JudgedClaim& judged, double level) {
    const double distance = std::abs(judged.effect.estimate - judged.claim.null);
    if (!(distance > 0.0)) {
        return std::numeric_limits<double>::infinity();
    }
    const double half = judged.effect.estimate > judged.claim.null
                            ? judged.effect.estimate - judged.effect.low
                            : judged.effect.high - judged.effect.estimate;
    const boost::math::normal standard;
    const double error = half / boost::math::quantile(standard, 0.975);
    const double wanted = boost::math::quantile(standard, 1.0 - level / 2) +
                          boost::math::quantile(standard, wanted_power);
    return std::pow(wanted * error / distance, 2);
}

std::string short_number(double value) {
    return std::isfinite(value) ? fmt::format("{:.3g}", value) : std::string("-");
}

/// p_value() goes no further down than this.
std::string p_text(double p) {
    return p <= 1e-12 ? std::string("<= 1e-12") : fmt::format("{:.2g}", p);
}

std::string interval_text(const Interval& interval) {
    if (std::isnan(interval.estimate)) {
        return "-";
    }
    return fmt::format("{} [{}, {}]", short_number(interval.estimate), short_number(interval.low),
                       short_number(interval.high));
}

std::string power_text(const JudgedClaim& judged) {
    if (judged.verdict != Verdict::undecided) {
        return "";
    }
    if (!std::isfinite(judged.times_as_many)) {
        return "no effect was seen that any number could decide";
    }
    return fmt::format(
        "about {:.0f} subjects would decide it (80 % power) if this effect is real",
        std::ceil(judged.times_as_many * static_cast<double>(judged.claim.subjects)));
}

std::string sensitivity_text(const JudgedClaim& judged) {
    if (judged.relabellings == 0) {
        return "";
    }
    const std::string others =
        judged.other_verdicts.empty() ? "" : "; not with " + judged.other_verdicts;
    return fmt::format("same verdict with {} of {} other labellings{}", judged.same_verdict,
                       judged.relabellings, others);
}

nlohmann::json finite(double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

}  // namespace

std::vector<JudgedClaim> judge_claims(std::vector<Claim> claims, double level) {
    check(level > 0.0 && level < 1.0, "0 < level < 1");
    std::vector<JudgedClaim> judged;
    std::vector<double> p_values;
    std::vector<std::size_t> tested;
    for (Claim& claim : claims) {
        JudgedClaim& one = judged.emplace_back();
        one.claim = std::move(claim);
        const ClaimInterval interval(one.claim);
        one.effect = interval(0.95);
        if (!std::isnan(one.effect.estimate)) {
            one.p = std::max(one.claim.least_p, p_value(interval, one.claim.null));
            p_values.push_back(one.p);
            tested.push_back(judged.size() - 1);
        }
    }
    const std::vector<double> adjusted = holm(p_values);
    for (std::size_t i = 0; i < tested.size(); ++i) {
        JudgedClaim& one = judged[tested[i]];
        one.adjusted_p = adjusted[i];
        one.times_as_many = times_as_many(one, level / static_cast<double>(tested.size()));
    }
    for (JudgedClaim& one : judged) {
        one.verdict = verdict_of(one, level);
    }
    return judged;
}

void add_sensitivity(std::vector<JudgedClaim>& judged, const std::vector<Relabelling>& others,
                     double level) {
    std::vector<std::map<std::string, std::string>> changes(judged.size());
    for (const Relabelling& other : others) {
        const std::vector<JudgedClaim> moved = judge_claims(other.claims, level);
        check(moved.size() == judged.size(), "a relabelling has the same claims");
        for (std::size_t i = 0; i < judged.size(); ++i) {
            ++judged[i].relabellings;
            if (moved[i].verdict == judged[i].verdict) {
                ++judged[i].same_verdict;
                continue;
            }
            std::string& names = changes[i][name_of(moved[i].verdict)];
            names += (names.empty() ? "" : ", ") + other.name;
        }
    }
    for (std::size_t i = 0; i < judged.size(); ++i) {
        for (const auto& [verdict, names] : changes[i]) {
            judged[i].other_verdicts +=
                (judged[i].other_verdicts.empty() ? "" : "; ") + names + " (" + verdict + ")";
        }
    }
}

std::string format_claims(const std::vector<JudgedClaim>& claims) {
    std::string text;
    for (const JudgedClaim& one : claims) {
        text += fmt::format(
            "{}: {}\n  tested    {}\n  measured  {} {}, null {:g}, p {} (Holm {})\n", one.claim.id,
            one.claim.statement, one.claim.hypothesis, one.claim.effect, interval_text(one.effect),
            one.claim.null, p_text(one.p), p_text(one.adjusted_p));
        text +=
            one.claim.measured.empty() ? "" : fmt::format("            {}\n", one.claim.measured);
        text += fmt::format("  verdict   {}\n", name_of(one.verdict));
        for (const std::string& line : {power_text(one), sensitivity_text(one)}) {
            text += line.empty() ? "" : fmt::format("            {}\n", line);
        }
    }
    return text;
}

void write_claims_csv(const std::filesystem::path& path, const std::vector<JudgedClaim>& claims) {
    std::string text =
        "claim,statement,hypothesis,effect,null,side,estimate,low,high,p,holm_p,verdict,subjects,"
        "subjects_to_decide,relabellings,same_verdict,other_verdicts,measured\n";
    const auto known = [](double value) {
        return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
    };
    for (const JudgedClaim& one : claims) {
        const bool open = one.verdict == Verdict::undecided;
        CsvLine line;
        text += line.text(one.claim.id)
                    .text(one.claim.statement)
                    .text(one.claim.hypothesis)
                    .text(one.claim.effect)
                    .number(one.claim.null)
                    .text(one.claim.side > 0 ? "above" : "below")
                    .number(one.effect.estimate)
                    .number(one.effect.low)
                    .number(one.effect.high)
                    .number(one.p)
                    .number(one.adjusted_p)
                    .text(name_of(one.verdict))
                    .integer(static_cast<std::int64_t>(one.claim.subjects))
                    .number(open ? known(std::ceil(one.times_as_many *
                                                   static_cast<double>(one.claim.subjects)))
                                 : std::numeric_limits<double>::quiet_NaN())
                    .integer(static_cast<std::int64_t>(one.relabellings))
                    .integer(static_cast<std::int64_t>(one.same_verdict))
                    .text(one.other_verdicts)
                    .text(one.claim.measured)
                    .end();
    }
    replace_file(path, std::string_view(text));
}

nlohmann::json claims_data(const std::vector<JudgedClaim>& claims) {
    nlohmann::json data = nlohmann::json::array();
    for (const JudgedClaim& one : claims) {
        data.push_back({{"id", one.claim.id},
                        {"statement", one.claim.statement},
                        {"hypothesis", one.claim.hypothesis},
                        {"effect", one.claim.effect},
                        {"null", one.claim.null},
                        {"side", one.claim.side},
                        {"estimate", finite(one.effect.estimate)},
                        {"low", finite(one.effect.low)},
                        {"high", finite(one.effect.high)},
                        {"p", one.p},
                        {"holm_p", one.adjusted_p},
                        {"verdict", name_of(one.verdict)},
                        {"subjects", one.claim.subjects},
                        {"power", power_text(one)},
                        {"sensitivity", sensitivity_text(one)},
                        {"measured", one.claim.measured}});
    }
    return data;
}

}  // namespace shoal
