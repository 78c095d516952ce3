// SPDX-License-Identifier: MIT
#include "stats/pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stats/rows.hpp"
#include "stats/text.hpp"

namespace shoal {
namespace {

constexpr std::size_t max_tables = 6;
constexpr std::size_t max_cells = 200;  // of a table on a terminal

bool names_task_or_init(const std::string& axis) {
    return axis.find("network.init") != std::string::npos || axis.starts_with("task.") ||
           axis.find(", task.") != std::string::npos;
}

PairCell cell_of(const Rows& networks) {
    PairCell cell;
    cell.networks = networks.size();
    cell.mechanism_count.assign(all_mechanisms.size(), 0);
    for (const PopulationRow* row : networks) {
        cell.tested += row->status != Status::pending ? 1 : 0;
        if (is_accepted(*row)) {
            ++cell.accepted;
            ++cell.mechanism_count[static_cast<std::size_t>(mechanism_of(*row))];
        }
    }
    cell.share = wilson_interval(cell.accepted, cell.tested);
    return cell;
}

/// The value with the largest share, the first of equal ones; nothing if none was tested.
std::optional<std::string> best_value(const std::vector<std::string>& values,
                                      const std::map<std::string, Count>& counts) {
    std::optional<std::string> best;
    Count of_best;
    for (const std::string& value : values) {
        const auto found = counts.find(value);
        if (found == counts.end() || found->second.trials == 0) {
            continue;
        }
        const Count& count = found->second;
        if (!best || count.successes * of_best.trials > of_best.successes * count.trials) {
            best = value;
            of_best = count;
        }
    }
    return best;
}

std::string format_table(const PairTable& table) {
    const bool tuned_column = std::any_of(table.tuned_of_row.begin(), table.tuned_of_row.end(),
                                          [](const auto& share) { return share.has_value(); });
    std::vector<std::vector<std::string>> lines(1);
    lines[0].push_back("");
    lines[0].insert(lines[0].end(), table.columns.begin(), table.columns.end());
    if (tuned_column) {
        lines[0].push_back("tuned");
    }
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        std::vector<std::string> line = {table.rows[r]};
        for (const PairCell& cell : table.cells[r]) {
            line.push_back(percent(cell.share));
        }
        if (tuned_column) {
            line.push_back(table.tuned_of_row[r] ? percent(*table.tuned_of_row[r]) : "-");
        }
        lines.push_back(std::move(line));
    }
    return fmt::format("Share accepted: {} (down) by {} (across)\n{}", table.row_axis,
                       table.column_axis, aligned(lines));
}

/// The same with every cell tuned; empty if none is.
std::string format_tuned(const PairTable& table) {
    std::vector<std::vector<std::string>> lines(1);
    lines[0].push_back("");
    lines[0].insert(lines[0].end(), table.columns.begin(), table.columns.end());
    bool any = false;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        lines.push_back({table.rows[r]});
        for (const PairCell& cell : table.cells[r]) {
            lines.back().push_back(cell.tuned ? percent(*cell.tuned) : "-");
            any = any || cell.tuned;
        }
    }
    return any ? fmt::format("The same, tuned over {}\n{}", tuned_axis, aligned(lines)) : "";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> axis_pairs(const std::vector<std::string>& axes) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t a = 0; a < axes.size(); ++a) {
        for (std::size_t b = a + 1; b < axes.size(); ++b) {
            pairs.emplace_back(axes[a], axes[b]);
            if (axes[a] == tuned_axis) {
                std::swap(pairs.back().first, pairs.back().second);
            }
        }
    }
    return pairs;
}

Count tuned_count(const std::vector<const PopulationRow*>& networks, const std::string& axis,
                  const std::set<std::uint32_t>& replicates) {
    std::map<std::string, Count> halves[2];
    std::vector<PopulationRow> seen;  // one row of each value, for their order
    for (const PopulationRow* row : networks) {
        const std::optional<SweepValue> value = swept_value(*row, axis);
        if (!value) {
            continue;
        }
        const auto place = std::distance(replicates.begin(), replicates.find(row->spec.replicate));
        const std::string text = to_string(*value);
        if (!halves[0].contains(text) && !halves[1].contains(text)) {
            seen.push_back(PopulationRow{row->spec, {}, {}, {}});
        }
        Count& count = halves[place % 2][text];
        count.trials += row->status != Status::pending ? 1 : 0;
        count.successes += is_accepted(*row) ? 1 : 0;
    }
    const std::vector<std::string> values = distinct_values(seen, axis);
    Count judged;
    for (const int half : {0, 1}) {
        const std::optional<std::string> best = best_value(values, halves[half]);
        if (const auto found = best ? halves[1 - half].find(*best) : halves[1 - half].end();
            found != halves[1 - half].end()) {
            judged.trials += found->second.trials;
            judged.successes += found->second.successes;
        }
    }
    return judged;
}

std::optional<Interval> tuned_share(const std::vector<const PopulationRow*>& networks,
                                    const std::string& axis) {
    std::set<std::uint32_t> replicates;
    for (const PopulationRow* row : networks) {
        replicates.insert(row->spec.replicate);
    }
    const Count judged = tuned_count(networks, axis, replicates);
    if (judged.trials == 0) {
        return std::nullopt;
    }
    return wilson_interval(judged.successes, judged.trials);
}

PairTable pair_table(const std::vector<PopulationRow>& rows, const std::string& row_axis,
                     const std::string& column_axis, const std::vector<std::string>& axes) {
    PairTable table;
    table.row_axis = row_axis;
    table.column_axis = column_axis;
    table.rows = distinct_values(rows, row_axis);
    table.columns = distinct_values(rows, column_axis);
    std::map<std::pair<std::string, std::string>, Rows> groups;
    std::map<std::string, Rows> of_row;
    for (const PopulationRow& row : rows) {
        const auto y = swept_value(row, row_axis);
        const auto x = swept_value(row, column_axis);
        if (y && x) {
            groups[{to_string(*y), to_string(*x)}].push_back(&row);
            of_row[to_string(*y)].push_back(&row);
        }
    }
    const bool tunable = std::find(axes.begin(), axes.end(), tuned_axis) != axes.end();
    for (const std::string& y : table.rows) {
        std::vector<PairCell>& line = table.cells.emplace_back();
        for (const std::string& x : table.columns) {
            const Rows& networks = groups[{y, x}];
            line.push_back(cell_of(networks));
            if (tunable && row_axis != tuned_axis && column_axis != tuned_axis) {
                line.back().tuned = tuned_share(networks, tuned_axis);
            }
        }
        table.tuned_of_row.push_back(column_axis == tuned_axis ? tuned_share(of_row[y], tuned_axis)
                                                               : std::nullopt);
    }
    return table;
}

std::string format_pairs(const std::vector<PopulationRow>& rows,
                         const std::vector<std::string>& axes) {
    std::string text;
    std::string left_out;
    std::size_t shown = 0;
    for (const auto& [row_axis, column_axis] : axis_pairs(axes)) {
        if (!names_task_or_init(row_axis) && !names_task_or_init(column_axis)) {
            continue;
        }
        const std::size_t cells =
            distinct_values(rows, row_axis).size() * distinct_values(rows, column_axis).size();
        if (shown == max_tables || cells > max_cells) {
            left_out +=
                fmt::format("Left out: the {} cells of {} by {}; population.csv has them.\n", cells,
                            row_axis, column_axis);
            continue;
        }
        ++shown;
        const PairTable table = pair_table(rows, row_axis, column_axis, axes);
        text += (text.empty() ? "" : "\n") + format_table(table);
        const std::string tuned = format_tuned(table);
        text += tuned.empty() ? "" : "\n" + tuned;
    }
    if (shown > 0 && std::find(axes.begin(), axes.end(), tuned_axis) != axes.end()) {
        text += fmt::format(
            "Tuned: the {} that is best on every other replicate, judged on the replicates between "
            "them,\nand the other way round.\n",
            tuned_axis);
    }
    return text + left_out;
}

}  // namespace shoal
