// SPDX-License-Identifier: MIT
#include "analysis/experiments/silencing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/numbers.hpp"
#include "records/limits.hpp"

namespace shoal {

namespace {

using Matrix = std::vector<double>;

Matrix written_out(const RecurrentMatrix& matrix) {
    const auto units = to_size(matrix.units());
    Matrix values(units * units);
    for (std::size_t to = 0; to < units; ++to) {
        matrix.row(static_cast<int>(to), std::span(values).subspan(to * units, units));
    }
    return values;
}

// A matrix without some units' rows and columns.
class SilencedMatrix final : public RecurrentMatrix {
  public:
    SilencedMatrix(std::shared_ptr<const Matrix> values, std::vector<bool> silenced)
        : values_(std::move(values)), silenced_(std::move(silenced)) {}
    int units() const override { return static_cast<int>(silenced_.size()); }
    void row(int to, std::span<double> out) const override {
        const double* from = values_->data() + to_size(to) * silenced_.size();
        for (std::size_t i = 0; i < silenced_.size(); ++i) {
            out[i] = silenced_[to_size(to)] || silenced_[i] ? 0.0 : from[i];
        }
    }

  private:
    std::shared_ptr<const Matrix> values_;
    std::vector<bool> silenced_;
};

// Rows of units of a [unit, width] array.
void clear_rows(std::vector<double>& values, const std::vector<int>& units, std::size_t width) {
    for (const int unit : units) {
        const auto row = values.begin() + static_cast<std::ptrdiff_t>(to_size(unit) * width);
        std::fill(row, row + static_cast<std::ptrdiff_t>(width), 0.0);
    }
}

NetworkModel without_units(const NetworkModel& model, const std::shared_ptr<const Matrix>& values,
                           const std::vector<int>& units) {
    std::vector<bool> silenced(to_size(model.units), false);
    for (const int unit : units) {
        silenced[to_size(unit)] = true;
    }
    NetworkModel result = model;
    result.recurrent = std::make_shared<SilencedMatrix>(values, std::move(silenced));
    clear_rows(result.input, units, to_size(model.inputs));
    if (!result.feedback.empty()) {
        clear_rows(result.feedback, units, to_size(model.outputs));
    }
    if (!result.bias.empty()) {
        clear_rows(result.bias, units, 1);
    }
    for (const int unit : units) {
        for (std::size_t o = 0; o < to_size(model.outputs); ++o) {
            result.readout[o * to_size(model.units) + to_size(unit)] = 0.0;
        }
    }
    return result;
}

// Sets simulated in one call: backends hold all their matrices at once.
std::size_t sets_at_once(int units) {
    constexpr std::size_t most_bytes = std::size_t{64} << 20;
    return std::max<std::size_t>(1,
                                 most_bytes / (sizeof(double) * to_size(units) * to_size(units)));
}

int set_size(double fraction, int units) {
    return std::max(1, static_cast<int>(std::lround(fraction * units)));
}

// The first units of an order, one set per fraction.
void add_sets(const std::vector<int>& order, std::vector<std::vector<int>>& sets) {
    for (const double fraction : silenced_fractions) {
        const int size = set_size(fraction, static_cast<int>(order.size()));
        sets.emplace_back(order.begin(), order.begin() + size);
    }
}

std::vector<int> random_order(RandomKey key, int draw, int units) {
    std::vector<std::pair<std::uint32_t, int>> keyed;
    for (int unit = 0; unit < units; ++unit) {
        keyed.emplace_back(
            random_bits(key, Purpose::silenced_units, static_cast<std::uint32_t>(draw), 0,
                        static_cast<std::uint32_t>(unit)),
            unit);
    }
    std::sort(keyed.begin(), keyed.end());
    std::vector<int> order;
    for (const auto& [bits, unit] : keyed) {
        order.push_back(unit);
    }
    return order;
}

std::vector<int> by_falling_activity(const ConditionTrials& conditions) {
    const Eigen::VectorXd activity = conditions.delay_rates.cwiseAbs().rowwise().mean();
    std::vector<int> order(static_cast<std::size_t>(activity.size()));
    std::iota(order.begin(), order.end(), 0);
    // A NaN compares as equal to everything, which is no order: such units count as silent.
    const auto of = [&](int unit) { return std::isfinite(activity[unit]) ? activity[unit] : 0.0; };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return of(a) > of(b); });
    return order;
}

// Share of conditions that failed with set `set` silenced.
double failed_share(const std::vector<double>& ends, const ConditionTrials& conditions,
                    std::size_t set) {
    const std::size_t count = conditions.conditions();
    int failed = 0;
    for (std::size_t c = 0; c < count; ++c) {
        failed += has_failed(ends[set * count + c], conditions.end_outputs[c]) ? 1 : 0;
    }
    return failed / static_cast<double>(count);
}

void silence_single_units(const AnalysisInput& input, const ConditionTrials& conditions,
                          Backend& behaviour, SilencingRecord& record) {
    const int units = input.model.units;
    // Draw number silencing_draws: the sets of fractions use those below.
    std::vector<int> tested = random_order(input.key, silencing_draws, units);
    if (units > most_single_units) {
        tested.resize(most_single_units);
        add_limit(record.limits, fmt::format("Silencing: {} of {} units, drawn at random, were "
                                             "silenced one at a time.",
                                             most_single_units, units));
    }
    std::vector<std::vector<int>> sets;
    for (const int unit : tested) {
        sets.push_back({unit});
    }
    const std::vector<double> ends = silenced_ends(input, conditions, sets, behaviour);
    record.unit_change.assign(to_size(units), nan);
    record.unit_failed.assign(to_size(units), nan);
    const std::size_t count = conditions.conditions();
    for (std::size_t i = 0; i < tested.size(); ++i) {
        double change = 0.0;
        for (std::size_t c = 0; c < count; ++c) {
            change += std::abs(ends[i * count + c] - conditions.end_outputs[c]);
        }
        const std::size_t unit = to_size(tested[i]);
        record.unit_change[unit] = change / static_cast<double>(count);
        record.unit_failed[unit] = failed_share(ends, conditions, i);
        record.critical_units += record.unit_failed[unit] >= 0.5 ? 1 : 0;
    }
    record.units_tested = static_cast<int>(tested.size());
}

void silence_fractions(const AnalysisInput& input, const ConditionTrials& conditions,
                       Backend& behaviour, SilencingRecord& record) {
    std::vector<std::vector<int>> sets;
    for (int draw = 0; draw < silencing_draws; ++draw) {
        add_sets(random_order(input.key, draw, input.model.units), sets);
    }
    std::vector<int> order = by_falling_activity(conditions);
    add_sets(order, sets);
    std::reverse(order.begin(), order.end());
    add_sets(order, sets);

    const std::vector<double> ends = silenced_ends(input, conditions, sets, behaviour);
    constexpr std::size_t fractions = std::size(silenced_fractions);
    for (std::size_t f = 0; f < fractions; ++f) {
        double random = 0.0;
        for (std::size_t draw = 0; draw < silencing_draws; ++draw) {
            random += failed_share(ends, conditions, draw * fractions + f) / silencing_draws;
        }
        record.failed_random.push_back(random);
        record.failed_most_active.push_back(
            failed_share(ends, conditions, silencing_draws * fractions + f));
        record.failed_least_active.push_back(
            failed_share(ends, conditions, (silencing_draws + 1) * fractions + f));
    }
    record.fractions.assign(std::begin(silenced_fractions), std::end(silenced_fractions));
}

}  // namespace

std::vector<double> silenced_ends(const AnalysisInput& input, const ConditionTrials& conditions,
                                  std::span<const std::vector<int>> sets, Backend& behaviour) {
    check(conditions.parts.has_value(), "a task with a stimulus and a delay");
    const auto units = to_size(input.model.units);
    const auto values = std::make_shared<const Matrix>(written_out(*input.model.recurrent));
    std::vector<std::size_t> each(conditions.conditions());
    std::iota(each.begin(), each.end(), std::size_t{0});

    std::vector<double> outputs;
    const std::size_t at_once = sets_at_once(input.model.units);
    for (std::size_t first = 0; first < sets.size(); first += at_once) {
        const auto some = sets.subspan(first, std::min(at_once, sets.size() - first));
        std::vector<NetworkModel> models;
        for (const std::vector<int>& set : some) {
            models.push_back(without_units(input.model, values, set));
        }
        std::vector<SimulationRequest> requests;
        for (std::size_t i = 0; i < some.size(); ++i) {
            std::vector<double> states = conditions.delay_start;
            for (std::size_t c = 0; c < each.size(); ++c) {
                for (const int unit : some[i]) {
                    states[c * units + to_size(unit)] = 0.0;
                }
            }
            requests.push_back(rest_of_trials(models[i], conditions.trials, each, std::move(states),
                                              conditions.delay.begin, input.task->shape().steps));
        }
        auto results = behaviour.simulate(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const RunEnds ends = run_ends(requests[i], std::move(results[i]));
            outputs.insert(outputs.end(), ends.outputs.begin(), ends.outputs.end());
        }
    }
    return outputs;
}

SilencingRecord measure_silencing(const AnalysisInput& input, const ConditionTrials& conditions,
                                  Backend& behaviour) {
    SilencingRecord record;
    record.limits = conditions.limits;
    if (!conditions.parts) {
        add_limit(record.limits, "Silencing: " + conditions.not_applicable);
        return record;
    }
    record.applicable = true;
    silence_fractions(input, conditions, behaviour, record);
    silence_single_units(input, conditions, behaviour, record);
    return record;
}

}  // namespace shoal
