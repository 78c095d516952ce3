// SPDX-License-Identifier: MIT
#include "cli/results.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/run_folder.hpp"
#include "core/file.hpp"
#include "stats/full_table.hpp"
#include "stats/pairs.hpp"
#include "stats/shares.hpp"

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
    // A path may be no UTF-8 text.
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string summary_text(const Population& population) {
    const std::string pairs = format_pairs(population.rows, population.runs.front().config.axes);
    const std::string trends = format_trends(population.trends);
    const std::string behaviour = format_behaviour(population.rows);
    const std::string searches = searches_sentence(population.rows);
    return format_summary(population.summary) + (pairs.empty() ? "" : "\n" + pairs) +
           (trends.empty() ? "" : "\n" + trends) + (behaviour.empty() ? "" : "\n" + behaviour) +
           (searches.empty() ? "" : "\n" + searches + "\n");
}

RunPaths results_folder(const std::string& out, const std::vector<std::string>& folders,
                        const Population& population) {
    if (!out.empty()) {
        return {out};
    }
    if (folders.size() == 1) {
        return {folders.front()};
    }
    const RunContent& first = population.runs.front();
    return {first.paths.folder.parent_path() / (first.config.name + ".merged")};
}

std::filesystem::path claims_path(const RunPaths& paths) {
    return paths.folder / "claims.json";
}

void write_table(const Population& population, const RunPaths& paths) {
    create_folders(paths.folder);
    const Config& config = population.runs.front().config;
    write_population_csv(paths.table(), population.rows, config.swept_keys);
    write_shares_csv(paths.folder / "shares.csv", population.summary);
    if (!population.trends.empty()) {
        write_trends_csv(paths.folder / "trends.csv", population.trends);
    }
}

void write_results(const Population& population, const RunPaths& paths, bool json,
                   const std::vector<std::string>& detailed) {
    require_own_folders(paths);
    write_table(population, paths);
    create_folders(paths.report().parent_path());
    const bool claims = std::filesystem::exists(claims_path(paths));
    write_report(paths.report(), population.runs, population.rows, population.summary, detailed,
                 claims ? read_text_file(claims_path(paths)) : std::string());
    if (json) {
        std::vector<std::pair<std::string, std::filesystem::path>> files = {
            {"table", paths.table()}, {"report", paths.report()}};
        if (claims) {
            files.emplace_back("claims", claims_path(paths));
        }
        print_counts(population, paths, files);
    } else {
        fmt::print("{}\ntable   {}\nreport  {}\n", summary_text(population), paths.table().string(),
                   paths.report().string());
    }
}

}  // namespace shoal
