// SPDX-License-Identifier: MIT
#include "stats/report_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "stats/pairs.hpp"
#include "stats/rows.hpp"
#include "stats/trends.hpp"

namespace shoal {
namespace {

using nlohmann::json;

json to_json(const Interval& interval) {
    return json::array({rounded(interval.estimate), rounded(interval.low), rounded(interval.high)});
}

json to_json(const SummaryRow& row) {
    json shares = json::object();
    json counts = json::object();
    for (const Mechanism mechanism : all_mechanisms) {
        const auto i = static_cast<std::size_t>(mechanism);
        if (row.mechanism_count[i] > 0) {
            counts[name_of(mechanism)] = row.mechanism_count[i];
        }
        shares[name_of(mechanism)] = to_json(row.share_of_mechanism[i]);
    }
    return {{"value", row.value},
            {"networks", row.networks},
            {"trained", row.trained},
            {"diverged", row.diverged},
            {"pending", row.pending},
            {"accepted", row.accepted},
            {"share_accepted", to_json(row.share_accepted)},
            {"count", counts},
            {"share", shares},
            {"median_error", to_json(row.median_error)},
            {"saturated_delay", to_json(row.median_saturated_delay)},
            {"attractors", to_json(row.median_attractors)}};
}

json trends_data(const std::vector<OutcomeTrends>& outcomes) {
    json data = json::array();
    for (const OutcomeTrends& outcome : outcomes) {
        json trends = json::array();
        for (const Trend& trend : outcome.trends) {
            trends.push_back({{"key", trend.key},
                              {"log", trend.logarithmic},
                              {"from", rounded(trend.from)},
                              {"to", rounded(trend.to)},
                              {"odds_ratio", to_json(trend.odds_ratio)},
                              {"p", rounded(trend.p, 2)}});
        }
        data.push_back({{"outcome", outcome.outcome},
                        {"networks", outcome.networks},
                        {"events", outcome.events},
                        {"trends", trends},
                        {"limits", outcome.limits}});
    }
    return data;
}

json summary_by_key(const std::vector<SummaryRow>& summary, const ReportLimits& limits,
                    std::vector<std::string>& notes) {
    json keys = json::array();
    std::size_t hidden = 0;
    for (const SummaryRow& row : summary) {
        if (row.key == "all") {
            continue;
        }
        if (keys.empty() || keys.back()["key"] != row.key) {
            keys.push_back({{"key", row.key}, {"values", json::array()}});
        }
        json& values = keys.back()["values"];
        if (values.size() < limits.values_per_key) {
            values.push_back(to_json(row));
        } else {
            ++hidden;
        }
    }
    if (hidden > 0) {
        notes.push_back(
            fmt::format("Charts and tables by swept key show the first {} values of a "
                        "key; {} values are left out here.",
                        limits.values_per_key, hidden));
    }
    return keys;
}

json to_json(const PairCell& cell) {
    if (cell.networks == 0) {
        return nullptr;
    }
    json counts = json::object();
    for (const Mechanism mechanism : all_mechanisms) {
        if (const std::size_t n = cell.mechanism_count[static_cast<std::size_t>(mechanism)];
            n > 0) {
            counts[name_of(mechanism)] = n;
        }
    }
    json out = {{"tested", cell.tested},
                {"accepted", cell.accepted},
                {"share_accepted", to_json(cell.share)},
                {"count", counts}};
    if (cell.tuned) {
        out["tuned"] = to_json(*cell.tuned);
    }
    return out;
}

/// Counts by two axes of the sweep at once, for every pair.
json maps_of_pairs(const std::vector<PopulationRow>& rows, const std::vector<std::string>& axes,
                   const ReportLimits& limits, std::vector<std::string>& notes) {
    json maps = json::array();
    for (const auto& [row_axis, column_axis] : axis_pairs(axes)) {
        const std::size_t height = distinct_values(rows, row_axis).size();
        const std::size_t width = distinct_values(rows, column_axis).size();
        if (height * width > limits.map_cells) {
            notes.push_back(
                fmt::format("The map of {} and {} is left out: its {} x {} cells are more than {}.",
                            row_axis, column_axis, height, width, limits.map_cells));
            continue;
        }
        const PairTable table = pair_table(rows, row_axis, column_axis, axes);
        json cells = json::array();
        for (const std::vector<PairCell>& line : table.cells) {
            json out = json::array();
            for (const PairCell& cell : line) {
                out.push_back(to_json(cell));
            }
            cells.push_back(std::move(out));
        }
        json tuned = json::array();
        for (const std::optional<Interval>& share : table.tuned_of_row) {
            tuned.push_back(share ? to_json(*share) : json());
        }
        maps.push_back({{"row_key", row_axis},
                        {"column_key", column_axis},
                        {"rows", table.rows},
                        {"columns", table.columns},
                        {"cells", cells},
                        {"tuned_of_row", tuned}});
    }
    return maps;
}

/// The largest uid of the `most` smallest ones; empty if all rows are meant.
std::string last_of_sample(const std::vector<PopulationRow>& rows, std::size_t most) {
    if (most == 0 || rows.size() <= most) {
        return "";
    }
    std::vector<std::string_view> uids;
    for (const PopulationRow& row : rows) {
        uids.push_back(row.spec.uid);
    }
    const auto last = uids.begin() + static_cast<std::ptrdiff_t>(most) - 1;
    std::nth_element(uids.begin(), last, uids.end());
    return std::string(*last);
}

json table_of_networks(const std::vector<PopulationRow>& rows, const std::vector<std::string>& keys,
                       const ReportLimits& limits, std::vector<std::string>& notes) {
    json columns = {"uid", "replicate"};
    for (const std::string& key : keys) {
        columns.push_back(key);
    }
    for (const char* name : {"status", "accepted", "fraction_failed", "median_error", "mechanism",
                             "attractors", "evidence"}) {
        columns.push_back(name);
    }
    json lines = json::array();
    const std::string last = last_of_sample(rows, limits.table_rows);
    if (!last.empty()) {
        notes.push_back(
            fmt::format("The table lists {} of {} networks from the whole sweep, those with the "
                        "smallest uids; population.csv has all of them.",
                        limits.table_rows, rows.size()));
    }
    for (const PopulationRow& row : rows) {
        if (!last.empty() && row.spec.uid > last) {
            continue;
        }
        json line = {row.spec.uid, row.spec.replicate};
        for (const std::string& key : keys) {
            const auto value = swept_value(row, key);
            if (!value) {
                line.push_back(nullptr);
            } else if (const auto* real = std::get_if<double>(&*value)) {
                line.push_back(*real);
            } else if (const auto* whole = std::get_if<std::int64_t>(&*value)) {
                line.push_back(*whole);
            } else {
                line.push_back(to_string(*value));
            }
        }
        line.push_back(name_of(row.status));
        const bool trained = row.status == Status::trained;
        line.push_back(row.status == Status::pending ? "" : is_accepted(row) ? "yes" : "no");
        line.push_back(trained ? json(rounded(row.trained->acceptance.fraction_failed)) : json());
        line.push_back(trained ? json(rounded(row.trained->acceptance.median_error)) : json());
        line.push_back(mechanism_of(row) == Mechanism::none ? "" : name_of(mechanism_of(row)));
        const bool counted = row.analysis && row.analysis->attractors >= 0;
        line.push_back(counted ? json(row.analysis->attractors) : json());
        line.push_back(row.analysis ? row.analysis->evidence : "");
        lines.push_back(std::move(line));
    }
    return {{"columns", columns}, {"rows", lines}, {"networks", rows.size()}};
}

/// Scalars of manifest.json, nested keys joined by dots.
void flatten(const json& value, const std::string& name, json& out) {
    if (value.is_object()) {
        for (const auto& [key, inner] : value.items()) {
            flatten(inner, name.empty() ? key : name + "." + key, out);
        }
    } else if (!value.is_array() && value != "") {
        out.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
    }
}

json manifests(const std::vector<RunContent>& runs) {
    json all = json::array();
    for (const RunContent& run : runs) {
        json entries = json::array();
        if (std::filesystem::exists(run.paths.manifest())) {
            const json parsed = json::parse(read_text_file(run.paths.manifest()), nullptr, false);
            if (parsed.is_discarded()) {
                entries.push_back({"manifest.json", "is damaged: not JSON"});
            } else {
                flatten(parsed, "", entries);
            }
        }
        all.push_back({{"folder", run.paths.folder.filename().string()}, {"entries", entries}});
    }
    return all;
}

void note_cut_work(const std::vector<PopulationRow>& rows, std::vector<std::string>& notes) {
    std::size_t cut = 0;
    const std::string* first = nullptr;
    for (const PopulationRow& row : rows) {
        if (row.analysis && !row.analysis->limits.empty()) {
            ++cut;
            first = first ? first : &row.analysis->limits;
        }
    }
    if (cut > 0) {
        notes.push_back(
            fmt::format("The analysis of {} network{} reached a limit; the column limits "
                        "of population.csv names each. The first: {}",
                        cut, cut == 1 ? "" : "s", *first));
    }
}

/// Every file is opened once for all that is drawn from it.
DrawnAnalyses drawn_analyses(const std::vector<RunContent>& runs,
                             const std::vector<const PopulationRow*>& detailed) {
    std::set<std::string> uids;
    for (const PopulationRow* row : detailed) {
        uids.insert(row->spec.uid);
    }
    for (const RunContent& run : runs) {
        for (const ExampleTrajectories& example : run.examples) {
            uids.insert(example.uid);
        }
    }
    DrawnAnalyses drawn;
    for (const RunContent& run : runs) {
        for (NetworkAnalysis& analysis : whole_analyses(run, uids)) {
            std::string uid = analysis.uid;
            drawn.emplace(std::move(uid), std::move(analysis));
        }
    }
    return drawn;
}

}  // namespace

json report_data(const std::vector<RunContent>& runs, const std::vector<PopulationRow>& rows,
                 const std::vector<SummaryRow>& summary, const ReportLimits& limits,
                 const std::vector<std::string>& detailed) {
    check(!runs.empty(), "a report needs a run");
    check(!summary.empty() && summary.front().key == "all", "the summary starts with all networks");
    const Config& config = runs.front().config;
    std::vector<std::string> notes;
    std::string yaml = config.resolved_yaml;
    if (yaml.size() > limits.config_bytes) {
        notes.push_back(
            fmt::format("The configuration shown is cut after {} bytes; config.yaml has "
                        "all of it.",
                        limits.config_bytes));
        yaml.resize(limits.config_bytes);
    }
    json names = json::array();
    for (const Mechanism mechanism : all_mechanisms) {
        names.push_back(name_of(mechanism));
    }
    const auto analysed = std::count_if(rows.begin(), rows.end(), [](const PopulationRow& row) {
        return is_accepted(row) && row.analysis;
    });
    note_cut_work(rows, notes);
    const auto chosen = detailed_networks(rows, limits, detailed, notes);
    const DrawnAnalyses drawn = drawn_analyses(runs, chosen);
    json data = {{"name", config.name},
                 {"runs", runs.size()},
                 {"config", yaml},
                 {"swept_keys", config.swept_keys},
                 {"tuned_axis", tuned_axis},
                 {"mechanisms", names},
                 {"analysed", analysed},
                 {"all", to_json(summary.front())},
                 {"searches", searches_sentence(rows)},
                 {"by_key", summary_by_key(summary, limits, notes)},
                 {"maps", maps_of_pairs(rows, config.axes, limits, notes)},
                 {"curves", training_curves(runs, rows, limits, notes)},
                 {"slowness", slowness_curves(rows)},
                 {"signals", signal_curves(rows)},
                 {"trends", trends_data(logistic_trends(rows, config.axes))},
                 {"examples", example_networks(runs, rows, drawn, limits, notes)},
                 {"behaviour", behaviour_data(rows, limits, notes)},
                 {"details", network_details(chosen, drawn, limits, notes)},
                 {"table", table_of_networks(rows, config.swept_keys, limits, notes)},
                 {"manifests", manifests(runs)}};
    data["notes"] = notes;
    return data;
}

}  // namespace shoal
