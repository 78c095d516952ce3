// SPDX-License-Identifier: MIT
// Small networks, rules and batches for tests of gradient training: every cell, loss and option.
#pragma once

#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "backend/gradient.hpp"
#include "core/random.hpp"

namespace shoal::test {

struct GradientCase {
    std::string name;
    GradientShape shape = {6, 2, 3, 7, 4, 0};
    Cell cell = Cell::rate;
    double dt = 0.3;        ///< tau = 1
    bool weighted = false;  ///< errors have weights
    TrainingConfig training;
};

inline void PrintTo(const GradientCase& c, std::ostream* out) {
    *out << c.name;
}

/// Draw number `index` of stream `what`.
inline double normal(std::uint32_t what, std::size_t index) {
    return standard_normal(
        random_bits({99, 0}, Purpose::test, what, 0, static_cast<std::uint32_t>(index)));
}

inline std::vector<double> normals(std::uint32_t what, std::size_t count, double scale) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = scale * normal(what, i);
    }
    return values;
}

/// A network with every part there is, so that a forgotten one shows.
inline NetworkModel gradient_model(const GradientCase& c, std::uint32_t stream = 1) {
    const auto n = static_cast<std::size_t>(c.shape.units);
    NetworkModel model;
    model.uid = c.name;
    model.units = c.shape.units;
    model.inputs = c.shape.inputs;
    model.outputs = c.shape.outputs;
    model.cell = c.cell;
    model.dt = c.dt;
    model.gain = 1.3;
    model.recurrent = dense_matrix(c.shape.units,
                                   normals(stream, n * n, 1.0 / std::sqrt(static_cast<double>(n))));
    model.input = normals(stream + 100, n * static_cast<std::size_t>(c.shape.inputs), 0.7);
    model.readout = normals(stream + 200, n * static_cast<std::size_t>(c.shape.outputs),
                            1.0 / std::sqrt(static_cast<double>(n)));
    model.bias = normals(stream + 300, n, 0.3);
    model.initial_state = normals(stream + 400, n, 0.5);
    return model;
}

inline GradientRule gradient_rule(const GradientCase& c) {
    GradientRule rule;
    rule.shape = c.shape;
    rule.training = c.training;
    rule.training.method = TrainingMethod::bptt;
    rule.training.batch = c.shape.batch;
    rule.training.rank = c.shape.rank;
    rule.key = {7, 3};
    return rule;
}

/// Random inputs and targets; a mask with holes. For cross-entropy one-hot targets, and steps that
/// are masked whole.
inline TrialBatch gradient_batch(const GradientCase& c, std::int64_t first_trial = 8) {
    const auto outputs = static_cast<std::size_t>(c.shape.outputs);
    TrialBatch batch;
    batch.shape = {c.shape.inputs, c.shape.outputs, c.shape.steps};
    batch.trials = c.shape.batch;
    batch.first_trial = first_trial;
    const auto rows =
        static_cast<std::size_t>(c.shape.steps) * static_cast<std::size_t>(c.shape.batch);
    const auto stream = static_cast<std::uint32_t>(500 + first_trial);
    batch.inputs = normals(stream, rows * static_cast<std::size_t>(c.shape.inputs), 1.0);
    batch.targets.assign(rows * outputs, 0.0);
    batch.mask.assign(rows * outputs, 0);
    const bool classes = c.training.loss == Loss::cross_entropy;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t o = 0; o < outputs; ++o) {
            const std::size_t at = row * outputs + o;
            batch.mask[at] = classes ? row % 3 != 1 : at % 4 != 2;
            if (batch.mask[at] != 0) {
                batch.targets[at] = classes ? (o == row % outputs) : normal(stream + 1000, at);
            }
        }
    }
    for (std::size_t at = 0; at < batch.mask.size() && c.weighted; ++at) {
        batch.weights.push_back(0.25 +
                                0.5 * static_cast<double>((classes ? at / outputs : at) % 5));
    }
    return batch;
}

/// Every cell with a flow and a map, every loss, every option at least once with each cell.
inline std::vector<GradientCase> gradient_cases() {
    const std::vector<std::pair<std::string, std::function<void(GradientCase&)>>> options = {
        {"plain", [](GradientCase&) {}},
        {"cross_entropy", [](GradientCase& c) { c.training.loss = Loss::cross_entropy; }},
        {"weighted", [](GradientCase& c) { c.weighted = true; }},
        {"weighted_classes",
         [](GradientCase& c) {
             c.weighted = true;
             c.training.loss = Loss::cross_entropy;
         }},
        {"noise", [](GradientCase& c) { c.training.noise = 0.4; }},
        {"l2", [](GradientCase& c) { c.training.l2 = 0.02; }},
        {"rate_penalty", [](GradientCase& c) { c.training.rate_penalty = 0.3; }},
        {"initial_state", [](GradientCase& c) { c.training.parts.initial_state = true; }},
        {"only_recurrent",
         [](GradientCase& c) {
             c.training.parts = {true, false, false, false, false};
         }},
        {"only_input",
         [](GradientCase& c) {
             c.training.parts = {false, true, false, false, false};
         }},
        {"only_readout",
         [](GradientCase& c) {
             c.training.parts = {false, false, true, false, false};
         }},
        {"only_bias",
         [](GradientCase& c) {
             c.training.parts = {false, false, false, true, false};
         }},
        {"low_rank", [](GradientCase& c) { c.shape.rank = 2; }},
        {"one_unit", [](GradientCase& c) { c.shape.units = 1; }},
        {"one_trial", [](GradientCase& c) { c.shape.batch = 1; }},
        {"one_step", [](GradientCase& c) { c.shape.steps = 1; }},
        {"no_input", [](GradientCase& c) { c.shape.inputs = 0; }},
        {"everything",
         [](GradientCase& c) {
             c.training.parts.initial_state = true;
             c.training.noise = 0.2;
             c.training.l2 = 0.01;
             c.training.rate_penalty = 0.1;
             c.shape.rank = 3;
         }},
    };
    std::vector<GradientCase> cases;
    for (const Cell cell : all_values<Cell>) {
        for (const double dt : {0.3, 1.0}) {
            for (const auto& [name, change] : options) {
                GradientCase one;
                one.name = std::string(name_of(cell)) + (dt == 1.0 ? "_map_" : "_flow_") + name;
                one.cell = cell;
                one.dt = dt;
                change(one);
                cases.push_back(one);
            }
        }
    }
    return cases;
}

}  // namespace shoal::test
