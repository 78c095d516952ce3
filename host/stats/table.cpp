// SPDX-License-Identifier: MIT
#include "stats/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <unordered_set>

#include "config/keys.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/numbers.hpp"
#include "model/system.hpp"
#include "records/full_records.hpp"
#include "stats/csv.hpp"
#include "stats/full_table.hpp"
#include "stats/quantile.hpp"
#include "stats/rows.hpp"

namespace shoal {
namespace {

/// What a table needs of a trained network: all but its long arrays.
TrainedNetwork without_arrays(TrainedNetwork network) {
    network.readout = {};
    network.state = {};
    network.conclusions = {};
    network.error_curve = {};
    network.loss_curve = {};
    network.weights = {};
    return network;
}

/// All but states; of each spectrum, ordered by falling real part or modulus, the first eigenvalue.
NetworkAnalysis without_arrays(NetworkAnalysis analysis) {
    for (FixedPoint& point : analysis.points) {
        point.state = {};
        if (point.eigenvalues.size() > 2) {
            point.eigenvalues = {point.eigenvalues[0], point.eigenvalues[1]};
        }
    }
    if (analysis.full != nullptr) {
        analysis.full = std::make_shared<FullAnalysis>(without_lists(*analysis.full));
    }
    return analysis;
}

constexpr std::array authors_thresholds = {"0.005", "0.01", "0.05", "0.1"};
constexpr std::size_t exponent_columns = 3;

std::string header(const std::vector<std::string>& swept_keys, bool full) {
    CsvLine line;
    line.text("uid").text("replicate");
    for (const std::string& key : swept_keys) {
        line.text(key);
    }
    line.text("status").text("accepted").text("fraction_failed").text("mechanism");
    line.text("rule_a").text("rule_b").text("accepted_lax").text("median_error");
    for (const char* threshold : authors_thresholds) {
        line.text(fmt::format("authors_above_{}", threshold));
    }
    line.text("trials").text("diverged_step").text("attractors");
    line.text("saturated_delay").text("saturated_response");
    for (const int delay : speed_delays) {
        line.text(fmt::format("median_speed_{}_trials", delay));
    }
    line.text("leading_real_part_flow").text("leading_modulus_map");
    for (std::size_t i = 1; i <= exponent_columns; ++i) {
        line.text(fmt::format("exponent_{}", i));
    }
    line.text("period").text("limits");
    for (const std::string& name : full ? full_columns() : std::vector<std::string>()) {
        line.text(name);
    }
    return line.end();
}

/// rule_a or rule_b as the table names it: empty if it was not run.
std::string_view label(const PopulationRow& row, RuleLabel NetworkAnalysis::*rule) {
    if (!row.analysis || (*row.analysis).*rule == RuleLabel::not_run) {
        return "";
    }
    return name_of((*row.analysis).*rule);
}

void add_training(CsvLine& line, const PopulationRow& row) {
    const bool trained = row.status == Status::trained;
    const Acceptance* acceptance = trained ? &row.trained->acceptance : nullptr;
    if (row.status == Status::pending) {
        line.empty(1);
    } else {
        line.boolean(acceptance && acceptance->accepted_lax);
    }
    line.number(acceptance ? acceptance->median_error : nan);
    for (std::size_t i = 0; i < authors_thresholds.size(); ++i) {
        const bool known = acceptance && i < acceptance->authors_fractions.size();
        line.number(known ? acceptance->authors_fractions[i] : nan);
    }
    line.integer(row.trained ? row.trained->trials_done : 0);
    line.integer_if_known(row.status == Status::diverged ? row.trained->diverged_step : -1);
}

void add_analysis(CsvLine& line, const PopulationRow& row) {
    if (!row.analysis) {
        line.empty(3 + speed_delays.size() + 2 + exponent_columns + 2);
        return;
    }
    const NetworkAnalysis& analysis = *row.analysis;
    line.integer_if_known(analysis.attractors);
    line.number(analysis.saturated_delay).number(analysis.saturated_response);
    for (std::size_t i = 0; i < speed_delays.size(); ++i) {
        line.number(median_speed(analysis, i));
    }
    const double leading = leading_eigenvalue(row);
    line.number(is_map(row.spec) ? nan : leading).number(is_map(row.spec) ? leading : nan);
    for (std::size_t i = 0; i < exponent_columns; ++i) {
        line.number(i < analysis.exponents.size() ? analysis.exponents[i] : nan);
    }
    line.number(analysis.period >= 0.0 ? analysis.period : nan).text(analysis.limits);
}

std::string csv_line(const PopulationRow& row, const std::vector<std::string>& swept_keys,
                     bool full) {
    CsvLine line;
    line.text(row.spec.uid).integer(row.spec.replicate);
    for (const std::string& key : swept_keys) {
        const std::optional<SweepValue> value = swept_value(row, key);
        line.text(value ? to_string(*value) : std::string());
    }
    line.text(name_of(row.status));
    switch (row.status) {
        case Status::pending:
            line.empty(2);
            break;
        case Status::diverged:
            line.boolean(false).number(1.0);
            break;
        case Status::trained:
            line.boolean(is_accepted(row)).number(row.trained->acceptance.fraction_failed);
            break;
    }
    line.text(name_of(mechanism_of(row)));
    line.text(label(row, &NetworkAnalysis::rule_a)).text(label(row, &NetworkAnalysis::rule_b));
    add_training(line, row);
    add_analysis(line, row);
    for (const std::string& field : full ? full_fields(row) : std::vector<std::string>()) {
        line.text(field);
    }
    return line.end();
}

}  // namespace

bool is_accepted(const PopulationRow& row) {
    return row.status == Status::trained && row.trained && row.trained->acceptance.accepted;
}

Mechanism mechanism_of(const PopulationRow& row) {
    return is_accepted(row) && row.analysis ? row.analysis->mechanism : Mechanism::none;
}

std::optional<SweepValue> swept_value(const PopulationRow& row, const std::string& key) {
    if (key == "replicate") {
        return SweepValue{std::int64_t{row.spec.replicate}};
    }
    const auto single = [&](std::string_view wanted) -> const SweepValue* {
        for (const auto& [name, value] : row.spec.swept) {
            if (name == wanted) {
                return &value;
            }
        }
        return nullptr;
    };
    if (const SweepValue* value = single(key)) {
        return *value;
    }
    std::string texts;
    std::size_t begin = 0;
    while (begin < key.size()) {
        const std::size_t end = std::min(key.find(", ", begin), key.size());
        const std::string_view name = std::string_view(key).substr(begin, end - begin);
        const SweepValue* value = single(name);
        if (value == nullptr) {
            return std::nullopt;
        }
        // Of keys that vary together, those that mean nothing to this network are not named.
        const Key* known = find_key(name);
        if (known == nullptr || known->used(row.spec)) {
            texts += (texts.empty() ? "" : " ") + to_string(*value);
        }
        begin = end + 2;
    }
    return SweepValue{texts};
}

std::vector<std::string> distinct_values(const std::vector<PopulationRow>& rows,
                                         const std::string& key) {
    std::vector<std::string> texts;
    std::unordered_set<std::string> known;
    std::vector<double> numbers;
    for (const PopulationRow& row : rows) {
        const std::optional<SweepValue> value = swept_value(row, key);
        if (!value) {
            continue;
        }
        std::string text = to_string(*value);
        if (!known.insert(text).second) {
            continue;
        }
        texts.push_back(std::move(text));
        if (const auto* real = std::get_if<double>(&*value)) {
            numbers.push_back(*real);
        } else if (const auto* whole = std::get_if<std::int64_t>(&*value)) {
            numbers.push_back(static_cast<double>(*whole));
        }
    }
    if (numbers.size() == texts.size()) {
        std::vector<std::size_t> order(texts.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
        std::vector<std::string> sorted;
        for (const std::size_t i : order) {
            sorted.push_back(texts[i]);
        }
        return sorted;
    }
    return texts;
}

std::unordered_map<std::string_view, const PopulationRow*> rows_by_uid(
    const std::vector<PopulationRow>& rows) {
    std::unordered_map<std::string_view, const PopulationRow*> places;
    places.reserve(rows.size());
    for (const PopulationRow& row : rows) {
        places.emplace(row.spec.uid, &row);
    }
    return places;
}

double median_speed(const NetworkAnalysis& analysis, std::size_t delay) {
    std::vector<double> speeds;
    for (const DelayRun& run : analysis.runs) {
        if (delay < run.speeds.size()) {
            speeds.push_back(run.speeds[delay]);
        }
    }
    return sorted_quantile(finite_sorted(std::move(speeds)), 0.5);
}

bool is_map(const NetworkSpec& spec) {
    return system_of(spec.network.tau, spec.network.dt) == SystemKind::map;
}

double leading_eigenvalue(const PopulationRow& row) {
    double leading = nan;
    if (!row.analysis) {
        return leading;
    }
    for (const FixedPoint& point : row.analysis->points) {
        if (point.reached_from.empty() || point.eigenvalues.size() < 2) {
            continue;
        }
        const double re = point.eigenvalues[0];
        const double im = point.eigenvalues[1];
        leading = std::fmax(leading, is_map(row.spec) ? std::hypot(re, im) : re);
    }
    return leading;
}

std::vector<PopulationRow> population_rows(const std::vector<RunContent>& runs) {
    std::vector<PopulationRow> rows;
    for (const RunContent& run : runs) {
        for (const NetworkSpec& spec : run.config.networks) {
            PopulationRow row;
            row.spec = spec;
            if (const auto trained = run.trained.find(spec.uid); trained != run.trained.end()) {
                row.trained = without_arrays(trained->second);
                row.status = row.trained->status;
            }
            if (const auto found = run.analysed.find(spec.uid); found != run.analysed.end()) {
                row.analysis = without_arrays(found->second);
            }
            rows.push_back(std::move(row));
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const PopulationRow& a, const PopulationRow& b) {
        return a.spec.position < b.spec.position;
    });
    return rows;
}

std::vector<PopulationRow> take_rows(std::vector<RunContent>& runs) {
    // Sorting places instead of rows: these are large, and should not be there twice.
    std::vector<std::pair<RunContent*, NetworkSpec*>> order;
    for (RunContent& run : runs) {
        for (NetworkSpec& spec : run.config.networks) {
            order.emplace_back(&run, &spec);
        }
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.second->position < b.second->position;
    });
    std::vector<PopulationRow> rows;
    rows.reserve(order.size());
    for (const auto& [run, spec] : order) {
        PopulationRow& row = rows.emplace_back();
        row.spec = std::move(*spec);
        if (const auto found = run->trained.find(row.spec.uid); found != run->trained.end()) {
            TrainedNetwork& trained = found->second;
            row.status = trained.status;
            if (trained.error_curve.empty() && trained.loss_curve.empty()) {
                row.trained = without_arrays(std::move(trained));
                run->trained.erase(found);
            } else {
                row.trained = without_arrays(trained);
            }
        }
        if (auto analysed = run->analysed.extract(row.spec.uid)) {
            row.analysis = std::move(analysed.mapped());
        }
    }
    for (RunContent& run : runs) {
        run.config.networks = {};
        run.analysed.clear();
    }
    return rows;
}

void write_population_csv(const std::filesystem::path& path, const std::vector<PopulationRow>& rows,
                          const std::vector<std::string>& swept_keys) {
    const bool full = any_full(rows);
    replace_file(path, [&](const std::filesystem::path& temporary) {
        std::ofstream file(temporary, std::ios::binary);
        file << header(swept_keys, full);
        for (const PopulationRow& row : rows) {
            file << csv_line(row, swept_keys, full);
        }
        file.close();
        if (!file) {
            throw file_error(
                fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
        }
    });
}

}  // namespace shoal
