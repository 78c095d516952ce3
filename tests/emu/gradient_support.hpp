// SPDX-License-Identifier: MIT
// What tests of gradient training on the cuda backend share.
#pragma once

#include "emu/cuda_support.hpp"

namespace shoal {

/// A network with trials of its own, from fixed draws.
struct GradientCase {
    int units = 8;
    int inputs = 2;
    int outputs = 3;
    int steps = 6;
    int batch = 4;
    int rank = 0;
    Cell cell = Cell::rate;
    double step = 0.2;  ///< dt / tau
    double gain = 1.1;
    std::uint32_t replicate = 3;
    bool weighted = false;  ///< errors have weights
    TrainingConfig training = [] {
        TrainingConfig config;
        config.method = TrainingMethod::bptt;
        return config;
    }();

    double draw(std::uint32_t what, std::size_t index) const {
        return standard_normal(random_bits({11, replicate}, Purpose::test, what, 0,
                                           static_cast<std::uint32_t>(index)));
    }
    std::vector<double> draws(std::uint32_t what, std::size_t count, double scale) const {
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = scale * draw(what, i);
        }
        return values;
    }
    NetworkModel model() const {
        const auto n = static_cast<std::size_t>(units);
        const double scale = 1.0 / std::sqrt(units);
        NetworkModel m;
        m.uid = "case";
        m.units = units;
        m.inputs = inputs;
        m.outputs = outputs;
        m.cell = cell;
        m.tau = 1.0;
        m.dt = step;
        m.gain = gain;
        m.recurrent = dense_matrix(units, draws(1, n * n, scale));
        m.input = draws(2, n * static_cast<std::size_t>(inputs), 0.5);
        m.readout = draws(3, n * static_cast<std::size_t>(outputs), scale);
        m.bias = draws(4, n, 0.1);
        m.initial_state = draws(5, n, 0.5);
        return m;
    }
    GradientRule rule() const {
        GradientRule r;
        r.shape = {units, inputs, outputs, steps, batch, rank};
        r.training = training;
        r.training.batch = batch;
        r.training.rank = rank;
        r.key = {11, replicate};
        return r;
    }
    /// A third of the steps have no error; classes are one-hot.
    TrialBatch trials(std::int64_t first_trial = 0) const {
        TrialBatch b;
        b.shape = {inputs, outputs, steps};
        b.trials = batch;
        b.first_trial = first_trial;
        const auto rows = static_cast<std::size_t>(steps) * static_cast<std::size_t>(batch);
        const auto drawn = static_cast<std::uint32_t>(first_trial);
        b.inputs = draws(100 + 2 * drawn, rows * static_cast<std::size_t>(inputs), 1.0);
        b.targets = draws(101 + 2 * drawn, rows * static_cast<std::size_t>(outputs), 1.0);
        b.mask.assign(b.targets.size(), 1);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto width = static_cast<std::size_t>(outputs);
            for (std::size_t o = 0; o < width; ++o) {
                if (training.loss == Loss::cross_entropy) {
                    b.targets[row * width + o] = o == row % width ? 1.0 : 0.0;
                }
                if (weighted) {
                    b.weights.push_back(0.25 + 0.5 * static_cast<double>(row % 5));
                }
                if (row % 3 == 1) {
                    b.mask[row * width + o] = 0;
                    b.targets[row * width + o] = 0.0;
                }
            }
        }
        return b;
    }
};

/// Operands are rounded to 24, 11 or 8 significant bits.
inline double unit_roundoff(Precision precision) {
    return precision == Precision::fp32 ? 0x1p-24 : precision == Precision::tf32 ? 0x1p-11 : 0x1p-8;
}

/// Relative error of a gradient. A step rounds operands of products, r, 1 - r^2 and W about 8 times
/// on both ways together, tanh in float is good to 2e-7; what a step adds to states and errors is
/// weighted by dt / tau, and at these gains one step's error hardly grows in the next.
inline double gradient_bound(const GradientCase& c, Precision precision) {
    return 8 * (unit_roundoff(precision) + 1e-7) * (1.0 + c.step * c.steps);
}

struct GradientResult {
    IterationOutcome outcome;
    std::vector<double> gradient;
};

inline GradientResult gradient_of(Backend& backend, const GradientCase& c,
                                  const GradientState* from = nullptr) {
    const auto session = backend.gradient_session();
    const TrialBatch batch = c.trials();
    GradientResult result;
    result.outcome =
        session->gradient({session->add(c.model(), c.rule(), from), &batch, 0}, result.gradient);
    return result;
}

inline std::vector<double> part(const std::vector<double>& values, std::size_t begin,
                                std::size_t end) {
    return {values.begin() + static_cast<std::ptrdiff_t>(begin),
            values.begin() + static_cast<std::ptrdiff_t>(end)};
}

inline void expect_gradient_agrees(const GradientCase& c, Precision precision,
                                   const GradientState* from = nullptr) {
    const auto want = gradient_of(*exact_backend(), c, from);
    const auto got = gradient_of(*cuda_backend(precision), c, from);
    const double bound = gradient_bound(c, precision);
    EXPECT_FALSE(want.outcome.diverged);
    EXPECT_FALSE(got.outcome.diverged);
    EXPECT_NEAR(got.outcome.loss, want.outcome.loss, bound * want.outcome.loss);
    EXPECT_NEAR(got.outcome.penalty, want.outcome.penalty, bound * want.outcome.penalty);
    EXPECT_NEAR(got.outcome.gradient_norm, want.outcome.gradient_norm,
                bound * want.outcome.gradient_norm);
    const WeightLayout at(c.rule().shape);
    ASSERT_EQ(got.gradient.size(), at.size);
    const struct {
        const char* name;
        std::size_t begin, end;
    } parts[] = {{"recurrent", 0, at.input},
                 {"input", at.input, at.bias},
                 {"bias", at.bias, at.readout},
                 {"readout", at.readout, at.initial_state},
                 {"initial state", at.initial_state, at.factor_u},
                 {"U", at.factor_u, at.factor_v},
                 {"V", at.factor_v, at.size}};
    for (const auto& each : parts) {
        SCOPED_TRACE(each.name);
        const double error = distance(part(got.gradient, each.begin, each.end),
                                      part(want.gradient, each.begin, each.end));
        EXPECT_LE(error, bound);
    }
}

}  // namespace shoal
