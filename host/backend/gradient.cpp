// SPDX-License-Identifier: MIT
#include "backend/gradient.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace shoal {
namespace {

/// Puts the rows [time, width] of one trial into [time, trial, width].
template <typename T>
void interleave(const std::vector<T>& rows, std::size_t trial, std::size_t trials,
                std::size_t width, std::vector<T>& batch) {
    for (std::size_t t = 0; t * width < rows.size(); ++t) {
        std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(t * width), width,
                    batch.begin() + static_cast<std::ptrdiff_t>((t * trials + trial) * width));
    }
}

void copy_part(const std::vector<double>& part, std::size_t size, double* to, const char* what) {
    if (!part.empty()) {
        check(part.size() == size, what);
        std::copy(part.begin(), part.end(), to);
    }
}

}  // namespace

GradientRule gradient_rule(const NetworkSpec& spec, const Task& task) {
    if (spec.training.loss == Loss::cross_entropy && !task.targets_are_classes()) {
        throw usage_error(
            "training.loss: cross-entropy wants targets that are one-hot at every step with an "
            "error, with the same mask for all outputs; the task's are not");
    }
    const TaskShape shape = task.shape();
    return {{spec.network.units, shape.inputs, shape.outputs, shape.steps, spec.training.batch,
             spec.training.rank},
            spec.training,
            spec.key()};
}

std::vector<double> initial_weights(const NetworkModel& model, const GradientRule& rule) {
    const WeightLayout at(rule.shape);
    std::vector<double> weights(at.size, 0.0);
    for (std::size_t to = 0; to < at.units; ++to) {
        const std::span<double> row(weights.data() + to * at.units, at.units);
        model.recurrent->row(static_cast<int>(to), row);
        for (double& weight : row) {
            weight *= model.gain;
        }
    }
    copy_part(model.input, at.bias - at.input, weights.data() + at.input, "input weights");
    copy_part(model.bias, at.units, weights.data() + at.bias, "bias");
    copy_part(model.readout, at.initial_state - at.readout, weights.data() + at.readout, "readout");
    copy_part(model.initial_state, at.units, weights.data() + at.initial_state, "initial state");
    const double scale = 1.0 / std::sqrt(static_cast<double>(rule.shape.units));
    for (std::size_t i = at.factor_v; i < at.size; ++i) {
        weights[i] =
            scale * standard_normal(random_bits(rule.key, Purpose::update_factor, 0, 0,
                                                static_cast<std::uint32_t>(i - at.factor_v)));
    }
    return weights;
}

std::vector<WeightRange> trained_ranges(const GradientRule& rule) {
    const WeightLayout at(rule.shape);
    const TrainedParts& parts = rule.training.parts;
    std::vector<WeightRange> ranges;
    const auto add = [&](bool trained, std::size_t begin, std::size_t end) {
        if (trained && begin < end) {
            ranges.push_back({begin, end});
        }
    };
    add(parts.recurrent && rule.shape.rank == 0, WeightLayout::recurrent, at.input);
    add(parts.input, at.input, at.bias);
    add(parts.bias, at.bias, at.readout);
    add(parts.readout, at.readout, at.initial_state);
    add(parts.initial_state, at.initial_state, at.factor_u);
    add(parts.recurrent, at.factor_u, at.size);
    return ranges;
}

void set_weights(NetworkModel& model, std::span<const double> weights) {
    const WeightLayout at({model.units, model.inputs, model.outputs, 0, 0, 0});
    check(weights.size() >= at.size, "set_weights: size");
    const auto part = [&](std::size_t begin, std::size_t end) {
        const auto values = weights.subspan(begin, end - begin);
        return std::vector<double>(values.begin(), values.end());
    };
    model.gain = 1.0;
    model.recurrent = dense_matrix(model.units, part(WeightLayout::recurrent, at.input));
    model.input = part(at.input, at.bias);
    model.bias = part(at.bias, at.readout);
    model.readout = part(at.readout, at.initial_state);
    model.initial_state = part(at.initial_state, at.factor_u);
}

TrialBatch training_batch(const Task& task, RandomKey key, std::span<const int> order,
                          std::int64_t first_trial, int trials) {
    check(first_trial + trials <= static_cast<std::int64_t>(order.size()),
          "training_batch: trials beyond the training order");
    TrialBatch batch;
    batch.shape = task.shape();
    batch.trials = trials;
    batch.first_trial = first_trial;
    const auto count = static_cast<std::size_t>(trials);
    const auto inputs = static_cast<std::size_t>(batch.shape.inputs);
    const auto outputs = static_cast<std::size_t>(batch.shape.outputs);
    const std::size_t rows = static_cast<std::size_t>(batch.shape.steps) * count;
    batch.inputs.resize(rows * inputs);
    batch.targets.resize(rows * outputs);
    batch.mask.resize(rows * outputs);
    batch.weights.resize(task.weighs_errors() ? rows * outputs : 0);
    Trial trial;
    for (std::size_t b = 0; b < count; ++b) {
        const std::int64_t number = first_trial + static_cast<std::int64_t>(b);
        task.training_trial(key, static_cast<int>(number), order[static_cast<std::size_t>(number)],
                            trial);
        interleave(trial.inputs, b, count, inputs, batch.inputs);
        interleave(trial.targets, b, count, outputs, batch.targets);
        interleave(trial.mask, b, count, outputs, batch.mask);
        if (task.weighs_errors()) {
            std::vector<double> weights(trial.mask.size());
            for (std::size_t i = 0; i < weights.size(); ++i) {
                weights[i] = trial.weight(i);
            }
            interleave(weights, b, count, outputs, batch.weights);
        }
    }
    return batch;
}

double error_weight(const TrialBatch& batch) {
    if (batch.weights.empty()) {
        return static_cast<double>(
            std::count(batch.mask.begin(), batch.mask.end(), std::uint8_t{1}));
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < batch.mask.size(); ++i) {
        sum += batch.mask[i] != 0 ? batch.weights[i] : 0.0;
    }
    return sum;
}

double error_terms(double weight, Loss loss, int outputs) {
    if (weight == 0.0) {
        return 1.0;
    }
    return loss == Loss::cross_entropy ? weight / outputs : weight;
}

}  // namespace shoal
