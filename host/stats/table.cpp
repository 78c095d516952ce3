// SPDX-License-Identifier: MIT
#include "stats/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <unordered_set>

#include "config/keys.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/numbers.hpp"
#include "model/system.hpp"
#include "records/fields.hpp"
#include "records/full_records.hpp"
#include "stats/csv.hpp"
#include "stats/full_table.hpp"
#include "stats/quantile.hpp"
#include "stats/rows.hpp"
#include "store/detail.hpp"

namespace shoal {
namespace {

constexpr std::array authors_thresholds = {"0.005", "0.01", "0.05", "0.1"};
constexpr std::size_t exponent_columns = 3;

/// What the test of a trained network gave; null: there was none.
const Acceptance* acceptance_of(const PopulationRow& row) {
    return row.status == Status::trained ? &row.trained->acceptance : nullptr;
}

/// Appends columns to a list.
class ColumnList {
  public:
    explicit ColumnList(std::vector<CsvColumn>& columns) : columns_(columns) {}

    template <class Add>
    void add(std::string name, const Add& field) {
        columns_.push_back({std::move(name), field});
    }
    /// Of what was analysed: empty for other networks.
    template <class Add>
    void add_analysed(std::string name, const Add& field) {
        add(std::move(name), [field](CsvLine& line, const PopulationRow& row) {
            row.analysis ? field(line, *row.analysis) : line.empty(1);
        });
    }
    /// A field of an analysis by its own name; negative numbers stand for none.
    void add_described(const char* name) {
        const Field& field = field_named<NetworkAnalysis>(name);
        add_analysed(name, [&field](CsvLine& line, const NetworkAnalysis& a) -> CsvLine& {
            switch (field.type) {
                case FieldType::text:
                    return line.text(field.of<std::string>(&a));
                case FieldType::value:
                    return line.text(field.name_of_value(&a));
                case FieldType::whole:
                    return line.integer_if_known(field.of<int>(&a));
                case FieldType::number:
                    return line.number(field.of<double>(&a) < 0.0 ? nan : field.of<double>(&a));
                default:
                    throw std::logic_error("a field that a column can have");
            }
        });
    }

  private:
    std::vector<CsvColumn>& columns_;
};

void add_training_columns(ColumnList columns) {
    using Row = PopulationRow;
    columns.add("status", [](CsvLine& line, const Row& row) { line.text(name_of(row.status)); });
    columns.add("accepted", [](CsvLine& line, const Row& row) {
        row.status == Status::pending ? line.empty(1) : line.boolean(is_accepted(row));
    });
    columns.add("fraction_failed", [](CsvLine& line, const Row& row) {
        const Acceptance* test = acceptance_of(row);
        const double untested = row.status == Status::diverged ? 1.0 : nan;
        line.number(test != nullptr ? test->fraction_failed : untested);
    });
    columns.add("mechanism",
                [](CsvLine& line, const Row& row) { line.text(name_of(mechanism_of(row))); });
    columns.add_described("rule_a");
    columns.add_described("rule_b");
    columns.add("accepted_lax", [](CsvLine& line, const Row& row) {
        const Acceptance* test = acceptance_of(row);
        row.status == Status::pending ? line.empty(1)
                                      : line.boolean(test != nullptr && test->accepted_lax);
    });
    columns.add("median_error", [](CsvLine& line, const Row& row) {
        const Acceptance* test = acceptance_of(row);
        line.number(test != nullptr ? test->median_error : nan);
    });
    for (std::size_t i = 0; i < authors_thresholds.size(); ++i) {
        const std::string name = fmt::format("authors_above_{}", authors_thresholds[i]);
        columns.add(name, [i](CsvLine& line, const Row& row) {
            const Acceptance* test = acceptance_of(row);
            const bool known = test != nullptr && i < test->authors_fractions.size();
            line.number(known ? test->authors_fractions[i] : nan);
        });
    }
    columns.add("trials", [](CsvLine& line, const Row& row) {
        line.integer(row.trained ? row.trained->trials_done : 0);
    });
    columns.add("diverged_step", [](CsvLine& line, const Row& row) {
        const bool diverged = row.status == Status::diverged;
        line.integer_if_known(diverged ? row.trained->diverged_step : -1);
    });
}

void add_analysis_columns(ColumnList columns) {
    for (const char* name : {"attractors", "saturated_delay", "saturated_response"}) {
        columns.add_described(name);
    }
    for (std::size_t i = 0; i < speed_delays.size(); ++i) {
        const std::string name = fmt::format("median_speed_{}_trials", speed_delays[i]);
        columns.add_analysed(name, [i](CsvLine& line, const NetworkAnalysis& a) -> CsvLine& {
            return line.number(median_speed(a, i));
        });
    }
    columns.add("leading_real_part_flow", [](CsvLine& line, const PopulationRow& row) {
        line.number(is_map(row.spec) ? nan : leading_eigenvalue(row));
    });
    columns.add("leading_modulus_map", [](CsvLine& line, const PopulationRow& row) {
        line.number(is_map(row.spec) ? leading_eigenvalue(row) : nan);
    });
    for (std::size_t i = 0; i < exponent_columns; ++i) {
        const std::string name = fmt::format("exponent_{}", i + 1);
        columns.add_analysed(name, [i](CsvLine& line, const NetworkAnalysis& a) -> CsvLine& {
            return line.number(i < a.exponents.size() ? a.exponents[i] : nan);
        });
    }
    columns.add_described("period");
    columns.add_described("limits");
}

/// All but uid, replicate and swept keys.
std::vector<CsvColumn> columns_of(const std::vector<PopulationRow>& rows) {
    std::vector<CsvColumn> columns;
    add_training_columns(ColumnList(columns));
    add_analysis_columns(ColumnList(columns));
    if (any_full(rows)) {
        add_full_columns(columns);
    }
    return columns;
}

std::string header(const std::vector<std::string>& swept_keys,
                   const std::vector<CsvColumn>& columns) {
    CsvLine line;
    line.text("uid").text("replicate");
    for (const std::string& key : swept_keys) {
        line.text(key);
    }
    for (const CsvColumn& column : columns) {
        line.text(column.name);
    }
    return line.end();
}

std::string csv_line(const PopulationRow& row, const std::vector<std::string>& swept_keys,
                     const std::vector<CsvColumn>& columns) {
    CsvLine line;
    line.text(row.spec.uid).integer(row.spec.replicate);
    for (const std::string& key : swept_keys) {
        const std::optional<SweepValue> value = swept_value(row, key);
        line.text(value ? to_string(*value) : std::string());
    }
    for (const CsvColumn& column : columns) {
        column.add(line, row);
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
                row.trained = table_part(trained->second);
                row.status = row.trained->status;
            }
            if (const auto found = run.analysed.find(spec.uid); found != run.analysed.end()) {
                row.analysis = table_part(found->second);
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
                row.trained = table_part(std::move(trained));
                run->trained.erase(found);
            } else {
                row.trained = table_part(trained);
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
    const std::vector<CsvColumn> columns = columns_of(rows);
    replace_file(path, [&](const std::filesystem::path& temporary) {
        std::ofstream file(temporary, std::ios::binary);
        file << header(swept_keys, columns);
        for (const PopulationRow& row : rows) {
            file << csv_line(row, swept_keys, columns);
        }
        file.close();
        if (!file) {
            throw file_error(
                fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
        }
    });
}

}  // namespace shoal
