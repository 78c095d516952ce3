// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/rows.hpp"
#include "stats/table.hpp"
#include "stats/text.hpp"

namespace shoal {
namespace {

std::size_t index_of(Mechanism mechanism) {
    return static_cast<std::size_t>(mechanism);
}

SummaryRow summarize_group(std::string key, std::string value,
                           const std::vector<const PopulationRow*>& rows, RandomKey random) {
    SummaryRow summary;
    summary.key = std::move(key);
    summary.value = std::move(value);
    summary.networks = rows.size();
    summary.mechanism_count.assign(all_mechanisms.size(), 0);
    std::vector<double> errors, saturated, attractors;
    for (const PopulationRow* row : rows) {
        switch (row->status) {
            case Status::pending:
                ++summary.pending;
                break;
            case Status::diverged:
                ++summary.diverged;
                break;
            case Status::trained:
                ++summary.trained;
                errors.push_back(row->trained->acceptance.median_error);
                break;
        }
        if (!is_accepted(*row)) {
            continue;
        }
        ++summary.accepted;
        ++summary.mechanism_count[index_of(mechanism_of(*row))];
        if (row->analysis) {
            saturated.push_back(row->analysis->saturated_delay);
            if (row->analysis->attractors >= 0) {
                attractors.push_back(row->analysis->attractors);
            }
        }
    }
    summary.share_accepted = wilson_interval(summary.accepted, summary.networks - summary.pending);
    for (const std::size_t count : summary.mechanism_count) {
        summary.share_of_mechanism.push_back(wilson_interval(count, summary.accepted));
    }
    summary.median_error = median_interval(std::move(errors), random);
    summary.median_saturated_delay = median_interval(std::move(saturated), random);
    summary.median_attractors = median_interval(std::move(attractors), random);
    return summary;
}

std::string median(const Interval& value) {
    if (std::isnan(value.estimate)) {
        return "-";
    }
    return fmt::format("{:.3g} [{:.3g}, {:.3g}]", value.estimate, value.low, value.high);
}

}  // namespace

std::vector<SummaryRow> summarize(const std::vector<PopulationRow>& rows,
                                  const std::vector<std::string>& axes, RandomKey key) {
    std::vector<const PopulationRow*> everyone;
    for (const PopulationRow& row : rows) {
        everyone.push_back(&row);
    }
    std::vector<SummaryRow> summary = {summarize_group("all", "", everyone, key)};
    for (const std::string& name : axes) {
        std::map<std::string, std::vector<const PopulationRow*>> groups;
        for (const PopulationRow& row : rows) {
            if (const std::optional<SweepValue> value = swept_value(row, name)) {
                groups[to_string(*value)].push_back(&row);
            }
        }
        for (const std::string& value : distinct_values(rows, name)) {
            summary.push_back(summarize_group(name, value, groups.at(value), key));
        }
    }
    return summary;
}

std::string format_summary(const std::vector<SummaryRow>& summary) {
    std::vector<Mechanism> seen;
    for (const Mechanism mechanism : all_mechanisms) {
        const bool occurs = std::any_of(summary.begin(), summary.end(), [&](const auto& row) {
            return row.mechanism_count[index_of(mechanism)] > 0;
        });
        if (occurs) {
            seen.push_back(mechanism);
        }
    }
    std::vector<std::vector<std::string>> table = {
        {"", "networks", "pending", "diverged", "accepted", "share accepted", "median error"}};
    for (const Mechanism mechanism : seen) {
        table[0].push_back(mechanism == Mechanism::none ? "not analysed" : name_of(mechanism));
    }
    for (const SummaryRow& row : summary) {
        std::vector<std::string> line = {row.key == "all" ? "all" : row.key + " = " + row.value};
        for (const std::size_t count : {row.networks, row.pending, row.diverged, row.accepted}) {
            line.push_back(fmt::format("{}", count));
        }
        line.push_back(percent(row.share_accepted));
        line.push_back(median(row.median_error));
        for (const Mechanism mechanism : seen) {
            line.push_back(percent(row.share_of_mechanism[index_of(mechanism)]));
        }
        table.push_back(std::move(line));
    }
    return aligned(table) +
           fmt::format(
               "Share accepted: of all networks that are not pending, diverged ones included. "
               "Mechanisms: of accepted\nnetworks. In brackets: 95 % intervals (shares: Wilson; "
               "medians: bootstrap, of more than {} networks\nbetween order statistics).\n",
               bootstrap_limit);
}

}  // namespace shoal
