// SPDX-License-Identifier: MIT
#include "config/sweep.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "config/row_checks.hpp"
#include "core/error.hpp"

namespace shoal {
namespace {

/// Walks the Cartesian product and makes one row after another.
class Expansion {
  public:
    Expansion(Plan& plan, const Document& document, const Reader& reader)
        : plan_(plan), reader_(reader), checks_(plan, document, reader), current_(plan.base) {
        at_.resize(plan.axes.size());
    }

    std::vector<NetworkSpec> run(std::size_t rows) {
        plan_.used.assign(all_keys().size(), false);
        rows_.reserve(rows);
        vary(0);
        return std::move(rows_);
    }

  private:
    void vary(std::size_t depth) {
        if (depth == plan_.axes.size()) {
            finish_row();
            return;
        }
        const Axis& axis = plan_.axes[depth];
        for (std::size_t i = 0; i < axis.size(); ++i) {
            at_[depth] = i;
            if (axis.is_replicate()) {
                current_.spec.replicate = axis.replicates[i];
                vary(depth + 1);
                continue;
            }
            const std::size_t before = current_.spec.swept.size();
            for (std::size_t k = 0; k < axis.keys.size(); ++k) {
                auto value = axis.keys[k]->read(axis.values[i][k], reader_, current_);
                check(value.has_value(), "a swept value that was read once reads again");
                current_.spec.swept.emplace_back(axis.keys[k]->name, std::move(*value));
            }
            vary(depth + 1);
            current_.spec.swept.resize(before);
        }
    }

    void finish_row() {
        const auto& keys = all_keys();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            plan_.used[i] = plan_.used[i] || keys[i].used(current_.spec);
        }
        NetworkSpec& row = rows_.emplace_back(current_.spec);
        row.position = rows_.size() - 1;
        checks_.check(row, at_);
        if (reader_.problems.count() == 0) {
            row.uid = make_uid(row);
        }
    }

    Plan& plan_;
    const Reader& reader_;
    RowChecks checks_;
    Settings current_;
    std::vector<std::size_t> at_;  ///< [axis]: the current row's value
    std::vector<NetworkSpec> rows_;
};

/// Keys that were written but can change no row.
void check_use(const Plan& plan, const Document& document, const Reader& reader) {
    for (const char* decides : {"network.init", "task.kind", "task.source", "training.method",
                                "training.optimizer", "training.accept.score"}) {
        if (plan.wrong.contains(decides)) {
            return;
        }
    }
    const auto& keys = all_keys();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto tell = [&](const Place& place) {
            reader.problems.add(place, fmt::format("{} has no effect here", keys[i].name),
                                fmt::format("it matters only when {}", keys[i].used_when));
        };
        if (plan.used[i]) {
            continue;
        }
        if (const auto given = document.given.find(keys[i].name); given != document.given.end()) {
            tell(given->second.place);
        }
        for (const Axis& axis : plan.axes) {
            if (axis.column(keys[i].name)) {
                tell(axis.place);
            }
        }
    }
}

std::string row_words(const NetworkSpec& row) {
    std::string words;
    for (const auto& [key, value] : row.swept) {
        words += fmt::format("{} = {}, ", key, shown(to_string(value)));
    }
    return fmt::format("{}replicate = {}", words, row.replicate);
}

void check_unique(const std::vector<NetworkSpec>& rows, const Document& document,
                  const Reader& reader) {
    std::unordered_map<std::string_view, std::size_t> first;
    first.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto [found, fresh] = first.try_emplace(rows[i].uid, i);
        if (!fresh) {
            reader.problems.add(
                document.sweep_place,
                fmt::format("rows {} ({}) and {} ({}) of the sweep are the same network",
                            found->second, row_words(rows[found->second]), i, row_words(rows[i])),
                "sweep keys that matter to every row");
            return;
        }
    }
}

}  // namespace

std::vector<NetworkSpec> expand(Plan& plan, const Document& document, const Reader& reader) {
    std::size_t rows = 1;
    for (const Axis& axis : plan.axes) {
        if (axis.size() == 0) {
            return {};  // told already
        }
        if (rows > max_rows / axis.size()) {
            reader.problems.add(document.sweep_place,
                                fmt::format("the sweep has more than {} networks", max_rows),
                                "take fewer values, or several configurations");
            return {};
        }
        rows *= axis.size();
    }
    std::vector<NetworkSpec> specs = Expansion(plan, document, reader).run(rows);
    check_use(plan, document, reader);
    if (reader.problems.count() == 0) {
        check_unique(specs, document, reader);
    }
    return specs;
}

}  // namespace shoal
