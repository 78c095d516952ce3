// SPDX-License-Identifier: MIT
#include "stats/report_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/file.hpp"
#include "stats/rows.hpp"

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

/// Counts by two swept keys at once, for every pair of keys.
json maps_of_pairs(const std::vector<PopulationRow>& rows, const std::vector<std::string>& keys,
                   const ReportLimits& limits, std::vector<std::string>& notes) {
    json maps = json::array();
    for (std::size_t a = 0; a < keys.size(); ++a) {
        for (std::size_t b = a + 1; b < keys.size(); ++b) {
            const std::vector<std::string> values_a = distinct_values(rows, keys[a]);
            const std::vector<std::string> values_b = distinct_values(rows, keys[b]);
            if (values_a.size() * values_b.size() > limits.map_cells) {
                notes.push_back(fmt::format(
                    "The map of {} and {} is left out: its {} x {} cells are "
                    "more than {}.",
                    keys[a], keys[b], values_a.size(), values_b.size(), limits.map_cells));
                continue;
            }
            std::map<std::pair<std::string, std::string>, std::vector<const PopulationRow*>> groups;
            for (const PopulationRow& row : rows) {
                const auto value_a = swept_value(row, keys[a]);
                const auto value_b = swept_value(row, keys[b]);
                if (value_a && value_b) {
                    groups[{to_string(*value_a), to_string(*value_b)}].push_back(&row);
                }
            }
            json cells = json::array();
            for (const std::string& y : values_a) {
                json line = json::array();
                for (const std::string& x : values_b) {
                    const auto group = groups.find({y, x});
                    if (group == groups.end()) {
                        line.push_back(nullptr);
                        continue;
                    }
                    std::size_t tested = 0, accepted = 0;
                    json counts = json::object();
                    for (const PopulationRow* row : group->second) {
                        tested += row->status != Status::pending ? 1 : 0;
                        if (is_accepted(*row)) {
                            ++accepted;
                            json& count = counts[name_of(mechanism_of(*row))];
                            count = count.is_null() ? 1 : count.get<int>() + 1;
                        }
                    }
                    line.push_back({{"tested", tested},
                                    {"accepted", accepted},
                                    {"share_accepted", to_json(wilson_interval(accepted, tested))},
                                    {"count", counts}});
                }
                cells.push_back(std::move(line));
            }
            maps.push_back({{"row_key", keys[a]},
                            {"column_key", keys[b]},
                            {"rows", values_a},
                            {"columns", values_b},
                            {"cells", cells}});
        }
    }
    return maps;
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
    for (const PopulationRow& row : rows) {
        if (lines.size() == limits.table_rows) {
            notes.push_back(
                fmt::format("The table lists the first {} of {} networks; population.csv "
                            "has all of them.",
                            limits.table_rows, rows.size()));
            break;
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

}  // namespace

json report_data(const std::vector<RunContent>& runs, const std::vector<PopulationRow>& rows,
                 const std::vector<SummaryRow>& summary, const ReportLimits& limits) {
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
    json data = {{"name", config.name},
                 {"runs", runs.size()},
                 {"config", yaml},
                 {"swept_keys", config.swept_keys},
                 {"mechanisms", names},
                 {"analysed", analysed},
                 {"all", to_json(summary.front())},
                 {"by_key", summary_by_key(summary, limits, notes)},
                 {"maps", maps_of_pairs(rows, config.swept_keys, limits, notes)},
                 {"curves", training_curves(runs, limits)},
                 {"slowness", slowness_curves(rows)},
                 {"examples", example_networks(runs, limits, notes)},
                 {"table", table_of_networks(rows, config.swept_keys, limits, notes)},
                 {"manifests", manifests(runs)}};
    data["notes"] = notes;
    return data;
}

}  // namespace shoal
