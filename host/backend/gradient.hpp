// SPDX-License-Identifier: MIT
// Gradient training by backpropagation through time (host/MATHEMATICS.md, B.4): what a backend is
// asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/spec.hpp"
#include "core/random.hpp"
#include "model/network.hpp"
#include "task/task.hpp"

namespace shoal {

/// Sizes of a network and of one iteration.
struct GradientShape {
    int units = 0;
    int inputs = 0;
    int outputs = 0;
    int steps = 0;  ///< of one trial
    int batch = 0;  ///< trials of one iteration
    int rank = 0;   ///< of recurrent updates; 0: the whole matrix is trained
    bool operator==(const GradientShape&) const = default;
};

/// Places of a network's weights in one row of numbers: the recurrent matrix W = gain J [to, from],
/// input [unit, input], bias [unit], readout [output, unit], initial state [unit]; and with rank k
/// the factors U [unit, rank] and V [unit, rank] of W = gain J + U V'.
struct WeightLayout {
    explicit WeightLayout(const GradientShape& shape)
        : units(static_cast<std::size_t>(shape.units)),
          input(units * units),
          bias(input + units * static_cast<std::size_t>(shape.inputs)),
          readout(bias + units),
          initial_state(readout + units * static_cast<std::size_t>(shape.outputs)),
          factor_u(initial_state + units),
          factor_v(factor_u + units * static_cast<std::size_t>(shape.rank)),
          size(factor_v + units * static_cast<std::size_t>(shape.rank)) {}
    std::size_t units;
    static constexpr std::size_t recurrent = 0;
    std::size_t input, bias, readout, initial_state, factor_u, factor_v, size;
};

/// How one network learns.
struct GradientRule {
    GradientShape shape;
    TrainingConfig training;  ///< method bptt
    RandomKey key;            ///< of the process noise and of V
};

GradientRule gradient_rule(const NetworkSpec& spec, const Task& task);

/// The weights a network starts with, in the order of WeightLayout: U = 0, V ~ N(0, 1) /
/// sqrt(units).
std::vector<double> initial_weights(const NetworkModel& model, const GradientRule& rule);

/// Places [begin, end) of trained weights, ascending. With rank > 0 the factors stand in for the
/// recurrent matrix.
struct WeightRange {
    std::size_t begin = 0;
    std::size_t end = 0;
};
std::vector<WeightRange> trained_ranges(const GradientRule& rule);

/// Everything that changes while a network trains, in the order of WeightLayout. In double: a float
/// is exact in a double, so that saving and restoring keeps every bit.
struct GradientState {
    std::vector<double> weights;
    std::vector<double> first_moment;   ///< Adam's m, or the velocity of sgd; 0 where not trained
    std::vector<double> second_moment;  ///< Adam's v; empty for sgd
};

/// The network that these weights make: gain 1, every trial starting at the (trained) initial
/// state. Factors may be left out.
void set_weights(NetworkModel& model, std::span<const double> weights);

/// The trials of one iteration, [time, trial, channel]: step by step, all trials beside each other.
struct TrialBatch {
    TaskShape shape;
    int trials = 0;
    std::int64_t first_trial = 0;    ///< number of its first trial in training
    std::vector<double> inputs;      ///< [time, trial, input]
    std::vector<double> targets;     ///< [time, trial, output]
    std::vector<std::uint8_t> mask;  ///< [time, trial, output]
    std::vector<double> weights;     ///< the same: of errors; empty: all are 1

    /// What the errors from place `at` on count; null: 1 each.
    const double* weights_at(std::size_t at) const {
        return weights.empty() ? nullptr : weights.data() + at;
    }
};

/// Sum of the weights of a batch's errors; without weights their number.
double error_weight(const TrialBatch& batch);
/// What the loss is divided by: that weight, or for cross-entropy that of the steps with an error.
/// 1 where there is no error at all: such a batch has loss 0.
double error_terms(double weight, Loss loss, int outputs);

/// Draws trials first_trial ... first_trial + trials - 1 of the network with this key. `order`
/// holds the types of all training trials.
TrialBatch training_batch(const Task& task, RandomKey key, std::span<const int> order,
                          std::int64_t first_trial, int trials);

/// What one iteration did. Losses and gradient are those of the weights before the update.
struct IterationOutcome {
    double loss = 0.0;           ///< of the task alone: without penalties
    double penalty = 0.0;        ///< l2 and rate penalty
    double gradient_norm = 0.0;  ///< over trained weights, before clipping
    bool diverged = false;       ///< a state left the range, or loss or gradient is not finite
};

/// Networks in gradient training, held by the backend between iterations.
class GradientSession {
  public:
    virtual ~GradientSession() = default;

    /// Adds a network, starting fresh (resume == nullptr) or from a saved state. Returns its
    /// handle.
    virtual int add(const NetworkModel& model, const GradientRule& rule,
                    const GradientState* resume) = 0;
    /// Frees a network's memory; its handle may be given out again.
    virtual void remove(int handle) = 0;

    struct Work {
        int handle = 0;
        const TrialBatch* batch = nullptr;
        int iteration = 0;  ///< from 0; sets the learning rate and Adam's bias corrections
    };
    /// One iteration of each of the listed networks: forward, backward, clip, update. outcomes[i]
    /// belongs to work[i]. A network that diverges keeps the weights it had before.
    virtual void run_iteration(std::span<const Work> work,
                               std::span<IterationOutcome> outcomes) = 0;
    /// Loss and gradient of one network, in the order of WeightLayout (0 where not trained, before
    /// clipping, penalties included), by the same arithmetic as run_iteration; nothing changes.
    virtual IterationOutcome gradient(const Work& work, std::vector<double>& gradient) = 0;

    virtual GradientState state(int handle) const = 0;
};

}  // namespace shoal
