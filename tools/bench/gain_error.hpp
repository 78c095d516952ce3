// SPDX-License-Identifier: MIT
// How wrong the gain of recursive least squares is on any backend, against P in double that sees
// the very same rates.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/backend.hpp"
#include "backend/readout_groups.hpp"
#include "core/error.hpp"

namespace shoal {

/// A whole P, rewritten at every update in type T.
template <typename T>
class EveryUpdate {
  public:
    explicit EveryUpdate(std::size_t units) : n_(units), p_(units * units, T{0}) {
        for (std::size_t i = 0; i < n_; ++i) {
            p_[i * n_ + i] = 1;
        }
    }
    /// From packed rows of the lower triangle.
    EveryUpdate(std::size_t units, const std::vector<double>& packed) : EveryUpdate(units) {
        for (std::size_t i = 0, at = 0; i < n_; ++i) {
            for (std::size_t j = 0; j <= i; ++j, ++at) {
                p_[i * n_ + j] = p_[j * n_ + i] = static_cast<T>(packed[at]);
            }
        }
    }
    /// Takes the update for rates r; returns k / c.
    std::vector<double> update(const std::vector<float>& r) {
        std::vector<T> k(n_, T{0});
        T c = 1;
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < n_; ++j) {
                k[i] += p_[i * n_ + j] * static_cast<T>(r[j]);
            }
            c += k[i] * static_cast<T>(r[i]);
        }
        std::vector<double> scaled(n_);
        for (std::size_t i = 0; i < n_; ++i) {
            scaled[i] = static_cast<double>(k[i] / c);
            for (std::size_t j = 0; j < n_; ++j) {
                p_[i * n_ + j] -= k[i] * k[j] / c;
            }
        }
        return scaled;
    }

  private:
    std::size_t n_;
    std::vector<T> p_;
};

inline double relative_error(const std::vector<double>& got, const std::vector<double>& want) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        difference += std::pow(got[i] - want[i], 2);
        size += std::pow(want[i], 2);
    }
    return std::sqrt(difference / size);
}

/// Medians of |got - want| / |want| for the gain k / c, over the updates of the last trial, each
/// group's first epoch.
struct GainErrors {
    double tested = 0.0;        ///< P of the backend, rewritten once per epoch
    double every_update = 0.0;  ///< P in float, rewritten at every update
};

/// Trains a network of the published kind, without feedback, on `backend` in fp32. Its rates are
/// had from a simulation of the same trials; throws if that does not end in the same bits.
inline GainErrors measure_gain_errors(Backend& backend, NetworkSpec spec, int trials) {
    const auto task = make_task(spec.task, spec.network, ErrorSchedule::epochs);
    const TaskShape shape = task->shape();
    check(shape.steps % 2 == 0, "measure_gain_errors: a trial of an even number of steps");
    NetworkFactory factory;
    NetworkModel model = factory.make(spec, shape.inputs, shape.outputs);
    model.feedback.clear();
    const ForceRule rule = force_rule(1.0, *task);
    const auto groups = static_cast<std::size_t>(group_count(rule));
    const auto n = static_cast<std::size_t>(model.units);
    const auto session = backend.force_session();
    const int handle = session->add(model, rule, nullptr);
    std::vector<EveryUpdate<double>> exact(groups, EveryUpdate<double>(n));
    std::vector<EveryUpdate<float>> often(groups, EveryUpdate<float>(n));
    std::vector<double> tested_errors, often_errors;
    const auto order = task->training_order(spec.key(), trials);
    for (int number = 0; number < trials; ++number) {
        Trial trial;
        task->training_trial(spec.key(), number, order[static_cast<std::size_t>(number)], trial);
        const bool last = number + 1 == trials;
        const ForceState before = session->state(
            handle, last ? ForceSession::Parts::everything : ForceSession::Parts::weights);
        SimulationRequest run;
        run.network = &model;
        run.steps = shape.steps;
        run.initial_states = before.state;
        run.inputs = {trial.inputs.data()};
        const auto outputs = static_cast<std::size_t>(shape.outputs);
        const auto learns = [&](int t) {  // updates fall on even steps; trials have an even number
            const auto row = trial.mask.begin() + std::int64_t{t} * shape.outputs;
            return t % 2 == 0 && std::find(row, row + shape.outputs, 1) != row + shape.outputs;
        };
        for (int t = 0; t < shape.steps; ++t) {
            if (learns(t)) {
                run.states_at.push_back(t + 1);
            }
        }
        const SimulationResult simulated = backend.simulate({&run, 1}).front();
        const ForceSession::Work work{handle, &trial, std::int64_t{number} * shape.steps};
        TrialOutcome outcome;
        session->run_trial({&work, 1}, {&outcome, 1});
        check(simulated.final_states == session->state(handle, ForceSession::Parts::weights).state,
              "measure_gain_errors: the simulation saw other rates");

        for (std::size_t g = 0; g < groups; ++g) {
            const auto output =
                static_cast<std::size_t>(std::find(rule.output_groups.begin(),
                                                   rule.output_groups.end(), static_cast<int>(g)) -
                                         rule.output_groups.begin());
            std::vector<EveryUpdate<double>> tested;  // of the backend, within its first epoch
            if (last) {
                tested.emplace_back(n, before.inverse_correlation[g]);
            }
            int epoch_end = shape.steps;  // of the first epoch, once it has begun
            bool begun = false;
            for (std::size_t at = 0; at < run.states_at.size(); ++at) {
                const int t = run.states_at[at] - 1;
                if (trial.mask[static_cast<std::size_t>(t) * outputs + output] == 0) {
                    continue;
                }
                if (!begun) {
                    begun = true;
                    epoch_end = t;
                    while (epoch_end < shape.steps &&
                           trial.mask[static_cast<std::size_t>(epoch_end) * outputs + output] !=
                               0) {
                        ++epoch_end;
                    }
                }
                std::vector<float> r(n);
                for (std::size_t i = 0; i < n; ++i) {
                    r[i] = rate_of(model.cell, static_cast<float>(simulated.states[at * n + i]));
                }
                const auto want = exact[g].update(r);
                const auto got_often = often[g].update(r);
                if (last && t < epoch_end) {
                    tested_errors.push_back(relative_error(tested.front().update(r), want));
                    often_errors.push_back(relative_error(got_often, want));
                }
            }
        }
    }
    const auto median = [](std::vector<double>& values) {
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    };
    return {median(tested_errors), median(often_errors)};
}

}  // namespace shoal
