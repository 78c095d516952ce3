// SPDX-License-Identifier: MIT
#include "cli/results.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stats/full_table.hpp"
#include "stats/pairs.hpp"

namespace shoal {

void print_counts(const Population& population, const RunPaths& paths,
                  const std::vector<std::pair<std::string, std::filesystem::path>>& files) {
    const SummaryRow& all = population.summary.front();
    nlohmann::ordered_json out = {{"run", paths.folder.string()}, {"networks", all.networks},
                                  {"trained", all.trained},       {"diverged", all.diverged},
                                  {"pending", all.pending},       {"accepted", all.accepted}};
    for (const auto& [name, path] : files) {
        out[name] = path.string();
    }
    for (std::size_t m = 0; m < all.mechanism_count.size(); ++m) {
        out["mechanisms"][name_of(static_cast<Mechanism>(m))] = all.mechanism_count[m];
    }
    fmt::print("{}\n", out.dump());
}

std::string summary_text(const Population& population) {
    const std::string pairs = format_pairs(population.rows, population.runs.front().config.axes);
    const std::string behaviour = format_behaviour(population.rows);
    return format_summary(population.summary) + (pairs.empty() ? "" : "\n" + pairs) +
           (behaviour.empty() ? "" : "\n" + behaviour);
}

void write_table(const Population& population, const RunPaths& paths) {
    std::filesystem::create_directories(paths.folder);
    write_population_csv(paths.table(), population.rows, population.runs.front().config.swept_keys);
}

void write_results(const Population& population, const RunPaths& paths, bool json,
                   const std::vector<std::string>& detailed) {
    write_table(population, paths);
    std::filesystem::create_directories(paths.report().parent_path());
    write_report(paths.report(), population.runs, population.rows, population.summary, detailed);
    if (json) {
        print_counts(population, paths, {{"table", paths.table()}, {"report", paths.report()}});
    } else {
        fmt::print("{}\ntable   {}\nreport  {}\n", summary_text(population), paths.table().string(),
                   paths.report().string());
    }
}

}  // namespace shoal
