// SPDX-License-Identifier: MIT
#include "stats/shares.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "stats/csv.hpp"
#include "stats/effects.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

/// An outcome counted in one line of the summary.
struct Outcome {
    std::string name;
    Count (*count)(const SummaryRow& row, Mechanism mechanism);
    Mechanism mechanism = Mechanism::none;
};

Count accepted(const SummaryRow& row, Mechanism /*none*/) {
    return {row.accepted, row.networks - row.pending};
}

Count of_mechanism(const SummaryRow& row, Mechanism mechanism) {
    return {row.mechanism_count[static_cast<std::size_t>(mechanism)], row.accepted};
}

std::vector<Outcome> outcomes_of(const std::vector<SummaryRow>& summary) {
    std::vector<Outcome> outcomes = {{"accepted", accepted, Mechanism::none}};
    for (const Mechanism mechanism : all_mechanisms) {
        const bool occurs = std::any_of(summary.begin(), summary.end(), [&](const auto& row) {
            return of_mechanism(row, mechanism).successes > 0;
        });
        if (mechanism != Mechanism::none && occurs) {
            outcomes.push_back({name_of(mechanism), of_mechanism, mechanism});
        }
    }
    return outcomes;
}

}  // namespace

void write_shares_csv(const std::filesystem::path& path, const std::vector<SummaryRow>& summary) {
    std::string text =
        "key,value,outcome,networks,of,share,low,high,difference,difference_low,difference_high\n";
    const std::vector<Outcome> outcomes = outcomes_of(summary);
    const SummaryRow* first = nullptr;  // of the same key
    for (const SummaryRow& row : summary) {
        if (first == nullptr || first->key != row.key) {
            first = &row;
        }
        for (const Outcome& outcome : outcomes) {
            const Count count = outcome.count(row, outcome.mechanism);
            const Interval share = wilson_interval(count.successes, count.trials);
            CsvLine line;
            line.text(row.key)
                .text(row.value)
                .text(outcome.name)
                .integer(static_cast<std::int64_t>(count.successes))
                .integer(static_cast<std::int64_t>(count.trials))
                .number(share.estimate)
                .number(share.low)
                .number(share.high);
            if (first == &row) {
                text += line.empty(3).end();
                continue;
            }
            const Interval difference =
                share_difference(count, outcome.count(*first, outcome.mechanism));
            text += line.number(difference.estimate)
                        .number(difference.low)
                        .number(difference.high)
                        .end();
        }
    }
    replace_file(path, std::string_view(text));
}

}  // namespace shoal
