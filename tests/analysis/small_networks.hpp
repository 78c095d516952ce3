// SPDX-License-Identifier: MIT
// Small networks whose attractors are known in closed form, and a task without stimuli to run them
// on.
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/analysis.hpp"
#include "core/random.hpp"

namespace shoal::test {

/// Trials of `steps` steps with zero inputs, as many types as conclusions are wanted.
class SilentTask final : public Task {
  public:
    SilentTask(int steps, int types) : steps_(steps) {
        for (int type = 0; type < types; ++type) {
            types_.push_back(type);
        }
    }
    TaskShape shape() const override { return {1, 1, steps_}; }
    const std::vector<int>& types() const override { return types_; }
    std::vector<StepWindow> error_epochs() const override {
        return {{steps_ / 5, 2 * steps_ / 5}, {4 * steps_ / 5, steps_}};
    }
    std::vector<int> training_order(RandomKey, int count) const override {
        return std::vector<int>(static_cast<std::size_t>(count), 0);
    }
    void training_trial(RandomKey, int, int type, Trial& out) const override { fill(type, out); }
    void test_trial(RandomKey, Purpose, int, int type, Trial& out) const override {
        fill(type, out);
    }
    std::vector<int> output_groups() const override { return {0}; }
    bool groups_overlap() const override { return false; }
    SuccessRule success() const override { return {"nothing is asked", 1.0, 1.0}; }
    double score(const Trial&, std::span<const double>) const override { return 1.0; }

  private:
    void fill(int type, Trial& out) const {
        const auto steps = static_cast<std::size_t>(steps_);
        out.type = type;
        out.inputs.assign(steps, 0.0);
        out.targets.assign(steps, 0.0);
        out.mask.assign(steps, 0);
    }
    int steps_;
    std::vector<int> types_;
};

/// A network with matrix `weights` ([to, from]), no feedback, output 0 = 0.1 times the sum of
/// rates.
inline NetworkModel network_of(int units, std::vector<double> weights, Cell cell, double dt = 0.1) {
    NetworkModel model;
    model.uid = "0123456789abcdef";
    model.units = units;
    model.inputs = 1;
    model.outputs = 1;
    model.cell = cell;
    model.dt = dt;
    model.recurrent = dense_matrix(units, std::move(weights));
    model.input.assign(static_cast<std::size_t>(units), 0.0);
    model.readout.assign(static_cast<std::size_t>(units), 0.1);
    model.initial_state.assign(static_cast<std::size_t>(units), 0.0);
    return model;
}

/// blockdiag(alpha R(theta_i)).
inline std::vector<double> rotations(double alpha, const std::vector<double>& angles) {
    const std::size_t units = 2 * angles.size();
    std::vector<double> weights(units * units, 0.0);
    for (std::size_t block = 0; block < angles.size(); ++block) {
        const double c = alpha * std::cos(angles[block]);
        const double s = alpha * std::sin(angles[block]);
        const std::size_t row = 2 * block;
        weights[row * units + row] = c;
        weights[row * units + row + 1] = -s;
        weights[(row + 1) * units + row] = s;
        weights[(row + 1) * units + row + 1] = c;
    }
    return weights;
}

inline std::vector<double> diagonal(const std::vector<double>& values) {
    std::vector<double> weights(values.size() * values.size(), 0.0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        weights[i * values.size() + i] = values[i];
    }
    return weights;
}

/// Normal draws, keyed by `which`.
inline std::vector<double> normals(std::size_t count, double scale, std::uint32_t which) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = scale * standard_normal(random_bits({7, which}, Purpose::test, 0, 0,
                                                        static_cast<std::uint32_t>(i)));
    }
    return values;
}

/// The positive solution of x = g tanh(x), g > 1, by bisection to the last bit.
inline double pitchfork(double gain) {
    double low = 1e-6;
    double high = gain;
    for (int i = 0; i < 200; ++i) {
        const double middle = 0.5 * (low + high);
        (gain * std::tanh(middle) > middle ? low : high) = middle;
    }
    return low;
}

/// `conclusions` are [conclusion, unit]; trials of 100 steps.
inline AnalysisInput input_of(NetworkModel model, std::vector<double> conclusions,
                              int steps = 100) {
    const auto types = static_cast<int>(conclusions.size() / static_cast<std::size_t>(model.units));
    AnalysisInput input;
    input.model = std::move(model);
    input.conclusions = std::move(conclusions);
    input.task = std::make_shared<SilentTask>(steps, types);
    input.key = {7, 1};
    return input;
}

inline NetworkAnalysis analyze(const AnalysisInput& input, const AnalysisConfig& config = {}) {
    const auto exact = make_backend("reference", {Precision::fp64, 1, 0});
    const auto behaviour = make_backend("reference", {Precision::fp32, 1, 0});
    return analyze_network(input, config, *behaviour, *exact);
}

}  // namespace shoal::test
